"""One answer a lesion or patient, where several images show one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.predictions import PREFIX, labels_of
from tejido.metrics.scores import Score


def one_a_group(table: pd.DataFrame) -> pd.DataFrame | None:
    """A prediction table of groups: the mean probability of their images.

    A group whose images differ in truth, such as a patient with a nevus and a melanoma, is left out.

    Args:
        table: see ``metrics.predictions``.

    Returns:
        A row a group, with its name as ``image_id``; None where no group has two images, or where most would be left
        out: patches of one patient have truths of their own.
    """
    if not table["group_id"].duplicated().any():
        return None
    truths = table.groupby("group_id")["truth"].nunique()
    if (truths == 1).mean() < 0.5:
        return None
    kept = table[table["group_id"].map(truths) == 1]
    probabilities = [PREFIX + label for label in labels_of(table)]
    grouped = kept.groupby("group_id", sort=True)
    # Of an image, such as its diagnosis; what differs within a group is not known of it.
    others = [name for name in kept if name not in ("image_id", "group_id", *probabilities)]
    first, kinds = grouped[others].first(), grouped[others].nunique(dropna=False)
    made = first.where(kinds == 1).join(grouped[probabilities].mean()).reset_index()
    return made.assign(image_id=made["group_id"])


def group_accuracy(right: NDArray[np.bool_], groups: pd.Series) -> Score:
    """The share of right answers of every lesion or patient, and the mean over them, however many images each has.

    BreakHis' patient recognition rate (Spanhol et al. 2016) where groups are patients.

    Args:
        right: whether each image was answered rightly, ``bool[N]``.
        groups: group of each image.
    """
    base = 1 / groups.groupby(groups).transform("size").to_numpy(float)
    hits = base * right

    def value(weights: NDArray[np.floating]) -> float:
        total = float(weights @ base)
        return float(weights @ hits) / total if total else float("nan")

    return value
