"""Answering only where one is certain: how the share of errors falls with the share of images that are answered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tejido.metrics.scores import Score, Weights


def risk_coverage(
    right: NDArray[np.bool_], certainty: NDArray[np.floating], weights: Weights | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of images answered, and of errors among them, from the most certain image on (El-Yaniv & Wiener 2010).

    Images of equal certainty are answered together.

    Args:
        right: whether each image would be answered rightly, ``bool[N]``.
        certainty: of the answer, ``float[N]``; only the order counts.
        weights: of the images; by default 1 each.

    Returns:
        Two ``float64[M]``, M at most N; the last coverage is 1.
    """
    weights = np.ones(len(right)) if weights is None else weights
    _, places = np.unique(-np.asarray(certainty, float), return_inverse=True)
    count = np.bincount(places, weights)
    wrong = np.bincount(places, weights * ~right)
    kept = count > 0
    answered, errors = np.cumsum(count[kept]), np.cumsum(wrong[kept])
    return answered / answered[-1], errors / answered


def risk_area(right: NDArray[np.bool_], certainty: NDArray[np.floating]) -> Score:
    """Mean risk over all coverages, the area under the curve (Geifman et al. 2019); lower is better.

    A certainty that says nothing has the error rate; one that puts all errors last comes near half its square.
    """

    def value(weights: Weights) -> float:
        if not weights.sum():
            return float("nan")
        coverage, risk = risk_coverage(right, certainty, weights)
        return float(np.diff(coverage, prepend=0) @ risk)

    return value
