"""Whether the probabilities of a prediction table mean what they say, in three figures with intervals."""

from __future__ import annotations

import pandas as pd

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.named import indices_of, values_of
from tejido.metrics.predictions import check, labels_of
from tejido.metrics.reliability import brier_skill, calibration_error, calibration_slope


def calibration_of(
    table: pd.DataFrame, positive: str | None, *, rounds: int = 2000, seed: int = 0
) -> dict[str, Estimate]:
    """Calibration error, calibration slope and Brier skill; NaN where one is undefined.

    Of two labels, error and slope are of the probability of the positive one; of several, of that of the label that is
    given.

    Args:
        table: see ``metrics.predictions``.
        positive: the positive label of a binary task, or None.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        ``calibration_error``, ``calibration_slope`` and ``brier_skill``.

    Raises:
        DataError: not a prediction table.
    """
    check(table)
    table = table.reset_index(drop=True)
    truth, values = indices_of(table), values_of(table)
    if positive is None:
        event, told = truth == values.argmax(1), values.max(1)
    else:
        place = labels_of(table).index(positive)
        event, told = truth == place, values[:, place]
    scores = {
        "calibration_error": calibration_error(event, told),
        "calibration_slope": calibration_slope(event, told),
        "brier_skill": brier_skill(truth, values),
    }
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    return {name: bootstrap.estimate(score) for name, score in scores.items()}
