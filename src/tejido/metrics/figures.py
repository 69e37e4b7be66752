"""Every figure of one prediction table, with its interval by group; what cannot be known says why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.curves import average_precision, net_benefit, partial_auc, sensitivity_at
from tejido.metrics.predictions import PREFIX, check, labels_of
from tejido.metrics.reliability import brier, brier_skill, calibration_error, calibration_slope, log_loss
from tejido.metrics.scores import Score, auc, by_support, f1, macro_auc, mean_of, share

LEAST = 10
"""Groups of either kind below which a figure gets no interval: resampling so few does not tell how sure it is."""
SPECIFICITIES = (0.8, 0.9, 0.95)
PROBABILITIES = (0.05, 0.1, 0.2)
"""Probabilities from which somebody may want to act, for net benefit."""


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: machine name, such as ``sensitivity`` or ``recall``.
        label: the label that it is about, or None.
        estimate: value and interval; a value of NaN is undefined.
        note: why there is no value, or no interval.
    """

    name: str
    label: str | None
    estimate: Estimate
    note: str | None = None


def figures(
    table: pd.DataFrame, *, positive: str | None, threshold: float | None, rounds: int = 2000, seed: int = 0
) -> list[Figure]:
    """All figures of a prediction table.

    Args:
        table: see ``metrics.predictions``.
        positive: the positive label of a binary task, or None.
        threshold: of the positive label, chosen elsewhere; None leaves out what needs a decision.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: not a prediction table.
    """
    check(table)
    table = table.reset_index(drop=True)
    asked = _binary(table, positive, threshold) if positive else _several(table)
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    few = _few(table)
    return [_figure(name, label, score, bootstrap, few) for (name, label), score in asked.items()]


def confusion(table: pd.DataFrame, *, positive: str | None, threshold: float | None) -> pd.DataFrame:
    """Counts of images: rows are the truth, columns what was answered; both in the order of the labels."""
    labels = labels_of(table)
    said = pd.Categorical([labels[index] for index in decided(table, positive, threshold)], categories=labels)
    truth = pd.Categorical(table["truth"], categories=labels)
    return pd.crosstab(truth, said, rownames=["truth"], colnames=["answer"], dropna=False).reindex(
        index=labels, columns=labels, fill_value=0
    )


def decided(table: pd.DataFrame, positive: str | None, threshold: float | None) -> NDArray[np.int64]:
    """Index of the label that each image is given: by the threshold, or the most probable one."""
    labels = labels_of(table)
    values = table[[PREFIX + label for label in labels]].to_numpy(float)
    if positive is None or threshold is None:
        return np.asarray(values.argmax(1), np.int64)
    index = labels.index(positive)
    return np.asarray(np.where(values[:, index] >= threshold, index, 1 - index), np.int64)


Scores = dict[tuple[str, str | None], Score]


def _binary(table: pd.DataFrame, positive: str, threshold: float | None) -> Scores:
    labels = labels_of(table)
    score = table[PREFIX + positive].to_numpy(float)
    truth = (table["truth"] == positive).to_numpy(bool)
    found: Scores = {("auc", None): auc(truth, score), ("average_precision", None): average_precision(truth, score)}
    for specificity in SPECIFICITIES:
        found["partial_auc", f"specificity >= {specificity:g}"] = partial_auc(truth, score, specificity)
        found["sensitivity_at", f"specificity {specificity:g}"] = sensitivity_at(truth, score, specificity)
    if threshold is not None:
        called = score >= threshold
        everything = np.ones(len(table), bool)
        decisions = {
            "accuracy": share(called == truth, everything),
            "sensitivity": share(called, truth),
            "specificity": share(~called, ~truth),
            "positive_predictive_value": share(truth, called),
            "negative_predictive_value": share(~truth, ~called),
        }
        decisions["balanced_accuracy"] = mean_of([decisions["sensitivity"], decisions["specificity"]])
        found |= {(name, None): value for name, value in decisions.items()}
        found |= _f1(table, labels, np.where(called, labels.index(positive), 1 - labels.index(positive)))
    found |= _probabilities(table, labels)
    found["calibration_error", None] = calibration_error(truth, score)
    found["calibration_slope", None] = calibration_slope(truth, score)
    for probability in PROBABILITIES:
        found["net_benefit", f"from {probability:g}"] = net_benefit(truth, score, probability)
    return found


def _several(table: pd.DataFrame) -> Scores:
    labels = labels_of(table)
    values = table[[PREFIX + label for label in labels]].to_numpy(float)
    truth = _indices(table, labels)
    chosen = values.argmax(1)
    everything = np.ones(len(table), bool)
    recalls = [share(chosen == index, truth == index) for index in range(len(labels))]
    found: Scores = {
        ("auc", None): macro_auc(truth, values),
        ("accuracy", None): share(chosen == truth, everything),
        ("balanced_accuracy", None): mean_of(recalls),
    }
    for index, label in enumerate(labels):
        member = truth == index
        found["auc", label] = auc(member, values[:, index])
        found["average_precision", label] = average_precision(member, values[:, index])
        found["recall", label] = recalls[index]
        found["specificity", label] = share(chosen != index, ~member)
        found["precision", label] = share(member, chosen == index)
    found |= _f1(table, labels, chosen)
    found |= _probabilities(table, labels)
    # Of the label that is given: how often it is right, against how probable it is said to be.
    found["calibration_error", None] = calibration_error(chosen == truth, values.max(1))
    return found


def _f1(table: pd.DataFrame, labels: list[str], chosen: NDArray[np.int64]) -> Scores:
    truth = _indices(table, labels)
    members = [truth == index for index in range(len(labels))]
    parts = [f1(chosen == index, member) for index, member in enumerate(members)]
    single: Scores = {("f1", label): part for label, part in zip(labels, parts, strict=True)}
    return {**single, ("macro_f1", None): mean_of(parts), ("weighted_f1", None): by_support(parts, members)}


def _probabilities(table: pd.DataFrame, labels: list[str]) -> Scores:
    values = table[[PREFIX + label for label in labels]].to_numpy(float)
    truth = _indices(table, labels)
    return {
        ("brier", None): brier(truth, values),
        ("brier_skill", None): brier_skill(truth, values),
        ("log_loss", None): log_loss(truth, values),
    }


def _figure(name: str, label: str | None, score: Score, bootstrap: GroupBootstrap, few: str | None) -> Figure:
    value = score(np.ones(bootstrap.images))
    if np.isnan(value):
        return Figure(name, label, Estimate(value, None, None), "undefined for these images")
    if few is not None:
        return Figure(name, label, Estimate(value, None, None), few)
    estimate = bootstrap.estimate(score)
    return Figure(name, label, estimate, None if estimate.low is not None else "resamples do not tell")


def _few(table: pd.DataFrame) -> str | None:
    groups = table.groupby("truth", observed=True)["group_id"].nunique()
    if len(groups) < 2:
        return f"all images are {groups.index[0]!r}" if len(groups) else "no image"
    if groups.min() < LEAST:
        return f"only {groups.min()} groups are {groups.idxmin()!r}; {LEAST} are needed for an interval"
    return None


def _indices(table: pd.DataFrame, labels: list[str]) -> NDArray[np.int64]:
    return np.asarray(pd.Categorical(table["truth"], categories=labels).codes, np.int64)
