"""The rule of a recipe, on the bundled network's answers, against trying every threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.metrics import roc_curve

from tejido.errors import DataError
from tejido.experiments.threshold import chosen_threshold
from tejido.recipe import Evaluation

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "skin-suspicion"


@pytest.fixture(scope="module")
def val() -> pd.DataFrame:
    table = pd.read_parquet(RESULTS / "predictions.parquet")
    return table[table["split"] == "val"]


def errors(val: pd.DataFrame, threshold: float) -> tuple[float, float]:
    """Share of positives missed, and of the others called."""
    ill, called = val["truth"] == "suspicious", val["p_suspicious"] >= threshold
    return float((~called[ill]).mean()), float(called[~ill].mean())


@pytest.mark.parametrize("options", [{"sensitivity": 0.8}, {"threshold": "youden"}, {"threshold": "cost", "miss": 4}])
def test_no_other_threshold_does_better_by_its_rule(val: pd.DataFrame, options: dict[str, Any]) -> None:
    chosen = chosen_threshold(val, "suspicious", Evaluation(**options))
    missed, alarms = errors(val, chosen)
    truth = val["truth"] == "suspicious"
    fall_out, recall, every = roc_curve(truth, val["p_suspicious"], drop_intermediate=False)
    if options.get("threshold") == "youden":
        assert 1 - missed - alarms == pytest.approx((recall - fall_out).max())
    elif options.get("threshold") == "cost":
        cost = 4 * (1 - recall) * truth.sum() + fall_out * (~truth).sum()
        assert 4 * missed * truth.sum() + alarms * (~truth).sum() == pytest.approx(cost.min())
    else:
        assert 1 - missed >= 0.8
        assert recall[every > every[every >= chosen].min()].max() < 0.8


def test_what_a_rule_needs(val: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="positive and negative"):
        chosen_threshold(val[val["truth"] == "suspicious"], "suspicious", Evaluation(threshold="youden"))
    for name, wrong in (("threshold", {"threshold": "best"}), ("miss", {"threshold": "cost", "miss": 0})):
        with pytest.raises(ValidationError, match=name):
            Evaluation.model_validate(wrong)
