"""Decision thresholds, chosen on validation by a stated rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tejido.errors import DataError


def at_sensitivity(positive: NDArray[np.bool_], score: NDArray[np.floating], sensitivity: float) -> float:
    """The highest threshold t for which at least this share of the positives has ``score >= t``.

    Raises:
        DataError: there is no positive.
    """
    scores = np.sort(score[positive])[::-1]
    if not len(scores):
        raise DataError("no positive image to choose a threshold on")
    needed = max(1, int(np.ceil(sensitivity * len(scores) - 1e-9)))
    return float(scores[needed - 1])
