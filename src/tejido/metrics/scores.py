"""Scores of one prediction table; every score accepts weights, which is how the bootstrap resamples groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Weights = NDArray[np.float64]
Score = Callable[[Weights], float]
"""A score of fixed predictions as a function of the images' weights; NaN where it is undefined."""


def auc(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> Score:
    """Area under the ROC curve; undefined unless both classes have weight.

    It is the share of pairs (one of each class) in the right order, a tie counting half (Mann and Whitney 1947). Scores
    are ranked once, so that thousands of resamples take little.
    """
    values, rank = np.unique(score, return_inverse=True)

    def value(weights: Weights) -> float:
        positives = np.bincount(rank, weights * positive, len(values))
        negatives = np.bincount(rank, weights * ~positive, len(values))
        pairs = positives.sum() * negatives.sum()
        if not pairs:
            return float("nan")
        below = np.cumsum(negatives) - negatives / 2
        return float(positives @ below / pairs)

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


def mean(values: NDArray[np.floating]) -> Score:
    """Weighted mean of a value that every image has of its own."""
    return lambda weights: float(weights @ values / weights.sum()) if weights.sum() else float("nan")


def correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> Score:
    """Spearman's rank correlation of two values that every image has; ranks are those among all images."""
    a, b = rankdata(one), rankdata(other)

    def value(weights: Weights) -> float:
        total = weights.sum()
        if not total:
            return float("nan")
        left, right = a - weights @ a / total, b - weights @ b / total
        spread = np.sqrt((weights @ left**2) * (weights @ right**2))
        return float(weights @ (left * right) / spread) if spread else float("nan")

    return value


def mean_of(parts: list[Score]) -> Score:
    """Mean of several scores, such as balanced accuracy from recalls."""
    return lambda weights: float(np.mean([part(weights) for part in parts]))


def f1(called: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Score:
    """Harmonic mean of precision and recall of one class, 2 TP / (2 TP + FP + FN); undefined where all three are 0.

    Args:
        called: images that are given the class.
        truth: images that have it.
    """
    hits = (called & truth).astype(float)
    both = called.astype(float) + truth

    def value(weights: Weights) -> float:
        total = float(weights @ both)
        return 2 * float(weights @ hits) / total if total else float("nan")

    return value


def by_support(parts: list[Score], members: list[NDArray[np.bool_]]) -> Score:
    """Mean of the classes' scores, each weighted by the images that have the class; undefined if one of these is."""

    def value(weights: Weights) -> float:
        support = np.array([weights @ member for member in members])
        values = np.array([part(weights) for part in parts])
        present = support > 0
        return float(values[present] @ support[present] / support.sum()) if present.any() else float("nan")

    return value
