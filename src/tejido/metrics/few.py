"""The one rule for small numbers: of fewer than ten groups of a kind a figure is given without an interval.

Resampling so few lesions or patients does not tell how sure a figure is.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.metrics.predictions import labels_of

LEAST = 10
"""Groups of a kind that an interval needs."""


def enough(groups: pd.Series, among: NDArray[np.bool_]) -> bool:
    """Whether the images of ``among`` are of so many groups that a share of them may have an interval."""
    return int(groups[among].nunique()) >= LEAST


class Few:
    """Why a figure of a prediction table gets no interval.

    A figure about one label needs groups of it and of the rest, one about a diagnosis groups of the diagnosis, and one
    about all images groups of every label.

    Args:
        table: see ``metrics.predictions``.
        labels: those that a figure about all images needs; by default those that occur, and they must be two.
    """

    def __init__(self, table: pd.DataFrame, labels: Iterable[str] | None = None) -> None:
        self._groups = table["group_id"]
        self._truth = table["truth"].astype(str)
        self._labels = labels_of(table)
        self._diagnoses = table["diagnosis"] if "diagnosis" in table else pd.Series("", table.index)
        present = sorted(self._truth.unique())
        if labels is None and len(present) < 2:
            self._whole: str | None = f"all images are {present[0]!r}" if present else "no image"
        else:
            self._whole = self._first(present if labels is None else sorted(labels))

    def __call__(self, label: str | None = None) -> str | None:
        """The reason in words, None where an interval is in order.

        Args:
            label: that the figure is about, a diagnosis, or anything else for a figure about all images.
        """
        own = self._truth == label
        if len(self._labels) > 2 and own.any() and not own.all():
            return self._words(own, repr(label)) or self._words(~own, f"not {label!r}")
        diagnosed = self._diagnoses.isin([label])
        if self._whole is None and label is not None and diagnosed.any():
            return self._words(diagnosed, repr(label))
        return self._whole

    def _first(self, labels: list[str]) -> str | None:
        """The reason that the rarest of these labels gives."""
        counts = {label: int(self._groups[self._truth == label].nunique()) for label in labels}
        rarest = min(counts, key=lambda label: counts[label])
        return self._words(self._truth == rarest, repr(rarest))

    def _words(self, member: pd.Series, kind: str) -> str | None:
        count = int(self._groups[member].nunique())
        return None if count >= LEAST else f"only {count} groups are {kind}; {LEAST} are needed for an interval"
