"""Whether probabilities mean what they say: proper scores, calibration error, calibration slope.

Every function takes the probabilities of one label in ``float64[N]`` and whether each image has it, or all of
``float64[N, C]`` and label indices ``int64[N]``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tejido.metrics.scores import Score, Weights, mean

BINS = 15
_TINY = 1e-12
_STEPS = 25


def brier(truth: NDArray[np.integer], probabilities: NDArray[np.floating]) -> Score:
    """Mean of the summed squared differences from the truth (Brier 1950).

    Halved for two labels, where it is (p - y)^2; as scikit-learn's.
    """
    wanted = np.eye(probabilities.shape[1])[truth]
    each = ((probabilities - wanted) ** 2).sum(1)
    return mean(each / 2 if probabilities.shape[1] == 2 else each)


def brier_skill(truth: NDArray[np.integer], probabilities: NDArray[np.floating]) -> Score:
    """1 - Brier / Brier of who always answers with the shares of the labels; undefined with one label only."""
    classes = probabilities.shape[1]
    own = brier(truth, probabilities)
    members = np.eye(classes)[truth]

    def value(weights: Weights) -> float:
        shares = weights @ members / weights.sum()
        # sum over labels of share (1 - share) is the expected squared difference of that answer
        ignorant = float((shares * (1 - shares)).sum()) / (2 if classes == 2 else 1)
        return 1 - own(weights) / ignorant if ignorant > 0 else float("nan")

    return value


def log_loss(truth: NDArray[np.integer], probabilities: NDArray[np.floating]) -> Score:
    """Mean of -log of the probability of the true label, which counts as at least 1e-12."""
    given = np.asarray(probabilities, float)[np.arange(len(truth)), truth]
    return mean(-np.log(np.maximum(given, _TINY)))


def calibration_error(positive: NDArray[np.bool_], probability: NDArray[np.floating], bins: int = BINS) -> Score:
    """Expected calibration error (Naeini et al. 2015) in bins of equally many images.

    Mean over images of the distance between mean probability and share of positives in their bin. It is never quite 0,
    even for perfect probabilities: with n images in a bin, about sqrt(p (1-p) / n) of it is chance.
    """
    order = np.argsort(probability, kind="stable")
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order)) * bins // max(1, len(order))

    def value(weights: Weights) -> float:
        apart = np.bincount(place, weights * (probability - positive), bins)
        return float(np.abs(apart).sum() / weights.sum())

    return value


def calibration_slope(positive: NDArray[np.bool_], probability: NDArray[np.floating]) -> Score:
    """Slope of a logistic regression of the truth on the logit of the probability (Cox 1958); 1 is right.

    Below 1 probabilities are too extreme, above 1 too timid. Undefined where the fit has no end: one class, or scores
    that part the classes.
    """
    clipped = np.clip(np.asarray(probability, float), 1e-9, 1 - 1e-9)
    logits = np.log(clipped / (1 - clipped))
    truth = positive.astype(float)

    def value(weights: Weights) -> float:
        line = _line(logits, truth, weights)
        return float("nan") if line is None else line[1]

    return value


def _line(x: NDArray[np.float64], y: NDArray[np.float64], weights: Weights) -> tuple[float, float] | None:
    """Intercept and slope of a weighted logistic regression by Newton's method."""
    positives = float(weights @ y)
    if not 0 < positives < weights.sum():
        return None
    a, b = 0.0, 1.0
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(a + b * x, -35, 35)))
        missing = weights * (y - p)
        spread = weights * p * (1 - p)
        first, second = float(missing.sum()), float(missing @ x)
        h0, h1, h2 = float(spread.sum()), float(spread @ x), float(spread @ (x * x))
        determinant = h0 * h2 - h1 * h1
        if determinant < _TINY:
            return None
        da, db = (h2 * first - h1 * second) / determinant, (h0 * second - h1 * first) / determinant
        a, b = a + da, b + db
        if abs(b) > 1e3:
            return None
        if max(abs(da), abs(db)) < 1e-8:
            return a, b
    return None
