"""Calibration of logits, fitted on validation by maximum likelihood: one of three ways (Guo et al. 2017).

``scale_and_bias`` has one scale and a bias a label; it also undoes the class balance that training pretended.
``temperature`` has the scale alone, so that the most probable label stays the same, and undoes no balance. ``vector``
scaling has a scale and a bias a label, which needs more validation images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

Method = Literal["scale_and_bias", "temperature", "vector"]
WORDS: dict[Method, str] = {
    "scale_and_bias": "scale and bias fitted on validation",
    "temperature": "temperature fitted on validation",
    "vector": "scale and bias of every label fitted on validation (vector scaling)",
}


@dataclass(frozen=True)
class Calibration:
    """Calibrated probabilities are softmax(scale x logits + bias); the scale is one, or one a label."""

    scale: float | tuple[float, ...]
    bias: tuple[float, ...]

    def apply(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """``[N, C]`` logits to ``float64[N, C]`` probabilities."""
        return np.asarray(softmax(np.asarray(logits, float) * np.array(self.scale) + np.array(self.bias), axis=1))


def fit(logits: NDArray[np.floating], truth: NDArray[np.integer], method: Method = "scale_and_bias") -> Calibration:
    """Fit by maximum likelihood.

    Args:
        logits: ``[N, C]``.
        truth: label indices ``[N]``; every class must occur.
        method: what is fitted; scales are positive.
    """
    logits = np.asarray(logits, float)
    rows, labels = np.arange(len(truth)), logits.shape[1]
    scales = labels if method == "vector" else 1

    def parts(parameters: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scales, and biases: that of the first class is fixed at 0, for only differences matter."""
        bias = np.zeros(labels)
        if method != "temperature":
            bias[1:] = parameters[scales:]
        return np.exp(parameters[:scales]), bias

    def loss(parameters: NDArray[np.float64]) -> float:
        scale, bias = parts(parameters)
        return float(-log_softmax(logits * scale + bias, axis=1)[rows, truth].mean())

    free = scales + (0 if method == "temperature" else labels - 1)
    scale, bias = parts(minimize(loss, np.zeros(free), method="BFGS").x)
    return Calibration(float(scale[0]) if scales == 1 else tuple(map(float, scale)), tuple(map(float, bias)))
