"""Decision thresholds, chosen on validation by a stated rule."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.errors import DataError
from tejido.metrics.predictions import PREFIX

Rule = Literal["sensitivity", "youden", "cost"]


def of_table(
    table: pd.DataFrame, positive: str, rule: Rule = "sensitivity", *, sensitivity: float = 0.9, miss: float = 10.0
) -> float:
    """The threshold for the label ``positive`` of a prediction table.

    Args:
        table: of validation.
        positive: one of its labels.
        rule: ``at_sensitivity``, ``by_youden`` or ``at_least_cost``.
        sensitivity: for the first.
        miss: for the last.

    Raises:
        DataError: the table has no positive, or the rule needs others too and there are none.
    """
    truth, score = (table["truth"] == positive).to_numpy(bool), table[PREFIX + positive].to_numpy(float)
    if rule == "youden":
        return by_youden(truth, score)
    return at_least_cost(truth, score, miss) if rule == "cost" else at_sensitivity(truth, score, sensitivity)


def at_sensitivity(positive: NDArray[np.bool_], score: NDArray[np.floating], sensitivity: float) -> float:
    """A threshold t for which at least this share of the positives has ``score >= t``, and no higher one does better.

    All thresholds between two neighbouring scores decide alike; the middle is taken, so that a score that differs in
    its last digits on another runtime is not decided differently.

    Raises:
        DataError: there is no positive.
    """
    scores = np.sort(score[positive])[::-1]
    if not len(scores):
        raise DataError("no positive image to choose a threshold on")
    needed = max(1, int(np.ceil(sensitivity * len(scores) - 1e-9)))
    reached = scores[needed - 1]
    next_below = score[score < reached].max(initial=-np.inf)
    middle = (reached + next_below) / 2
    return float(middle if next_below < middle else reached)  # no number may lie between the two


def by_youden(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    """The threshold with the largest sensitivity + specificity (Youden 1950); of several, the lowest.

    Raises:
        DataError: only positives or only negatives.
    """
    return at_least_cost(positive, score, miss=float((~positive).sum()) / max(1, int(positive.sum())))


def at_least_cost(positive: NDArray[np.bool_], score: NDArray[np.floating], miss: float) -> float:
    """The threshold at which errors cost least, where a missed positive costs as much as ``miss`` false alarms.

    Of several the lowest. Costs are those of the images at hand, with their share of positives; at least one image is
    called positive.

    Raises:
        DataError: only positives or only negatives.
        ValueError: a cost of 0 or less.
    """
    if positive.all() or not positive.any():
        raise DataError("a threshold needs positive and negative images to choose it on")
    if miss <= 0:
        raise ValueError(f"a missed positive cannot cost {miss}; say how many false alarms it is worth")
    values, place = np.unique(score, return_inverse=True)
    hits = np.bincount(place, positive, len(values))
    alarms = np.bincount(place, ~positive, len(values))
    # At threshold values[k], everything below k is missed, and everything from k on is an alarm.
    missed = np.concatenate([[0.0], np.cumsum(hits)[:-1]])
    false = alarms.sum() - np.concatenate([[0.0], np.cumsum(alarms)[:-1]])
    best = int(np.argmin(np.round(miss * missed + false, 9)))
    below = values[best - 1] if best else -np.inf
    middle = (values[best] + below) / 2
    return float(middle if below < middle else values[best])
