"""What a threshold means in practice: who is found and who is missed, and what a score has meant so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tejido.errors import DataError
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.few import Few, enough
from tejido.metrics.named import scores_of
from tejido.metrics.predictions import PREFIX, check
from tejido.metrics.scores import share
from tejido.metrics.thresholds import of_table

SENSITIVITIES = (0.8, 0.85, 0.9, 0.95, 0.98)


@dataclass(frozen=True)
class OperatingPoint:
    """One threshold.

    Attributes:
        wanted: the sensitivity on validation for which it was chosen.
        threshold: of the positive label.
        sensitivity: on test.
        specificity: on test.
        found: sensitivity on test by diagnosis, for each cancer.
    """

    wanted: float
    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    found: dict[str, Estimate]


@dataclass(frozen=True)
class Band:
    """Test images with similar scores.

    Attributes:
        low: smallest score.
        high: largest score.
        images: how many.
        groups: of how many lesions or patients.
        positive: share of them that is positive.
    """

    low: float
    high: float
    images: int
    groups: int
    positive: Estimate


def operating_points(
    validation: pd.DataFrame,
    test: pd.DataFrame,
    positive: str,
    wanted: Sequence[float] = SENSITIVITIES,
    *,
    rounds: int = 2000,
    seed: int = 0,
) -> list[OperatingPoint]:
    """Thresholds that reach sensitivities on validation, and what they do on test.

    Args:
        validation: see ``metrics.predictions``; thresholds are chosen here alone.
        test: likewise, of other groups; with ``diagnosis`` and ``malignancy``, each cancer is shown apart.
        positive: the positive label.
        wanted: sensitivities.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: not prediction tables, a group in both, or no positive to choose a threshold on.
    """
    check(validation)
    common = set(validation["group_id"]) & set(test["group_id"])
    if common:
        raise DataError(f"group {min(common)} is in validation and in test; thresholds chosen so prove nothing")
    chosen = {sensitivity: of_table(validation, positive, sensitivity=sensitivity) for sensitivity in wanted}
    return points_at(chosen, test, positive, rounds=rounds, seed=seed)


def points_at(
    chosen: Mapping[float, float], test: pd.DataFrame, positive: str, *, rounds: int = 2000, seed: int = 0
) -> list[OperatingPoint]:
    """What thresholds that were chosen elsewhere do on test.

    Args:
        chosen: thresholds, by the sensitivity on validation that each was chosen for.
        test: see ``operating_points``.
        positive: the positive label.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: not a prediction table.
    """
    check(test)
    test = test.reset_index(drop=True)
    bootstrap = GroupBootstrap(test["group_id"], rounds=rounds, seed=seed)
    few = Few(test)
    points = []
    for sensitivity, threshold in chosen.items():
        scores = scores_of(test, positive, threshold)
        found = {label: score for (name, label), score in scores.items() if name == "sensitivity" and label}
        points.append(
            OperatingPoint(
                sensitivity,
                threshold,
                bootstrap.estimate(scores["sensitivity", None], enough=few() is None),
                bootstrap.estimate(scores["specificity", None], enough=few() is None),
                {label: bootstrap.estimate(score, enough=few(label) is None) for label, score in found.items()},
            )
        )
    return points


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> tuple[float, float]:
    """Positive and negative predictive value where this share of all is positive, by Bayes' rule; NaN if undefined.

    An archive's own share of cancers is that of a clinic's cut-out lesions, and no reader's.
    """
    hit, miss = prevalence * sensitivity, prevalence * (1 - sensitivity)
    alarm, right = (1 - prevalence) * (1 - specificity), (1 - prevalence) * specificity
    nothing = float("nan")
    return hit / (hit + alarm) if hit + alarm else nothing, right / (right + miss) if right + miss else nothing


def bands(table: pd.DataFrame, positive: str, count: int = 10, *, rounds: int = 2000, seed: int = 0) -> list[Band]:
    """Of images scored like this, how many were positive: equally many images a band, equal scores never parted.

    Args:
        table: see ``metrics.predictions``.
        positive: the positive label.
        count: of bands; fewer where scores are equal.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: not a prediction table.
    """
    check(table)
    table = table.reset_index(drop=True)
    score = table[PREFIX + positive].to_numpy(float)
    truth = (table["truth"] == positive).to_numpy(bool)
    edges = np.unique(np.quantile(score, np.linspace(0, 1, count + 1)[1:-1], method="lower"))
    place = np.searchsorted(edges, score, side="left")
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    found = []
    for band in np.unique(place):
        member = place == band
        own = score[member]
        groups = int(table.loc[member, "group_id"].nunique())
        share_of = bootstrap.estimate(share(truth, member), enough=enough(table["group_id"], member))
        found.append(Band(own.min(), own.max(), int(member.sum()), groups, share_of))
    return found
