"""One set of answers against another, about the same images or about others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tejido.errors import DataError
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.delong import DeLong
from tejido.metrics.delong import compare as delong
from tejido.metrics.few import Few
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
        difference: first minus second; of the same images from the same resamples of groups.
    """

    name: str
    label: str | None
    first: Estimate
    second: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Compared:
    """Two models on the images that both answered, or one on two sets of images.

    Attributes:
        images: how many; of two sets, in the first.
        groups: of how many lesions or patients.
        other_images: in the second of two sets; None where both are the same.
        left_out: images that only one of them answered.
        figures: that both have.
        delong: DeLong's test of the areas; None where images are not independent, or for several labels.
    """

    images: int
    groups: int
    left_out: int
    figures: list[Comparison]
    delong: DeLong | None
    other_images: int | None = None


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
    _check(first, second)
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
    few = Few(one)
    figures = []
    for key, score in mine.items():
        if key in theirs:
            enough = few(key[1]) is None
            estimates = [bootstrap.estimate(part, enough=enough) for part in (score, theirs[key])]
            difference = bootstrap.difference(score, theirs[key], enough=enough)
            figures.append(Comparison(*key, estimates[0], estimates[1], difference))
    groups = int(one["group_id"].nunique())
    return Compared(
        len(common),
        groups,
        len(set(first["image_id"]) ^ set(second["image_id"])),
        figures,
        _delong(one, other, positive),
    )


def compare_apart(
    first: pd.DataFrame,
    second: pd.DataFrame,
    *,
    positive: str | None,
    thresholds: tuple[float | None, float | None] = (None, None),
    rounds: int = 2000,
    seed: int = 0,
) -> Compared:
    """Figures of answers about one set of images and about another, such as an external and the model's own test set.

    The two are resampled apart. Arguments as ``compare``, but that images and truths differ.

    Raises:
        DataError: no prediction tables, other labels, or an image or a group that is in both.
    """
    _check(first, second)
    for column in ("image_id", "group_id"):
        common = set(first[column]) & set(second[column])
        if common:
            raise DataError(
                f"the two sets share {len(common):,} of {column}, such as {min(common)}; they are not apart"
            )
    tables = first.reset_index(drop=True), second.reset_index(drop=True)
    pairs = zip(tables, thresholds, strict=True)
    mine, theirs = (scores_of(table, positive, threshold) for table, threshold in pairs)
    # Other seeds, so that neither set's resamples follow the other's.
    one, other = (
        GroupBootstrap(table["group_id"], rounds=rounds, seed=2 * seed + place) for place, table in enumerate(tables)
    )
    few = [Few(table) for table in tables]
    figures = []
    for key, score in mine.items():
        if key in theirs:
            enough = [part(key[1]) is None for part in few]
            draws = one.resamples(score), other.resamples(theirs[key])
            values = [value(np.ones(len(table))) for value, table in zip((score, theirs[key]), tables, strict=True)]
            difference = one.interval(values[0] - values[1], draws[0] - draws[1], enough=all(enough))
            here = one.interval(values[0], draws[0], enough=enough[0])
            there = other.interval(values[1], draws[1], enough=enough[1])
            figures.append(Comparison(*key, here, there, difference))
    groups = int(tables[0]["group_id"].nunique())
    return Compared(len(first), groups, 0, figures, None, len(second))


def _check(first: pd.DataFrame, second: pd.DataFrame) -> None:
    check(first)
    check(second)
    if set(labels_of(first)) != set(labels_of(second)):
        raise DataError(
            f"the labels are {', '.join(labels_of(first))} and {', '.join(labels_of(second))}; they cannot be compared"
        )


def _delong(one: pd.DataFrame, other: pd.DataFrame, positive: str | None) -> DeLong | None:
    if positive is None or one["group_id"].duplicated().any():
        return None
    truth = (one["truth"] == positive).to_numpy(bool)
    if min(truth.sum(), (~truth).sum()) < 2:
        return None
    column = PREFIX + positive
    return delong(truth, one[column].to_numpy(np.float64), other[column].to_numpy(np.float64))
