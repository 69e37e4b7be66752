"""One set of answers against another about the same images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tejido.errors import DataError
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.delong import DeLong
from tejido.metrics.delong import compare as delong
from tejido.metrics.named import scores_of
from tejido.metrics.predictions import PREFIX, check, labels_of


@dataclass(frozen=True)
class Comparison:
    """One figure of two models.

    Attributes:
        name: such as ``auc``.
        label: the label that it is about, or None.
        first: of the one.
        second: of the other.
        difference: first minus second, from the same resamples of groups.
    """

    name: str
    label: str | None
    first: Estimate
    second: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Compared:
    """Two models on the images that both answered.

    Attributes:
        images: how many.
        groups: of how many lesions or patients.
        left_out: images that only one of them answered.
        figures: that both have.
        delong: DeLong's test of the areas; None where images are not independent, or for several labels.
    """

    images: int
    groups: int
    left_out: int
    figures: list[Comparison]
    delong: DeLong | None


def compare(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    positive: str | None,
    thresholds: tuple[float | None, float | None] = (None, None),
    rounds: int = 2000,
    seed: int = 0,
) -> Compared:
    """Figures of both, and their differences.

    Args:
        first: see ``metrics.predictions``.
        second: likewise, of the same images; in any order, its labels in any order.
        positive: the positive label of a binary task, or None.
        thresholds: of the positive label, each model's own.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: no prediction tables, other labels, other truths, or no image in common.
    """
    check(first)
    check(second)
    if set(labels_of(first)) != set(labels_of(second)):
        raise DataError(
            f"the labels are {', '.join(labels_of(first))} and {', '.join(labels_of(second))}; they cannot be compared"
        )
    common = sorted(set(first["image_id"]) & set(second["image_id"]))
    if not common:
        raise DataError("the two have no image in common; the image_id of one must be that of the other")
    one, other = (
        table.set_index("image_id", drop=False).loc[common].reset_index(drop=True) for table in (first, second)
    )
    unequal = one["truth"].astype(str) != other["truth"].astype(str)
    if unequal.any():
        name = one["image_id"][unequal].iloc[0]
        raise DataError(f"{unequal.sum():,} images have another truth in the second, among them {name}")
    # The columns of the first decide the order of the labels of both.
    other = other[[column for column in one if column in other]].assign(group_id=one["group_id"])
    bootstrap = GroupBootstrap(one["group_id"], rounds=rounds, seed=seed)
    mine, theirs = (
        scores_of(table, positive, threshold) for table, threshold in zip((one, other), thresholds, strict=True)
    )
    figures = [
        Comparison(
            *key, bootstrap.estimate(score), bootstrap.estimate(theirs[key]), bootstrap.difference(score, theirs[key])
        )
        for key, score in mine.items()
        if key in theirs
    ]
    groups = int(one["group_id"].nunique())
    return Compared(
        len(common),
        groups,
        len(set(first["image_id"]) ^ set(second["image_id"])),
        figures,
        _delong(one, other, positive),
    )


def _delong(one: pd.DataFrame, other: pd.DataFrame, positive: str | None) -> DeLong | None:
    if positive is None or one["group_id"].duplicated().any():
        return None
    truth = (one["truth"] == positive).to_numpy(bool)
    if min(truth.sum(), (~truth).sum()) < 2:
        return None
    column = PREFIX + positive
    return delong(truth, one[column].to_numpy(np.float64), other[column].to_numpy(np.float64))
