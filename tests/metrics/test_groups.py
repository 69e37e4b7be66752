from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.figures import figures
from tejido.metrics.groups import group_accuracy, one_a_group

TABLE = pd.DataFrame(
    {
        "image_id": list("abcdefg"),
        "group_id": ["p1", "p1", "p2", "p3", "p3", "p4", "p4"],
        "truth": ["ill", "ill", "well", "well", "well", "ill", "well"],
        "diagnosis": ["melanoma", "melanoma", "nevus", "nevus", "keratosis", "melanoma", "nevus"],
        "p_well": [0.2, 0.6, 0.9, 0.4, 0.8, 0.5, 0.5],
        "p_ill": [0.8, 0.4, 0.1, 0.6, 0.2, 0.5, 0.5],
    }
)


def test_means_by_hand() -> None:
    found = one_a_group(TABLE)
    assert found is not None
    assert found["image_id"].tolist() == ["p1", "p2", "p3"]  # p4 is ill and well
    assert found["p_ill"].tolist() == pytest.approx([0.6, 0.1, 0.4])
    assert found["truth"].tolist() == ["ill", "well", "well"]
    assert found["diagnosis"].isna().tolist() == [False, False, True]


def test_figures_of_groups_whose_diagnoses_differ() -> None:
    table = pd.concat(
        [TABLE.assign(group_id=TABLE["group_id"] + str(n), image_id=TABLE["image_id"] + str(n)) for n in range(12)]
    )
    found = one_a_group(table.assign(malignancy=np.where(table["truth"] == "ill", "malignant", "benign")))
    assert found is not None
    named = {(one.name, one.label): one for one in figures(found, positive="ill", threshold=0.5, rounds=100)}
    assert named["sensitivity", "melanoma"].estimate.value == 1
    assert ("group_accuracy", None) not in named


def test_nothing_to_join() -> None:
    assert one_a_group(TABLE.drop_duplicates("group_id")) is None
    assert one_a_group(TABLE[TABLE["group_id"] == "p4"]) is None


def test_patches_of_one_patient_are_not_joined() -> None:
    """Where most groups hold both truths, those left over say nothing about groups."""
    mixed = pd.concat([TABLE, *(TABLE[5:].assign(group_id=name) for name in ("p5", "p6", "p7"))], ignore_index=True)
    assert one_a_group(mixed) is None
    assert one_a_group(mixed[mixed["group_id"] != "p7"]) is not None  # three of six


def test_the_recognition_rate_of_patients_by_hand() -> None:
    """Spanhol et al. 2016: of each patient the share of right images, and their mean."""
    right = np.array([True, False, True, False, True, True, True])
    score = group_accuracy(right, TABLE["group_id"])
    assert score(np.ones(7)) == pytest.approx((1 / 2 + 1 + 1 / 2 + 1) / 4)
    # A resample that draws p2 twice and leaves out p3.
    weights = TABLE["group_id"].map({"p1": 1, "p2": 2, "p3": 0, "p4": 1}).to_numpy(float)
    assert score(weights) == pytest.approx((1 / 2 + 2 + 1) / 4)
    assert GroupBootstrap(TABLE["group_id"], rounds=50).estimate(score).low is not None
