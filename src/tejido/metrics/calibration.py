"""Calibration of logits: one scale and a bias a class (vector scaling with a shared scale; Guo et al. 2017).

Fitted on validation by maximum likelihood, it also undoes the class balance that training pretended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax


@dataclass(frozen=True)
class Calibration:
    """Calibrated probabilities are softmax(scale x logits + bias)."""

    scale: float
    bias: tuple[float, ...]

    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """``[N, C]`` logits to ``float64[N, C]`` probabilities."""
        return np.asarray(softmax(np.asarray(logits, float) * self.scale + np.array(self.bias), axis=1))


def fit(logits: NDArray[np.floating], truth: NDArray[np.integer]) -> Calibration:
    """Fit by maximum likelihood.

    Args:
        logits: ``[N, C]``.
        truth: label indices ``[N]``; every class must occur.
    """
    logits = np.asarray(logits, float)
    rows = np.arange(len(truth))

    def loss(parameters: NDArray[np.float64]) -> float:
        scaled = logits * np.exp(parameters[0]) + _bias(parameters)
        return float(-log_softmax(scaled, axis=1)[rows, truth].mean())

    result = minimize(loss, np.zeros(logits.shape[1]), method="BFGS")
    return Calibration(float(np.exp(result.x[0])), tuple(float(value) for value in _bias(result.x)))


def _bias(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
    """The bias of the first class is fixed at 0: only differences matter."""
    return np.concatenate([[0.0], parameters[1:]])
