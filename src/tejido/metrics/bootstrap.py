"""Intervals by resampling whole groups (lesions, patients): images of one group are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.scores import Score


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval.

    The interval is None where resampling cannot tell: too few groups (``metrics.few``), too few resamples that define
    the figure, or all give the same, as when every one of a few images is right; an interval of no width would claim
    certainty.
    """

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"

    @property
    def percent(self) -> str:
        """A share, as people read it: ``83 % (79 %–87 %)``, and ``4.1 % (2.9 %–5.5 %)`` where it is small."""
        digits = 0 if self.value >= 0.1 else 1
        text = f"{self.value:.{digits}%}"
        if self.low is not None and self.high is not None:
            text += f" ({self.low:.{digits}%}–{self.high:.{digits}%})"
        return text.replace("%", " %")


class GroupBootstrap:
    """Draws groups with replacement; the same draws serve every score, so that differences are paired.

    In simulations with three images a group, 95 % intervals hold a true share in .94 to .95 of the cases, and a true
    AUC in as many from about 60 groups of either label on. With 20 and 40 groups it is .92 to .94 for an AUC, and with
    ten positive ones .88 to .93: percentile intervals of so few are too narrow.

    Args:
        groups: group of each image ``[N]``.
        rounds: resamples.
        seed: of the draws.
        coverage: of the percentile interval.

    Raises:
        ValueError: an image has no group.
    """

    def __init__(self, groups: pd.Series, *, rounds: int = 2000, seed: int = 0, coverage: float = 0.95) -> None:
        codes, names = pd.factorize(groups)
        if (codes < 0).any():
            raise ValueError(f"{int((codes < 0).sum())} images have no group")
        counts = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=rounds)
        self._codes = codes
        self._counts = counts.astype(np.int32)
        self._tail = (1 - coverage) / 2

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self._codes)

    def estimate(self, score: Score, *, enough: bool = True) -> Estimate:
        """Value on all images, and percentile interval over the resamples; the value alone where there are not enough.

        Args:
            score: of all images.
            enough: groups are there for an interval (``metrics.few``).
        """
        value = score(np.ones(len(self._codes)))
        return self.interval(value, self.resamples(score)) if enough else Estimate(value, None, None)

    def difference(self, score: Score, baseline: Score, *, enough: bool = True) -> Estimate:
        """Paired difference ``score - baseline`` on the same images; the value alone where there are not enough."""
        ones = np.ones(len(self._codes))
        if not enough:
            return Estimate(score(ones) - baseline(ones), None, None)
        return self.interval(score(ones) - baseline(ones), self.resamples(score) - self.resamples(baseline))

    def resamples(self, score: Score, part: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """The score of every resample, NaN where undefined.

        Args:
            score: of all images, or of those of ``part`` alone.
            part: places of some images; None is all.
        """
        codes = self._codes if part is None else self._codes[part]
        return np.array([score(counts[codes].astype(float)) for counts in self._counts])

    def interval(self, value: float, draws: NDArray[np.float64], *, enough: bool = True) -> Estimate:
        """``value`` with the percentile interval of its resamples ``draws``, or alone where groups are not enough."""
        defined = draws[~np.isnan(draws)]
        if not enough or np.isnan(value) or len(defined) < 0.9 * len(draws) or defined.min() == defined.max():
            return Estimate(value, None, None)
        low, high = np.quantile(defined, [self._tail, 1 - self._tail])
        return Estimate(value, float(low), float(high))
