"""Every figure of one prediction table, with its interval by group; what cannot be known says why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.curves import average_precision, net_benefit, partial_auc, sensitivity_at
from tejido.metrics.few import Few
from tejido.metrics.groups import group_accuracy
from tejido.metrics.named import Scores, certainty_of, decided, indices_of, scores_of, values_of
from tejido.metrics.predictions import PREFIX, check, labels_of
from tejido.metrics.reliability import brier, brier_skill, calibration_error, calibration_slope, log_loss
from tejido.metrics.scores import Score, auc, by_support, mean_of, share
from tejido.metrics.selective import risk_area

SPECIFICITIES = (0.8, 0.9, 0.95)
ONE = 0.9
"""The specificity at which every label is looked at where there are several, each against the rest."""
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
    few = Few(table)
    return [figure_of(name, label, score, bootstrap, few(label)) for (name, label), score in asked.items()]


def confusion(table: pd.DataFrame, *, positive: str | None, threshold: float | None) -> pd.DataFrame:
    """Counts of images: rows are the truth, columns what was answered; both in the order of the labels."""
    labels = labels_of(table)
    said = pd.Categorical([labels[index] for index in decided(table, positive, threshold)], categories=labels)
    truth = pd.Categorical(table["truth"], categories=labels)
    return pd.crosstab(truth, said, rownames=["truth"], colnames=["answer"], dropna=False).reindex(
        index=labels, columns=labels, fill_value=0
    )


def _binary(table: pd.DataFrame, positive: str, threshold: float | None) -> Scores:
    score = table[PREFIX + positive].to_numpy(float)
    truth = (table["truth"] == positive).to_numpy(bool)
    found = scores_of(table, positive, threshold)
    if threshold is not None:
        found |= _averages(table, decided(table, positive, threshold))
    found["average_precision", None] = average_precision(truth, score)
    for specificity in SPECIFICITIES:
        found["partial_auc", f"specificity >= {specificity:g}"] = partial_auc(truth, score, specificity)
        found["sensitivity_at", f"specificity {specificity:g}"] = sensitivity_at(truth, score, specificity)
    if threshold is not None:
        called = score >= threshold
        found |= _by_group(called == truth, table["group_id"])
        found["risk_area", None] = risk_area(called == truth, certainty_of(table, positive, threshold))
        found["positive_predictive_value", None] = share(truth, called)
        found["negative_predictive_value", None] = share(~truth, ~called)
    found |= _probabilities(table)
    found["calibration_error", None] = calibration_error(truth, score)
    found["calibration_slope", None] = calibration_slope(truth, score)
    for probability in PROBABILITIES:
        found["net_benefit", f"from {probability:g}"] = net_benefit(truth, score, probability)
    return found


def _several(table: pd.DataFrame) -> Scores:
    values, truth = values_of(table), indices_of(table)
    chosen = values.argmax(1)
    found = scores_of(table, None, None) | _averages(table, chosen)
    for index, label in enumerate(labels_of(table)):
        member = truth == index
        found["auc", label] = auc(member, values[:, index])
        found["average_precision", label] = average_precision(member, values[:, index])
        found["specificity", label] = share(chosen != index, ~member)
        found["precision", label] = share(member, chosen == index)
        found[f"partial_auc_from_specificity_{ONE:g}", label] = partial_auc(member, values[:, index], ONE)
        found[f"sensitivity_at_specificity_{ONE:g}", label] = sensitivity_at(member, values[:, index], ONE)
        found["calibration_slope", label] = calibration_slope(member, values[:, index])
    found |= _by_group(chosen == truth, table["group_id"])
    found["risk_area", None] = risk_area(chosen == truth, values.max(1))
    found |= _probabilities(table)
    # Of the label that is given: how often it is right, against how probable it is said to be.
    found["calibration_error", None] = calibration_error(chosen == truth, values.max(1))
    return found


def _averages(table: pd.DataFrame, chosen: NDArray[np.int64]) -> Scores:
    """Precision and recall over the labels: each alike, or each by its images. Undefined where a label is never given.

    Recall so is the balanced accuracy and the accuracy; both names are in use.
    """
    members = [indices_of(table) == index for index in range(len(labels_of(table)))]
    precisions = [share(member, chosen == index) for index, member in enumerate(members)]
    recalls = [share(chosen == index, member) for index, member in enumerate(members)]
    return {
        ("macro_precision", None): mean_of(precisions),
        ("weighted_precision", None): by_support(precisions, members),
        ("macro_recall", None): mean_of(recalls),
        ("weighted_recall", None): by_support(recalls, members),
    }


def _by_group(right: NDArray[np.bool_], groups: pd.Series) -> Scores:
    return {("group_accuracy", None): group_accuracy(right, groups)} if groups.duplicated().any() else {}


def _probabilities(table: pd.DataFrame) -> Scores:
    values, truth = values_of(table), indices_of(table)
    return {
        ("brier", None): brier(truth, values),
        ("brier_skill", None): brier_skill(truth, values),
        ("log_loss", None): log_loss(truth, values),
    }


def figure_of(name: str, label: str | None, score: Score, bootstrap: GroupBootstrap, few: str | None) -> Figure:
    """A score as a figure.

    Args:
        name: of the figure.
        label: that it is about, or None.
        score: of the images of ``bootstrap``.
        bootstrap: by group.
        few: why there is no interval (``metrics.few``), or None.
    """
    value = score(np.ones(bootstrap.images))
    if np.isnan(value):
        return Figure(name, label, Estimate(value, None, None), "undefined for these images")
    if few is not None:
        return Figure(name, label, Estimate(value, None, None), few)
    estimate = bootstrap.estimate(score)
    return Figure(name, label, estimate, None if estimate.low is not None else "resamples do not tell")
