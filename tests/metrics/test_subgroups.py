from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from tejido.errors import DataError
from tejido.metrics.bootstrap import Estimate
from tejido.metrics.subgroups import Difference, adjusted, differences


def table(seed: int, images: int = 600, *, worse: float = 0.0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions, and a sex of each image; those of men are noisier by ``worse``."""
    rng = np.random.default_rng(seed)
    truth = rng.random(images) < 0.4
    sex = rng.choice(["female", "male"], images)
    noise = rng.normal(size=images) * (0.5 + worse * (sex == "male"))
    score = 1 / (1 + np.exp(-(2 * truth - 1 + noise)))
    names = {"image_id": [f"i{n}" for n in range(images)], "group_id": [f"g{n // 2}" for n in range(images)]}
    answers = pd.DataFrame({**names, "truth": np.where(truth, "bad", "good"), "p_good": 1 - score, "p_bad": score})
    return answers, pd.DataFrame({"sex": sex})


def test_each_part_has_the_figures_of_its_images() -> None:
    rows, attributes = table(1)
    found = differences(rows, attributes, positive="bad", threshold=0.5, rounds=100)
    assert [(one.value, one.figure) for one in found] == [
        (sex, figure) for sex in ("female", "male") for figure in ("auc", "sensitivity", "specificity")
    ]
    for one in found:
        part = rows[attributes["sex"] == one.value]
        truth, called = part["truth"] == "bad", part["p_bad"] >= 0.5
        expected = {
            "auc": roc_auc_score(truth, part["p_bad"]),
            "sensitivity": called[truth].mean(),
            "specificity": (~called)[~truth].mean(),
        }
        assert one.estimate.value == pytest.approx(expected[one.figure])
        assert (one.images, one.groups) == (len(part), part["group_id"].nunique())
        assert one.note is None
        assert one.difference.low is not None
        assert one.difference.high is not None
        assert one.difference.low < one.difference.value < one.difference.high


def test_a_part_that_is_worse_is_flagged_and_chance_is_not() -> None:
    rows, attributes = table(2, 3000, worse=1.5)
    found = differences(rows, attributes, positive="bad", threshold=0.5, rounds=200)
    assert all(one.flagged for one in found if one.figure == "auc")
    false_alarms = 0
    for seed in range(40):
        rows, attributes = table(100 + seed)
        more = pd.DataFrame(np.random.default_rng(seed).integers(0, 2, (600, 5)).astype(str), columns=list("abcde"))
        found = differences(rows, more.join(attributes), positive="bad", threshold=0.5, rounds=100)
        false_alarms += any(one.flagged for one in found)
    # At most one table in twenty is meant; seven or more of forty happen by chance once in 300 times.
    assert false_alarms < 7


def test_several_labels_and_images_of_which_nothing_is_known() -> None:
    rng = np.random.default_rng(3)
    labels = np.array(["a", "b", "c"])
    truth = rng.integers(0, 3, 300)
    values = rng.dirichlet(np.ones(3), 300) + np.eye(3)[truth] * 0.5
    values /= values.sum(1, keepdims=True)
    rows = pd.DataFrame(values, columns=["p_a", "p_b", "p_c"]).assign(
        image_id=[f"i{n}" for n in range(300)], group_id=[f"i{n}" for n in range(300)], truth=labels[truth]
    )
    site = pd.Series(rng.choice(["back", "face", ""], 300), dtype="string").replace("", pd.NA)
    found = differences(rows, pd.DataFrame({"site": site, "same": "x"}), positive=None, threshold=None, rounds=50)
    assert {one.attribute for one in found} == {"site"}
    assert [one.value for one in found[::3]] == ["back", "face", "not known"]
    part = rows[site == "face"]
    said = labels[part[["p_a", "p_b", "p_c"]].to_numpy().argmax(1)]
    value = next(one for one in found if one.value == "face" and one.figure == "macro_f1").estimate.value
    assert value == pytest.approx(f1_score(part["truth"], said, average="macro"))


def test_a_small_part_is_shown_and_not_judged() -> None:
    rows, attributes = table(4)
    attributes.loc[:8, "sex"] = "unheard of"
    found = differences(rows, attributes, positive="bad", threshold=0.5, rounds=50)
    small = [one for one in found if one.value == "unheard of"]
    assert len(small) == 3
    for one in small:
        assert one.note is not None
        assert "10 are needed" in one.note
        assert one.estimate.low is None
        assert one.p is None
        assert not one.flagged


def test_a_part_with_one_label_has_no_auc() -> None:
    rows, attributes = table(5)
    attributes.loc[rows["truth"] == "bad", "sex"] = "female"
    found = {(one.value, one.figure): one for one in differences(rows, attributes, positive="bad", threshold=0.5)}
    assert found["male", "auc"].note == "undefined for these images"
    assert np.isnan(found["male", "auc"].estimate.value)
    assert found["male", "specificity"].note == "only 0 groups are 'bad'; 10 are needed for an interval"


def test_holms_adjustment_of_a_worked_case() -> None:
    nothing = Estimate(0.0, None, None)
    blank = Difference("x", "y", 1, 1, "auc", nothing, nothing, None, None)
    # 4 × .01, 3 × .02, then 2 × .02 = .04 < .06 and 1 × .9
    raw = [0.02, None, 0.01, 0.9, 0.02]
    found = [one.p for one in adjusted([replace(blank, p=p) for p in raw])]
    assert found[1] is None
    assert [found[0], found[2], found[3], found[4]] == pytest.approx([0.06, 0.04, 0.9, 0.06])


def test_attributes_of_other_images() -> None:
    rows, attributes = table(6)
    with pytest.raises(DataError, match="600 predictions, and attributes of 599 images"):
        differences(rows, attributes.iloc[1:], positive="bad", threshold=0.5)
