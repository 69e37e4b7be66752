"""How long a study will still take, from the trials that are finished."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from statistics import mean

Levels = tuple[str, ...]
Taken = tuple[Levels, float]
"""Levels and seconds of a finished trial."""


def expected(levels: Levels, taken: Iterable[Taken]) -> float | None:
    """Seconds that a trial is expected to take: the mean of those of its levels, or else of all; None without any.

    Args:
        levels: of the trial.
        taken: levels and seconds of finished trials.
    """
    known = list(taken)
    alike = [seconds for other, seconds in known if other == levels]
    every = alike or [seconds for _, seconds in known]
    return mean(every) if every else None


def left(pending: Iterable[float], running: Iterable[float], slots: int) -> float:
    """Seconds until the last trial ends, when each free slot takes the next one.

    Args:
        pending: expected seconds of the trials to come, in order.
        running: seconds that each running trial will still take.
        slots: trials that run at a time.
    """
    free = [max(0.0, seconds) for seconds in running]
    free += [0.0] * (slots - len(free))
    heapq.heapify(free)
    for seconds in pending:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free, default=0.0)


def in_words(seconds: float) -> str:
    """Such as ``2 h 05 min``, ``7 min``, ``40 s``."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
