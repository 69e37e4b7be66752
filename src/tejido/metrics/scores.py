"""Scores of one prediction table; every score accepts weights, which is how the bootstrap resamples groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

Weights = NDArray[np.float64]
Score = Callable[[Weights], float]
"""A score of fixed predictions as a function of the images' weights; NaN where it is undefined."""


def auc(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> Score:
    """Area under the ROC curve; undefined unless both classes have weight."""

    def value(weights: Weights) -> float:
        kept = weights > 0
        if positive[kept].all() or not positive[kept].any():
            return float("nan")
        return float(roc_auc_score(positive[kept], score[kept], sample_weight=weights[kept]))

    return value


def macro_auc(truth: NDArray[np.integer], probabilities: NDArray[np.floating]) -> Score:
    """Mean over classes of the AUC of one class against the rest."""
    parts = [auc(truth == index, probabilities[:, index]) for index in range(probabilities.shape[1])]
    return lambda weights: float(np.mean([part(weights) for part in parts]))


def share(hit: NDArray[np.bool_], among: NDArray[np.bool_]) -> Score:
    """Weighted share of ``hit`` among the images of ``among``: accuracy, sensitivity, specificity."""
    hits = (hit & among).astype(float)
    base = among.astype(float)

    def value(weights: Weights) -> float:
        total = float(weights @ base)
        return float(weights @ hits) / total if total else float("nan")

    return value


def mean_of(parts: list[Score]) -> Score:
    """Mean of several scores, such as balanced accuracy from recalls."""
    return lambda weights: float(np.mean([part(weights) for part in parts]))
