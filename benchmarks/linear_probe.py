"""A linear probe: what can be read off frozen features by a logistic regression."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tejido.metrics.scores import auc

STRENGTHS = (0.0001, 0.001, 0.01, 0.1)


def probe(
    features: NDArray[np.float32], truth: NDArray[np.int64], train: NDArray[np.bool_], val: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    """A balanced logistic regression; of ``STRENGTHS`` the one with the best macro AUC on validation.

    Args:
        features: ``float32[N, F]``.
        truth: classes from 0, all of them in ``train``; only the rows of ``train`` and ``val`` are looked at.
        train: ``bool[N]``, rows to fit.
        val: ``bool[N]``, rows to choose by.

    Returns:
        Probabilities ``float64[N, C]`` of all rows, and the strength chosen.
    """
    scaled = StandardScaler().fit(features[train]).transform(features)
    model = LogisticRegression(class_weight="balanced", max_iter=2000, warm_start=True)  # from weak to strong
    answers = {}
    for strength in STRENGTHS:
        model.set_params(C=strength).fit(scaled[train], truth[train])
        answers[strength] = np.asarray(model.predict_proba(scaled))

    def macro(strength: float) -> float:
        weights = np.ones(int(val.sum()))
        parts = [auc(truth[val] == label, column[val])(weights) for label, column in enumerate(answers[strength].T)]
        return float(np.nanmean(parts))  # a rare class may be missing in validation

    best = max(STRENGTHS, key=macro)
    return answers[best], best


def out_of_fold(
    features: NDArray[np.float32], truth: NDArray[np.int64], sides: list[NDArray[Any]]
) -> tuple[NDArray[np.float64], list[float]]:
    """Every image's answer by a probe that saw no image of its group.

    Args:
        features: ``float32[N, F]``.
        truth: classes from 0; rows of -1 are answered, but never learned from.
        sides: for each fold ``train``, ``val`` or ``test`` of every row.

    Returns:
        Probabilities ``float64[N, C]``, and the strength chosen in each fold.
    """
    answers = np.full((len(truth), truth.max() + 1), np.nan)
    strengths = []
    for side in sides:
        told, strength = probe(features, truth, (side == "train") & (truth >= 0), (side == "val") & (truth >= 0))
        answers[side == "test"] = told[side == "test"]
        strengths.append(strength)
    return answers, strengths


def shuffled(truth: NDArray[np.int64], groups: pd.Series, *, seed: int = 0) -> NDArray[np.int64]:
    """The labels of whole groups in another order: a probe of them must find nothing, unless the folds leak."""
    put = truth >= 0
    label = pd.Series(truth[put]).groupby(groups[put].to_numpy()).first()
    mixed = dict(zip(label.index, np.random.default_rng(seed).permutation(label.to_numpy()), strict=True))
    return np.where(put, groups.map(mixed).fillna(-1).to_numpy(np.int64), -1)
