from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tejido.errors import DataError
from tejido.metrics import predictions
from tejido.metrics.evaluate import estimate_of, evaluate


def table(score: list[float], diagnosis: list[str], confirmation: list[str]) -> pd.DataFrame:
    kinds = {"melanoma": "malignant", "actinic_keratosis": "premalignant", "nevus": "benign"}
    rows = pd.DataFrame(
        {
            "image_id": [f"i{n}" for n in range(len(score))],
            "group_id": [f"g{n}" for n in range(len(score))],
            "diagnosis": diagnosis,
            "confirmation": confirmation,
            "malignancy": [kinds[d] for d in diagnosis],
        }
    ).astype("string")
    truth = ["benign" if d == "nevus" else "suspicious" for d in diagnosis]
    values = np.array(score)
    return predictions.make(rows, truth, ["benign", "suspicious"], np.stack([1 - values, values], 1))


@pytest.fixture
def small() -> pd.DataFrame:
    return table(
        [0.9, 0.4, 0.6, 0.2, 0.5, 0.1],
        ["melanoma", "melanoma", "actinic_keratosis", "nevus", "nevus", "nevus"],
        ["histology", "histology", "histology", "histology", "follow_up", "follow_up"],
    )


def test_figures_by_hand(small: pd.DataFrame) -> None:
    result = evaluate(small, positive="suspicious", threshold=0.5, rounds=100)
    everything, confirmed = result["all"], result["histology"]
    assert (everything["images"], confirmed["images"]) == (6, 4)
    values = {name: figure["value"] for name, figure in everything.items() if isinstance(figure, dict)}
    assert values == pytest.approx(
        {
            "auc": 8 / 9,
            "accuracy": 4 / 6,
            "sensitivity": 2 / 3,
            "specificity": 2 / 3,  # 0.5 counts as positive: p >= t
            "balanced_accuracy": 2 / 3,
            "sensitivity_actinic_keratosis": 1.0,
            "sensitivity_melanoma": 0.5,
            "f1_benign": 2 / 3,
            "f1_suspicious": 2 / 3,
            "macro_f1": 2 / 3,
            "weighted_f1": 2 / 3,
        }
    )
    assert confirmed["specificity"]["value"] == 1.0
    assert confirmed["auc"]["value"] == 1.0
    assert str(estimate_of(confirmed["auc"])).startswith("1.000")


def test_a_subset_without_images_is_left_out(small: pd.DataFrame) -> None:
    small["confirmation"] = "follow_up"
    assert list(evaluate(small, positive="suspicious", threshold=0.5, rounds=100)) == ["all"]


def test_several_classes() -> None:
    rows = table([0.5] * 4, ["nevus"] * 4, ["histology"] * 4)[["image_id", "group_id", *predictions.CONTEXT]]
    p = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4], [0.5, 0.2, 0.3]])
    made = predictions.make(rows, ["a", "b", "c", "b"], ["a", "b", "c"], p)
    figures = evaluate(made, positive=None, threshold=None, rounds=100)["all"]
    assert figures["accuracy"]["value"] == 0.75
    assert figures["balanced_accuracy"]["value"] == pytest.approx((1 + 0.5 + 1) / 3)
    assert figures["recall_b"]["value"] == 0.5


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("p_suspicious", np.nan, "not finite"),
        ("p_suspicious", 0.99, "do not sum to 1"),
        ("truth", "unknown", "a truth 'unknown' that is no label"),
        ("group_id", None, "lack group_id in 1 of 6 rows"),
        ("image_id", None, "lack image_id in 1 of 6 rows"),
    ],
)
def test_broken_predictions(small: pd.DataFrame, column: str, value: object, message: str) -> None:
    small.loc[1, column] = value
    with pytest.raises(DataError, match=message):
        evaluate(small, positive="suspicious", threshold=0.5)


def test_no_predictions_at_all(small: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="p_<label>"):
        evaluate(small.drop(columns=["p_benign"]), positive="suspicious", threshold=0.5)
    with pytest.raises(DataError, match="group_id"):
        evaluate(small.drop(columns=["group_id"]), positive="suspicious", threshold=0.5)


def test_figures_of_few_groups_have_no_interval() -> None:
    rng = np.random.default_rng(0)
    kinds = ["melanoma"] * 14 + ["actinic_keratosis"] * 5 + ["nevus"] * 40
    rows = table(rng.random(59).tolist(), kinds, (["histology"] * 7 + ["follow_up"] * 7) + ["histology"] * 45)
    rows.loc[rows["diagnosis"] == "actinic_keratosis", "confirmation"] = "follow_up"
    found = evaluate(rows, positive="suspicious", threshold=0.5, rounds=100)
    assert found["all"]["auc"]["low"] is not None
    assert found["all"]["sensitivity_melanoma"]["low"] is not None
    rare = found["all"]["sensitivity_actinic_keratosis"]
    assert (rare["low"], rare["high"]) == (None, None)
    assert rare["value"] == pytest.approx((rows["p_suspicious"][14:19] >= 0.5).mean())
    confirmed = [one for one in found["histology"].values() if isinstance(one, dict)]
    assert confirmed[0]["value"] == pytest.approx(
        roc_auc_score(
            rows["truth"][rows["confirmation"] == "histology"] == "suspicious",
            rows["p_suspicious"][rows["confirmation"] == "histology"],
        )
    )
    assert all(one["low"] is None for one in confirmed)  # seven melanomas


def test_an_undefined_figure_is_left_out(small: pd.DataFrame) -> None:
    only_nevi = small[small["truth"] == "benign"].reset_index(drop=True)
    figures = evaluate(only_nevi, positive="suspicious", threshold=0.5, rounds=100)["all"]
    assert {"auc", "sensitivity", "balanced_accuracy"}.isdisjoint(figures)
    assert figures["specificity"]["value"] == pytest.approx(2 / 3)
