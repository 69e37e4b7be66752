"""Learning rates as a pure function of the step."""

from __future__ import annotations

import math

WARM_UP = 0.3
_START, _END = 1 / 25, 1e-4


def one_cycle(progress: float) -> float:
    """One-Cycle factor (Smith & Topin 2019, cosine form): 1/25 up to 1 over the first 30 %, then down to 1e-4.

    Args:
        progress: share of the stage that is done, 0..1.
    """
    if progress < WARM_UP:
        return _cosine(_START, 1.0, progress / WARM_UP)
    return _cosine(1.0, _END, (progress - WARM_UP) / (1 - WARM_UP))


def staged(step: int, *, steps_per_epoch: int, head_epochs: int, epochs: int) -> tuple[int, float]:
    """Stage (0: head alone, 1: everything) and One-Cycle factor of a step of the two-stage schedule.

    The step behind the last one, which a scheduler asks for too, has the factor of the end.
    """
    first = head_epochs * steps_per_epoch
    if step < first or epochs == 0:
        return 0, one_cycle(min(1.0, step / first))
    return 1, one_cycle(min(1.0, (step - first) / (epochs * steps_per_epoch)))


def _cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2
