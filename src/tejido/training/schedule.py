"""Learning rates as a pure function of the step."""

from __future__ import annotations

import math
from collections.abc import Callable

WARM_UP = 0.3
_START, _END = 1 / 25, 1e-4

Shape = Callable[[float], float]
"""From the share of a stage that is done, 0..1, to a factor of its highest rate."""


def one_cycle(progress: float) -> float:
    """One-Cycle factor (Smith & Topin 2019, cosine form): 1/25 up to 1 over the first 30 %, then down to 1e-4.

    Args:
        progress: share of the stage that is done, 0..1.
    """
    if progress < WARM_UP:
        return _cosine(_START, 1.0, progress / WARM_UP)
    return _cosine(1.0, _END, (progress - WARM_UP) / (1 - WARM_UP))


def cosine(progress: float) -> float:
    """Half a cosine from 1 down to 0 (Loshchilov & Hutter 2017, equation 5, without restarts)."""
    return _cosine(1.0, 0.0, progress)


def constant(_: float) -> float:
    """Always 1."""
    return 1.0


SHAPES: dict[str, Shape] = {"one_cycle": one_cycle, "cosine": cosine, "constant": constant}


def staged(
    step: int, *, steps_per_epoch: int, head_epochs: int, epochs: int, shape: Shape = one_cycle
) -> tuple[int, float]:
    """Stage (0: head alone, 1: everything) and factor of a step of the two-stage schedule."""
    first = head_epochs * steps_per_epoch
    if step < first or not epochs:
        return 0, shape(min(1.0, step / first))
    return 1, shape(min(1.0, (step - first) / (epochs * steps_per_epoch)))


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
