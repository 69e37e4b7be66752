"""The scores that every judgement of a prediction table starts from, each by its name and the label it is about."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.predictions import PREFIX, labels_of
from tejido.metrics.scores import Score, auc, by_support, f1, macro_auc, mean_of, share

CANCER = ("malignant", "premalignant")

Scores = dict[tuple[str, str | None], Score]
"""By name, such as ``recall``, and label (of the task, or a diagnosis); None where it is about all."""


def scores_of(table: pd.DataFrame, positive: str | None, threshold: float | None) -> Scores:
    """AUC, accuracy, F1 and what else every task has, as functions of the images' weights.

    Args:
        table: see ``metrics.predictions``; where it has ``diagnosis`` and ``malignancy``, a binary task also gets the
            sensitivity for each cancer.
        positive: the positive label of a binary task, or None.
        threshold: of the positive label, chosen elsewhere; None leaves out what needs a decision.
    """
    return _several(table) if positive is None else _binary(table, positive, threshold)


def key_of(name: str, label: str | None) -> str:
    """The key of a score in JSON and CSV, such as ``accuracy`` or ``recall_nevus``."""
    return name if label is None else f"{name}_{label}"


def values_of(table: pd.DataFrame) -> NDArray[np.float64]:
    """Probabilities ``float64[N, K]``, in the order of the labels."""
    return table[[PREFIX + label for label in labels_of(table)]].to_numpy(float)


def indices_of(table: pd.DataFrame) -> NDArray[np.int64]:
    """Index of each image's true label, ``int64[N]``."""
    return np.asarray(pd.Categorical(table["truth"], categories=labels_of(table)).codes, np.int64)


def decided(table: pd.DataFrame, positive: str | None, threshold: float | None) -> NDArray[np.int64]:
    """Index of the label that each image is given, ``int64[N]``: by the threshold, or the most probable one."""
    values = values_of(table)
    if positive is None or threshold is None:
        return np.asarray(values.argmax(1), np.int64)
    index = labels_of(table).index(positive)
    return np.asarray(np.where(values[:, index] >= threshold, index, 1 - index), np.int64)


def certainty_of(table: pd.DataFrame, positive: str | None, threshold: float | None) -> NDArray[np.float64]:
    """How certain each answer is: the probability of the likeliest label or, with a threshold, the distance from it.

    Each side of the threshold is measured by its own width, so that 1 is most certain on both.
    """
    values = values_of(table)
    if positive is None or threshold is None:
        return np.asarray(values.max(1))
    score = values[:, labels_of(table).index(positive)]
    above, below = (score - threshold) / max(1 - threshold, 1e-9), (threshold - score) / max(threshold, 1e-9)
    return np.asarray(np.where(score >= threshold, above, below))


def _binary(table: pd.DataFrame, positive: str, threshold: float | None) -> Scores:
    score = table[PREFIX + positive].to_numpy(float)
    truth = (table["truth"] == positive).to_numpy(bool)
    found: Scores = {("auc", None): auc(truth, score)}
    if threshold is None:
        return found
    called = score >= threshold
    sides = share(called, truth), share(~called, ~truth)
    found["accuracy", None] = share(called == truth, np.ones(len(table), bool))
    found["sensitivity", None], found["specificity", None] = sides
    found["balanced_accuracy", None] = mean_of(list(sides))
    found |= _f1(table, decided(table, positive, threshold))
    if {"diagnosis", "malignancy"} <= set(table):
        cancers = table.loc[truth & table["malignancy"].isin(CANCER).to_numpy(bool), "diagnosis"]
        for diagnosis in sorted(cancers.dropna().unique()):
            found["sensitivity", diagnosis] = share(called, table["diagnosis"].isin([diagnosis]).to_numpy(bool))
    return found


def _several(table: pd.DataFrame) -> Scores:
    values, truth = values_of(table), indices_of(table)
    chosen = values.argmax(1)
    recalls = {label: share(chosen == index, truth == index) for index, label in enumerate(labels_of(table))}
    return {
        ("auc", None): macro_auc(truth, values),
        ("accuracy", None): share(chosen == truth, np.ones(len(table), bool)),
        ("balanced_accuracy", None): mean_of(list(recalls.values())),
        **{("recall", label): recall for label, recall in recalls.items()},
        **_f1(table, chosen),
    }


def _f1(table: pd.DataFrame, chosen: NDArray[np.int64]) -> Scores:
    labels, truth = labels_of(table), indices_of(table)
    members = [truth == index for index in range(len(labels))]
    parts = [f1(chosen == index, member) for index, member in enumerate(members)]
    single: Scores = {("f1", label): part for label, part in zip(labels, parts, strict=True)}
    return {**single, ("macro_f1", None): mean_of(parts), ("weighted_f1", None): by_support(parts, members)}
