from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tejido.metrics.few import Few, enough


def table(truth: list[str], groups: list[str] | None = None, diagnosis: list[str] | None = None) -> pd.DataFrame:
    """Predictions of which only truth and group matter."""
    rows = pd.DataFrame({"truth": truth, "group_id": groups or [f"g{n}" for n in range(len(truth))]})
    for label in sorted(set(truth)):
        rows[f"p_{label}"] = 1 / len(set(truth))
    return rows if diagnosis is None else rows.assign(diagnosis=diagnosis)


NEEDED = "10 are needed for an interval"


@pytest.mark.parametrize(("positives", "said"), [(9, f"only 9 groups are 'ill'; {NEEDED}"), (10, None)])
def test_ten_groups_of_either_label(positives: int, said: str | None) -> None:
    assert Few(table(["ill"] * positives + ["well"] * 30))() == said


def test_groups_count_and_not_images() -> None:
    rows = table(["ill"] * 50 + ["well"] * 30, [f"g{n // 10}" for n in range(50)] + [f"h{n}" for n in range(30)])
    assert Few(rows)() == f"only 5 groups are 'ill'; {NEEDED}"
    assert enough(rows["group_id"], np.arange(80) >= 70)
    assert not enough(rows["group_id"], np.arange(80) < 70 - 20)


def test_a_rare_label_takes_its_own_interval_and_those_about_all() -> None:
    few = Few(table(["a"] * 40 + ["b"] * 20 + ["c"] * 3))
    assert few("a") is few("b") is None
    assert few() == few("c") == f"only 3 groups are 'c'; {NEEDED}"
    assert Few(table(["a"] * 40 + ["b"] * 3 + ["c"] * 3))("a") == f"only 6 groups are not 'a'; {NEEDED}"


def test_a_rare_diagnosis_takes_its_own_alone() -> None:
    few = Few(table(["ill"] * 15 + ["well"] * 30, diagnosis=["melanoma"] * 11 + ["carcinoma"] * 4 + ["nevus"] * 30))
    assert few() is few("melanoma") is few("specificity 0.9") is None
    assert few("carcinoma") == f"only 4 groups are 'carcinoma'; {NEEDED}"


def test_one_label_and_labels_that_must_be_there() -> None:
    rows = table(["well"] * 30 + ["ill"])
    assert Few(rows.head(30))() == "all images are 'well'"
    assert Few(rows.head(30), ["ill", "well"])() == f"only 0 groups are 'ill'; {NEEDED}"
    assert Few(rows.head(0))() == "no image"
