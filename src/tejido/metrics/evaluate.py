"""The figures of one prediction table, each with its interval by group."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.few import Few
from tejido.metrics.named import key_of, scores_of
from tejido.metrics.predictions import check


def evaluate(
    table: pd.DataFrame, *, positive: str | None, threshold: float | None, rounds: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """All figures, once on all images and once on the histology-confirmed ones.

    Args:
        table: predictions (see ``metrics.predictions``) with ``confirmation``, ``diagnosis`` and ``malignancy``.
        positive: the positive label of a binary task, or None.
        threshold: decision threshold of the positive label; needed with ``positive``.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        ``{"all": {...}, "histology": {...}}``; each holds ``images``, ``groups`` and figures ``{value, low, high}``. A
        figure that is undefined (an AUC with one class only) is left out; one of too few groups (``metrics.few``) has
        no ``low`` and ``high``.

    Raises:
        DataError: not a prediction table.
    """
    check(table)
    if positive is not None and threshold is None:
        raise ValueError("a binary task needs a threshold")
    confirmed = table[table["confirmation"] == "histology"]
    parts = {"all": table, "histology": confirmed}
    return {
        name: _figures(part.reset_index(drop=True), positive, threshold, rounds, seed)
        for name, part in parts.items()
        if len(part)
    }


def _figures(
    table: pd.DataFrame, positive: str | None, threshold: float | None, rounds: int, seed: int
) -> dict[str, Any]:
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    scores = scores_of(table, positive, threshold)
    few = Few(table)
    figures: dict[str, Any] = {"images": len(table), "groups": int(table["group_id"].nunique())}
    for (name, label), score in scores.items():
        estimate = bootstrap.estimate(score, enough=few(label) is None)
        if not np.isnan(estimate.value):
            figures[key_of(name, label)] = asdict(estimate)
    return figures


def estimate_of(figure: dict[str, Any]) -> Estimate:
    """A figure of ``evaluate`` as an ``Estimate``, for printing."""
    return Estimate(figure["value"], figure["low"], figure["high"])
