"""How the decision about an image changes with the share of positive patches that is asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.few import enough
from tejido.metrics.scores import share

UMA2022 = (0.10, 0.25, 0.50, 0.75, 0.90)
"""The thresholds of the table in the thesis uma2022."""
FIGURES = ("recall_positive", "recall_negative", "accuracy")


def threshold_table(
    votes: NDArray[np.integer],
    count: int,
    positive: NDArray[np.bool_],
    groups: pd.Series,
    *,
    thresholds: Sequence[float] = UMA2022,
    rounds: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """An image is called positive if its share of positive patches is at least the threshold: figures for each.

    Args:
        votes: positive patches of each image ``[N]``.
        count: patches of an image.
        positive: which images are.
        groups: of each image, for the intervals.
        thresholds: to look at, beside every step ``1 / count, 2 / count ... 1``.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        A row a threshold, ascending: ``threshold``, ``votes`` (the fewest that reach it), and for each of
        ``FIGURES`` its value and ``_low`` and ``_high``, the 95 % interval by group; NaN where undefined, or
        where there are few groups (``metrics.few``).
    """
    everything = np.ones(len(votes), bool)
    bootstrap = GroupBootstrap(groups, rounds=rounds, seed=seed)
    rows = []
    for threshold in sorted({*thresholds, *(step / count for step in range(1, count + 1))}):
        needed = votes_needed(threshold, count)
        called = np.asarray(votes >= needed, bool)
        shares = ((called, positive), (~called, ~positive), (called == positive, everything))
        row: dict[str, float | None] = {"threshold": threshold, "votes": needed}
        for name, (hit, among) in zip(FIGURES, shares, strict=True):
            found = bootstrap.estimate(share(hit, among), enough=enough(groups, among))
            row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        rows.append(row)
    types: dict[str, type] = {f"{name}{end}": float for name in FIGURES for end in ("", "_low", "_high")}
    return pd.DataFrame(rows).astype(types | {"votes": int})


def votes_needed(threshold: float, count: int) -> int:
    """The fewest of ``count`` patches whose share is ``threshold`` or more."""
    return math.ceil(threshold * count - 1e-9)


def between_votes(threshold: float, count: int) -> float:
    """A threshold that decides as this one does and lies halfway between two numbers of votes.

    So no share lies on it, and a runtime that rounds its last digit otherwise does not decide otherwise.
    """
    return max(0.0, (votes_needed(threshold, count) - 0.5) / count)
