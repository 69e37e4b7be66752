"""Whether one way of training beats another, from runs in pairs (same seed, same fold)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

_ROUNDING = 1e-12  # figures of equal predictions may differ by this much


@dataclass(frozen=True)
class TTest:
    """A two-sided test that the mean difference is 0; ``t`` and ``p`` are None where the differences do not vary."""

    t: float | None
    p: float | None
    degrees: int


def corrected_resampled_t(differences: ArrayLike, test_per_train: float) -> TTest:
    """The corrected resampled t-test of C. Nadeau and Y. Bengio, Inference for the Generalization Error, 2003.

    ``t = mean(d) / sqrt((1/J + n_test/n_train) var(d))`` with J - 1 degrees of freedom. Runs that share training images
    are not independent; the second term in the bracket makes up for it.

    Args:
        differences: of a figure in J pairs of runs.
        test_per_train: n_test / n_train.

    Raises:
        ValueError: fewer than two pairs.
    """
    d = np.asarray(differences, float)
    if len(d) < 2:
        raise ValueError("a test needs at least two pairs")
    degrees = len(d) - 1
    variance = d.var(ddof=1)
    if np.ptp(d) < _ROUNDING:
        return TTest(None, None, degrees)
    t = float(d.mean() / np.sqrt((1 / len(d) + test_per_train) * variance))
    return TTest(t, float(2 * stats.t.sf(abs(t), degrees)), degrees)


def holm(p: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted for their number, by S. Holm's step-down method (1979); those that are None do not count."""
    known = sorted((value, index) for index, value in enumerate(p) if value is not None)
    adjusted: list[float | None] = [None] * len(p)
    highest = 0.0
    for rank, (value, index) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * value))
        adjusted[index] = highest
    return adjusted
