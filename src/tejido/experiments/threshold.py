"""The threshold of a binary task, by the rule of its recipe."""

from __future__ import annotations

import pandas as pd

from tejido.metrics import thresholds
from tejido.recipe import Evaluation


def chosen_threshold(val: pd.DataFrame, positive: str, evaluation: Evaluation) -> float:
    """Chosen on the predictions of validation.

    Raises:
        DataError: validation lacks the images that the rule needs.
    """
    return thresholds.of_table(
        val, positive, evaluation.threshold, sensitivity=evaluation.sensitivity, miss=evaluation.miss
    )
