"""What a compressed model must still be able to do before it may be written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tejido.experiments.judge import decisions
from tejido.metrics.named import scores_of
from tejido.taxonomy import Task


@dataclass(frozen=True)
class Kept:
    """What was found on the images of validation.

    Attributes:
        images: how many there are.
        labels: share that gets the same label as from the network before.
        auc: of the compressed file.
        auc_before: of the network before, in float32.
    """

    images: int
    labels: float
    auc: float
    auc_before: float

    @property
    def change(self) -> float:
        """Of the AUC."""
        return self.auc - self.auc_before

    def broken(self, labels: float, auc: float) -> str | None:
        """What speaks against the file, in words; None if nothing does.

        Args:
            labels: smallest share of equal labels.
            auc: largest absolute change of the AUC.
        """
        found = []
        if not self.labels >= labels:
            found.append(
                f"{self.labels:.4f} of {self.images:,} validation labels are equal (at least {labels:g} must be)"
            )
        if not abs(self.change) <= auc:
            found.append(f"the AUC went from {self.auc_before:.4f} to {self.auc:.4f} (by {auc:g} at most)")
        return "; ".join(found) or None


Answers = tuple[pd.DataFrame, float | None]
"""Predictions of validation, and the threshold of the positive label."""


def compare(before: Answers, after: Answers, task: Task) -> Kept:
    """A compressed file's answers against the network's."""
    labels = [decisions(table, task, threshold) for table, threshold in (before, after)]
    ones = np.ones(len(before[0]))
    aucs = [scores_of(table, task.positive, threshold)["auc", None](ones) for table, threshold in (before, after)]
    equal = float(np.mean([one == other for one, other in zip(*labels, strict=True)]))
    return Kept(len(ones), equal, auc=aucs[1], auc_before=aucs[0])
