"""DeLong's test: whether two areas under ROC curves on the same images differ (DeLong et al. 1988).

Computed with midranks (Sun & Xu 2014). It takes images as independent; where several show one lesion or patient, take
the paired bootstrap by group instead (``GroupBootstrap.difference``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from tejido.errors import DataError


@dataclass(frozen=True)
class DeLong:
    """Two areas, and how sure their difference is.

    Attributes:
        areas: of both scores.
        difference: first minus second.
        low: of the 95 % interval of the difference.
        high: likewise.
        p: two-sided; 1 where both scores order the images alike.
    """

    areas: tuple[float, float]
    difference: float
    low: float
    high: float
    p: float


def compare(positive: NDArray[np.bool_], first: NDArray[np.floating], second: NDArray[np.floating]) -> DeLong:
    """Compare two scores of the same images.

    Raises:
        DataError: fewer than two positives or two negatives.
    """
    areas, covariance = variances(positive, np.stack([first, second]))
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    deviation = np.sqrt(max(variance, 0.0))
    p = float(2 * norm.sf(abs(difference) / deviation)) if deviation > 1e-12 else float(difference == 0)
    half = float(norm.ppf(0.975) * deviation)
    return DeLong((float(areas[0]), float(areas[1])), difference, difference - half, difference + half, p)


def variances(
    positive: NDArray[np.bool_], scores: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas under the ROC curve ``[K]`` and their covariance ``[K, K]``.

    Args:
        positive: ``bool[N]``.
        scores: ``[K, N]``.

    Raises:
        DataError: fewer than two positives or two negatives.
    """
    m, n = int(positive.sum()), int((~positive).sum())
    if min(m, n) < 2:
        raise DataError(f"{m} positive and {n} negative images are too few for a variance; two of each are needed")
    ranks = rankdata(scores, axis=1)[:, positive]
    among_positive = rankdata(scores[:, positive], axis=1)
    among_negative = rankdata(scores[:, ~positive], axis=1)
    all_negative = rankdata(scores, axis=1)[:, ~positive]
    by_positive = (ranks - among_positive) / n  # share of negatives below each positive
    by_negative = 1 - (all_negative - among_negative) / m
    areas = by_positive.mean(1)
    return areas, np.atleast_2d(np.cov(by_positive)) / m + np.atleast_2d(np.cov(by_negative)) / n
