"""Scores from a whole curve: precision and recall, a part of the ROC curve, one point of it, net benefit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tejido.metrics.scores import Score, Weights


def average_precision(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> Score:
    """Area under the precision-recall curve as the sum of (R_n - R_n-1) P_n over thresholds; as scikit-learn's.

    Undefined without a positive.
    """
    counted = _Counted(positive, score)

    def value(weights: Weights) -> float:
        hits, called = counted.true(weights), counted.called(weights)
        if not hits[-1]:
            return float("nan")
        precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
        return float(np.diff(hits, prepend=0) @ precision / hits[-1])

    return value


def partial_auc(positive: NDArray[np.bool_], score: NDArray[np.floating], least_specificity: float) -> Score:
    """Area under the ROC curve from this specificity up to 1, stretched so that chance is 0.5 and the best 1.

    McClish 1989, as scikit-learn's ``roc_auc_score(max_fpr=...)``. Undefined unless both classes have weight.
    """
    counted = _Counted(positive, score)
    most = 1 - least_specificity

    def value(weights: Weights) -> float:
        fall_out, recall = counted.roc(weights)
        if np.isnan(fall_out).any() or np.isnan(recall).any():
            return float("nan")
        inside = fall_out <= most
        x = np.append(fall_out[inside], most)
        y = np.append(recall[inside], np.interp(most, fall_out, recall))
        area = float(np.trapezoid(y, x))
        chance = most**2 / 2
        return 0.5 * (1 + (area - chance) / (most - chance))

    return value


def sensitivity_at(positive: NDArray[np.bool_], score: NDArray[np.floating], specificity: float) -> Score:
    """Highest sensitivity that a threshold reaches at this specificity or above.

    The threshold is chosen on the same images, so that this describes the curve and is no figure of a decision rule.
    """
    counted = _Counted(positive, score)

    def value(weights: Weights) -> float:
        fall_out, recall = counted.roc(weights)
        if np.isnan(fall_out).any() or np.isnan(recall).any():
            return float("nan")
        return float(recall[fall_out <= 1 - specificity + 1e-12].max())

    return value


def net_benefit(positive: NDArray[np.bool_], score: NDArray[np.floating], threshold: float) -> Score:
    """Vickers & Elkin 2006: TP/n - FP/n * t/(1-t), for who acts from a probability of ``threshold`` upwards."""
    called = score >= threshold
    right = (called & positive).astype(float)
    wrong = (called & ~positive).astype(float)
    price = threshold / (1 - threshold)

    def value(weights: Weights) -> float:
        total = float(weights.sum())
        return float(weights @ right - price * (weights @ wrong)) / total if total else float("nan")

    return value


class _Counted:
    """Positives and negatives at or above every threshold, highest threshold first; scores are ranked once."""

    def __init__(self, positive: NDArray[np.bool_], score: NDArray[np.floating]) -> None:
        values, rank = np.unique(score, return_inverse=True)
        self._rank = len(values) - 1 - rank
        self._count = len(values)
        self._positive = positive

    def true(self, weights: Weights) -> NDArray[np.float64]:
        return np.cumsum(np.bincount(self._rank, weights * self._positive, self._count))

    def called(self, weights: Weights) -> NDArray[np.float64]:
        return np.cumsum(np.bincount(self._rank, weights, self._count))

    def roc(self, weights: Weights) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """False-positive rate and recall, from 0 to 1; NaN where a class has no weight."""
        hits, called = self.true(weights), self.called(weights)
        parts = (called - hits, hits)
        rates = [np.append(0, part) / part[-1] if part[-1] else np.full(len(part) + 1, np.nan) for part in parts]
        return rates[0], rates[1]
