"""Decision thresholds, chosen on validation by a stated rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.errors import DataError
from tejido.metrics.predictions import PREFIX


def of_table(table: pd.DataFrame, positive: str, sensitivity: float) -> float:
    """``at_sensitivity`` for the label ``positive`` of a prediction table.

    Raises:
        DataError: the table has no positive.
    """
    score = table[PREFIX + positive].to_numpy(float)
    return at_sensitivity((table["truth"] == positive).to_numpy(bool), score, sensitivity)


def at_sensitivity(positive: NDArray[np.bool_], score: NDArray[np.floating], sensitivity: float) -> float:
    """A threshold t for which at least this share of the positives has ``score >= t``, and no higher one does better.

    All thresholds between two neighbouring scores decide alike; the middle is taken, so that a score that differs in
    its last digits on another runtime is not decided differently.

    Raises:
        DataError: there is no positive.
    """
    scores = np.sort(score[positive])[::-1]
    if not len(scores):
        raise DataError("no positive image to choose a threshold on")
    needed = max(1, int(np.ceil(sensitivity * len(scores) - 1e-9)))
    reached = scores[needed - 1]
    next_below = score[score < reached].max(initial=-np.inf)
    middle = (reached + next_below) / 2
    return float(middle if next_below < middle else reached)  # no number may lie between the two
