"""Making probabilities fit another place, from a few local cases.

Local cases are few, so no more is changed than they speak for (the closed test of Vergouwe et al. 2017): nothing, or
the biases alone (another share of ill people), or biases and scale. The order of the answers of a binary model stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import chi2

LEVEL = 0.05
_TINY = 1e-9
Method = Literal["nothing", "bias", "scale_and_bias"]


@dataclass(frozen=True)
class Recalibration:
    """New probabilities are softmax(scale x log(old) + bias).

    Attributes:
        method: what the cases spoke for.
        scale: of the log-probabilities.
        bias: of every label; the first is 0.
    """

    method: Method
    scale: float
    bias: tuple[float, ...]

    def apply(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """``[N, C]`` probabilities to ``float64[N, C]``."""
        return np.asarray(softmax(self.scale * _logs(probabilities) + np.array(self.bias), axis=1))


def fit(probabilities: NDArray[np.floating], truth: NDArray[np.integer]) -> Recalibration:
    """Change as little as the cases speak for.

    Likelihood-ratio tests at 5 %: unless scale and biases together fit better than nothing, nothing is changed; unless
    they fit better than biases alone, biases alone.

    Args:
        probabilities: ``[N, C]`` of a model.
        truth: label indices ``[N]``; every label must occur.
    """
    logs, classes = _logs(probabilities), probabilities.shape[1]
    rows = np.arange(len(truth))

    def loss(scale: float, bias: NDArray[np.float64]) -> float:
        return float(-log_softmax(scale * logs + np.concatenate([[0.0], bias]), axis=1)[rows, truth].sum())

    def shift(bias: NDArray[np.float64]) -> float:
        return loss(1.0, bias)

    def shift_and_scale(x: NDArray[np.float64]) -> float:
        return loss(float(np.exp(x[0])), x[1:])

    none = loss(1.0, np.zeros(classes - 1))
    shifted = minimize(shift, np.zeros(classes - 1), method="BFGS")
    both = minimize(shift_and_scale, np.concatenate([[0.0], shifted.x]), method="BFGS")
    if chi2.sf(2 * (none - both.fun), classes) >= LEVEL:
        return Recalibration("nothing", 1.0, (0.0,) * classes)
    if chi2.sf(2 * (shifted.fun - both.fun), 1) >= LEVEL:
        return Recalibration("bias", 1.0, (0.0, *map(float, shifted.x)))
    return Recalibration("scale_and_bias", float(np.exp(both.x[0])), (0.0, *map(float, both.x[1:])))


def moved(threshold: float, positive: int, change: Recalibration) -> float:
    """The threshold of a binary task at which the same pictures are positive as before.

    Args:
        threshold: of the positive label, before.
        positive: its index.
        change: what the probabilities go through.
    """
    before = np.array([[1 - threshold, threshold]])
    if positive == 0:
        before = before[:, ::-1]
    return float(change.apply(before)[0, positive])


def _logs(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.clip(np.asarray(probabilities, float), _TINY, 1.0)))
