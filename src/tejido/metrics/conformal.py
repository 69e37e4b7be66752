"""Prediction sets: all labels that cannot be excluded, so that the right one is among them as often as was asked for.

Split conformal prediction with the probability of the right label as score (Sadinle et al. 2019). Images of a group are
not independent, so every group weighs as one, as in hierarchical conformal prediction (Lee, Barber & Willett 2023): the
promise then is for a random image of a new lesion or patient, from the same kind of archive, and for nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.few import enough
from tejido.metrics.named import indices_of, values_of
from tejido.metrics.predictions import check, labels_of
from tejido.metrics.scores import Score, mean, share


@dataclass(frozen=True)
class PredictionSets:
    """From which probability each label is in the set.

    Attributes:
        coverage: that was asked for.
        least: by label; 0 always includes it, where too few groups were at hand to promise anything else.
        groups: by label, that this rests on.
    """

    coverage: float
    least: dict[str, float]
    groups: dict[str, int]

    def __call__(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """Which labels are in the set of each image, ``bool[N, K]`` in the order of the table's labels."""
        least = np.array([self.least[label] for label in labels_of(table)])
        return np.asarray(values_of(table) >= least)


@dataclass(frozen=True)
class Checked:
    """How sets do on images that did not fit them.

    Attributes:
        coverage: share of the images whose label is in their set; under ``all`` and by label.
        size: mean number of labels in a set.
        single: share of the sets with one label.
        empty: share of the sets with none: an image unlike all that fitted them.
    """

    coverage: dict[str, Estimate]
    size: Estimate
    single: Estimate
    empty: Estimate


def fit(table: pd.DataFrame, coverage: float = 0.9, *, by_label: bool = True) -> PredictionSets:
    """Sets that hold the right label with at least a probability of ``coverage``.

    Args:
        table: see ``metrics.predictions``; of images that neither trained nor test the model.
        coverage: above 0, below 1.
        by_label: for the images of every label apart, so that a rare cancer is not paid for with common nevi.

    Raises:
        DataError: not a prediction table.
        ValueError: an impossible coverage.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"a coverage of {coverage} cannot be promised; it lies between 0 and 1")
    check(table)
    truth, values = indices_of(table), values_of(table)
    given = values[np.arange(len(table)), truth]
    groups = table["group_id"].to_numpy()
    least, counts = {}, {}
    for index, label in enumerate(labels_of(table)):
        member = truth == index if by_label else np.ones(len(table), bool)
        least[label], counts[label] = _least(given[member], groups[member], coverage)
    return PredictionSets(coverage, least, counts)


def checked(sets: PredictionSets, table: pd.DataFrame, *, rounds: int = 2000, seed: int = 0) -> Checked:
    """Coverage and size of sets on other images, with intervals by group.

    Args:
        sets: fitted on images of other groups.
        table: see ``metrics.predictions``.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: not a prediction table.
    """
    check(table)
    table = table.reset_index(drop=True)
    truth, inside = indices_of(table), sets(table)
    covered = inside[np.arange(len(table)), truth]
    every = np.ones(len(table), bool)
    sizes = inside.sum(1)
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    parts = {"all": every} | {label: truth == index for index, label in enumerate(labels_of(table))}

    def estimate(score: Score, part: NDArray[np.bool_]) -> Estimate:
        return bootstrap.estimate(score, enough=enough(table["group_id"], part))

    return Checked(
        coverage={name: estimate(share(covered, part), part) for name, part in parts.items()},
        size=estimate(mean(sizes), every),
        single=estimate(share(sizes == 1, every), every),
        empty=estimate(share(sizes == 0, every), every),
    )


def _least(given: NDArray[np.float64], groups: NDArray[np.object_], coverage: float) -> tuple[float, int]:
    """The probability that enough of the groups reach, one more group counting as one that does not."""
    codes, names = pd.factorize(groups)
    weights = 1 / np.bincount(codes)[codes] if len(codes) else np.empty(0)
    order = np.argsort(-given, kind="stable")
    reached = np.cumsum(weights[order])
    enough = np.flatnonzero(reached >= coverage * (len(names) + 1) - 1e-9)
    return (float(given[order[enough[0]]]) if len(enough) else 0.0), len(names)
