"""The figures of one prediction table, each with its interval by group."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.predictions import PREFIX, check, labels_of
from tejido.metrics.scores import Score, auc, by_support, f1, macro_auc, mean_of, share

CANCER = ("malignant", "premalignant")


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
        figure that is undefined (an AUC with one class only) is left out.

    Raises:
        DataError: not a prediction table.
    """
    check(table)
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
    figures: dict[str, Any] = {"images": len(table), "groups": int(table["group_id"].nunique())}
    for name, score in scores.items():
        estimate = bootstrap.estimate(score)
        if not np.isnan(estimate.value):
            figures[name] = asdict(estimate)
    return figures


def scores_of(table: pd.DataFrame, positive: str | None, threshold: float | None) -> dict[str, Score]:
    """Every score of ``evaluate`` by name, as a function of the images' weights; arguments as there."""
    return _binary(table, positive, threshold) if positive else _multiclass(table)


def _binary(table: pd.DataFrame, positive: str, threshold: float | None) -> dict[str, Score]:
    if threshold is None:
        raise ValueError("a binary task needs a threshold")
    score = table[PREFIX + positive].to_numpy(float)
    truth = (table["truth"] == positive).to_numpy(bool)
    called = score >= threshold
    everything = np.ones(len(table), bool)
    figures = {
        "auc": auc(truth, score),
        "accuracy": share(called == truth, everything),
        "sensitivity": share(called, truth),
        "specificity": share(~called, ~truth),
    }
    figures["balanced_accuracy"] = mean_of([figures["sensitivity"], figures["specificity"]])
    figures |= _f1(
        {label: (table["truth"] == label).to_numpy(bool) for label in labels_of(table)},
        {label: called == (label == positive) for label in labels_of(table)},
    )
    cancers = table.loc[truth & table["malignancy"].isin(CANCER).to_numpy(bool), "diagnosis"]
    for diagnosis in sorted(cancers.unique()):
        figures[f"sensitivity_{diagnosis}"] = share(called, (table["diagnosis"] == diagnosis).to_numpy(bool))
    return figures


def _multiclass(table: pd.DataFrame) -> dict[str, Score]:
    labels = labels_of(table)
    probabilities = table[[PREFIX + label for label in labels]].to_numpy(float)
    truth = pd.Categorical(table["truth"], categories=labels).codes.astype(int)
    chosen = probabilities.argmax(1)
    recalls = {label: share(chosen == truth, truth == index) for index, label in enumerate(labels)}
    members = {label: truth == index for index, label in enumerate(labels)}
    return {
        "auc": macro_auc(truth, probabilities),
        "accuracy": share(chosen == truth, np.ones(len(table), bool)),
        "balanced_accuracy": mean_of(list(recalls.values())),
        **{f"recall_{label}": recall for label, recall in recalls.items()},
        **_f1(members, {label: chosen == index for index, label in enumerate(labels)}),
    }


def _f1(members: dict[str, NDArray[np.bool_]], called: dict[str, NDArray[np.bool_]]) -> dict[str, Score]:
    parts = {label: f1(called[label], members[label]) for label in members}
    return {
        **{f"f1_{label}": part for label, part in parts.items()},
        "macro_f1": mean_of(list(parts.values())),
        "weighted_f1": by_support(list(parts.values()), list(members.values())),
    }


def estimate_of(figure: dict[str, Any]) -> Estimate:
    """A figure of ``evaluate`` as an ``Estimate``, for printing."""
    return Estimate(figure["value"], figure["low"], figure["high"])
