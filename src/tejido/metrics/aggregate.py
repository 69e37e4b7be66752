"""What the patches of an image say together.

Four rules, on calibrated probabilities of patches. In a binary task they look at the positive label, whose score is

- ``vote``: the share of patches with a probability of 0.5 or more (uma2022);
- ``mean``, ``max``: the mean, the largest;
- ``top_k``: the mean of the ``k`` largest, or of all where there are fewer;

and the other label has the rest to 1. With more labels ``vote`` counts the most probable label of every patch (the
first of equals), and the others take each label on its own; ``max`` and ``top_k`` are then divided by their sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.predictions import PREFIX, labels_of

RULES = ("vote", "mean", "max", "top_k")


def aggregate(
    patches: NDArray[np.floating], rule: str, *, positive: int | None = None, top_k: int = 3
) -> NDArray[np.float64]:
    """Probabilities of images from those of their patches.

    Args:
        patches: ``[N, P, C]``, images by patches by labels.
        rule: one of ``RULES``.
        positive: index of the positive label of a binary task.
        top_k: for the rule of that name.

    Returns:
        ``float64[N, C]`` that sum to 1. Those of ``vote`` and ``max`` are scores, not frequencies to be expected.
    """
    values = np.asarray(patches, float)
    if positive is not None:
        score = _score(values[:, :, positive], values[:, :, positive] >= 0.5, rule, top_k)
        result = np.empty((len(values), 2))
        result[:, positive], result[:, 1 - positive] = score, 1 - score
        return result
    chosen = values.argmax(2)[:, :, None] == np.arange(values.shape[2])
    scores = _score(values, chosen, rule, top_k)
    return np.asarray(scores / scores.sum(1, keepdims=True))


def of_images(
    table: pd.DataFrame, rule: str, *, positive: str | None = None, top_k: int = 3
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """The prediction table of images from that of their patches, and the votes.

    Args:
        table: predictions with the column ``patch``, every image's patches from 0 one after the other.
        rule: one of ``RULES``.
        positive: the positive label of a binary task.
        top_k: for the rule of that name.

    Returns:
        The table without ``patch``, a row an image, and how many patches of each call the positive label
        (``int64[N]``; all 0 where there is none).
    """
    labels = labels_of(table)
    columns = [PREFIX + label for label in labels]
    values = _stacked(table, columns)
    index = None if positive is None else labels.index(positive)
    images = table[table["patch"] == 0].drop(columns="patch").reset_index(drop=True)
    images[columns] = aggregate(values, rule, positive=index, top_k=top_k)
    votes = np.zeros(len(values), np.int64) if index is None else (values[:, :, index] >= 0.5).sum(1)
    return images, votes


def _stacked(table: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.float64]:
    count = int(table["patch"].max()) + 1
    ids = table["image_id"].to_numpy().reshape(-1, count)
    assert (ids == ids[:, :1]).all(), "patches of an image stand apart"
    return table[list(columns)].to_numpy(float).reshape(-1, count, len(columns))


def _score(values: NDArray[np.float64], chosen: NDArray[np.bool_], rule: str, top_k: int) -> NDArray[np.float64]:
    if rule == "vote":
        return np.asarray(chosen.mean(1))
    if rule == "mean":
        return np.asarray(values.mean(1))
    if rule == "max":
        return np.asarray(values.max(1))
    return np.asarray(np.sort(values, axis=1)[:, -top_k:].mean(1))
