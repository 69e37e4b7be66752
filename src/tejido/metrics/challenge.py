"""The scores of the ISIC challenges, each as that year's organisers defined its primary metric.

2016 task 3: average precision of malignant. 2017 part 3: mean AUC of melanoma and of seborrheic keratosis, each against
the rest. 2018 task 3 and 2019: balanced multi-class accuracy, the mean recall of the most probable label. 2020: AUC of
malignant. 2024: area under the ROC curve above a sensitivity of 0.8, between 0 and 0.2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.errors import DataError
from tejido.metrics.curves import average_precision, partial_auc
from tejido.metrics.predictions import PREFIX, check, labels_of
from tejido.metrics.scores import Score, auc, mean_of, share

CHALLENGES = ("isic2016", "isic2017", "isic2018", "isic2019", "isic2020", "isic2024")
_LEAST_SENSITIVITY = 0.8
_OF_2017 = ("melanoma", "seborrheic_keratosis")


def challenge(name: str, table: pd.DataFrame, positive: str | None = None) -> Score:
    """A challenge's score of a prediction table.

    Args:
        name: one of ``CHALLENGES``.
        table: see ``metrics.predictions``.
        positive: the malignant label, for the challenges that have two.

    Raises:
        DataError: no such challenge, or the table's labels are not those of its task.
    """
    check(table)
    if name not in CHALLENGES:
        raise DataError(f"there is no challenge {name!r}; there are: {', '.join(CHALLENGES)}")
    if name in ("isic2018", "isic2019"):
        return _balanced(table)
    if name == "isic2017":
        lacking = [label for label in _OF_2017 if label not in labels_of(table)]
        if lacking:
            raise DataError(f"ISIC 2017 scores {' and '.join(_OF_2017)}; the predictions have no {lacking[0]}")
        return mean_of([_of(auc, table, label) for label in _OF_2017])
    if positive is None or positive not in labels_of(table):
        raise DataError(f"{name} needs the malignant label; the predictions have: {', '.join(labels_of(table))}")
    if name == "isic2016":
        return _of(average_precision, table, positive)
    return _of(auc if name == "isic2020" else _above_sensitivity, table, positive)


def _above_sensitivity(positive: NDArray[np.bool_], score: NDArray[np.floating]) -> Score:
    """ISIC 2024: seen from the other side, a part of the ROC curve at low false-positive rates."""
    most = 1 - _LEAST_SENSITIVITY
    stretched = partial_auc(~positive, -score, 1 - most)

    def value(weights: NDArray[np.float64]) -> float:
        chance = most**2 / 2
        return chance + (most - chance) * (2 * stretched(weights) - 1)

    return value


def _balanced(table: pd.DataFrame) -> Score:
    labels = labels_of(table)
    chosen = table[[PREFIX + label for label in labels]].to_numpy(float).argmax(1)
    truth = pd.Categorical(table["truth"], categories=labels).codes
    present = [index for index in range(len(labels)) if (truth == index).any()]
    return mean_of([share(chosen == index, truth == index) for index in present])


def _of(kind: Callable[[NDArray[np.bool_], NDArray[np.floating]], Score], table: pd.DataFrame, label: str) -> Score:
    return kind((table["truth"] == label).to_numpy(bool), table[PREFIX + label].to_numpy(float))
