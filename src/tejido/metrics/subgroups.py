"""How figures differ between parts of the images: by sex, age, site, skin, source.

Every part is compared with all images by the same resamples of groups, so that the difference is paired. A part may
look different by chance alone when many are looked at: the probabilities are adjusted for their number (Holm 1979), and
only what remains improbable is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from tejido.errors import DataError
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.compare import holm
from tejido.metrics.few import Few
from tejido.metrics.named import scores_of
from tejido.metrics.predictions import check
from tejido.metrics.scores import Score

LEVEL = 0.05
"""Chance of even one false flag in the whole table."""
BINARY = ("auc", "sensitivity", "specificity")
SEVERAL = ("auc", "balanced_accuracy", "macro_f1")
UNKNOWN = "not known"


@dataclass(frozen=True)
class Difference:
    """One figure of one part of the images.

    Attributes:
        attribute: what the images were divided by, such as ``sex``.
        value: of the attribute in this part, ``not known`` where it is null.
        images: in the part.
        groups: in the part.
        figure: such as ``auc``.
        estimate: of the part.
        difference: the part's figure minus that of all images.
        p: two-sided, adjusted for all figures of the table; None where nothing was tested.
        note: why there is no interval, or no value.
    """

    attribute: str
    value: str
    images: int
    groups: int
    figure: str
    estimate: Estimate
    difference: Estimate
    p: float | None
    note: str | None

    @property
    def flagged(self) -> bool:
        """Whether the difference is more than chance would make in a table of this length."""
        return self.p is not None and self.p < LEVEL


def differences(
    table: pd.DataFrame,
    attributes: pd.DataFrame,
    *,
    positive: str | None,
    threshold: float | None,
    rounds: int = 2000,
    seed: int = 0,
) -> list[Difference]:
    """Figures of every part of the images, beside those of all.

    Args:
        table: see ``metrics.predictions``.
        attributes: a column an attribute, a row an image in the order of ``table``; null is not known. Values come in
            the order of a categorical column's categories. A column with one value alone is left out.
        positive: the positive label of a binary task, or None.
        threshold: of the positive label, chosen elsewhere; None leaves out what needs a decision.
        rounds: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        DataError: not a prediction table, or attributes of other images.
    """
    check(table)
    if len(attributes) != len(table):
        raise DataError(f"there are {len(table):,} predictions, and attributes of {len(attributes):,} images")
    table = table.reset_index(drop=True)
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    whole = _scores(table, positive, threshold)
    ones = np.ones(len(table))
    values = {name: score(ones) for name, score in whole.items()}
    draws = {name: bootstrap.resamples(score) for name, score in whole.items()}
    found = []
    for attribute in attributes:
        column = pd.Categorical(attributes[attribute])  # in order, where there is one
        parts = {str(name): np.flatnonzero(column.codes == code) for code, name in enumerate(column.categories)}
        parts[UNKNOWN] = np.flatnonzero(column.codes < 0)
        parts = {name: part for name, part in parts.items() if len(part)}
        if len(parts) < 2:
            continue
        for value, part in parts.items():
            found += _part(str(attribute), value, table, part, bootstrap, values, draws, positive, threshold)
    return adjusted(found)


def adjusted(found: list[Difference]) -> list[Difference]:
    """The same with ``p`` adjusted by Holm's step-down method over all that were tested."""
    return [replace(one, p=p) for one, p in zip(found, holm([one.p for one in found]), strict=True)]


def _part(
    attribute: str,
    value: str,
    table: pd.DataFrame,
    part: NDArray[np.intp],
    bootstrap: GroupBootstrap,
    values: dict[str, float],
    draws: dict[str, NDArray[np.float64]],
    positive: str | None,
    threshold: float | None,
) -> list[Difference]:
    rows = table.iloc[part].reset_index(drop=True)
    # A part with few of any label that the whole table has is shown and not judged.
    few = Few(rows, table["truth"].unique())()
    found = []
    # With the labels of the whole table, so that a part without one of them is undefined and not another task.
    for name, score in _scores(rows, positive, threshold).items():
        own = score(np.ones(len(rows)))
        estimate = difference = Estimate(own, None, None)
        p, note = None, few
        if np.isnan(own):
            note = "undefined for these images"
        elif few is None:
            drawn = bootstrap.resamples(score, part)
            estimate = bootstrap.interval(own, drawn)
            if estimate.low is None:
                note = "resamples do not tell"
            else:
                difference = bootstrap.interval(own - values[name], drawn - draws[name])
                p = _probability(own - values[name], drawn - draws[name])
        if difference.low is None:
            difference = Estimate(own - values[name], None, None)
        found.append(
            Difference(
                attribute, value, len(rows), int(rows["group_id"].nunique()), name, estimate, difference, p, note
            )
        )
    return found


def _probability(difference: float, draws: NDArray[np.float64]) -> float:
    """Two-sided, with the standard error that the resamples show; they are too few to count so rare cases in them."""
    deviation = float(np.nanstd(draws))
    return float(2 * norm.sf(abs(difference) / deviation)) if deviation > 0 else 1.0


def _scores(table: pd.DataFrame, positive: str | None, threshold: float | None) -> dict[str, Score]:
    names = SEVERAL if positive is None else BINARY
    return {
        key[0]: score for key, score in scores_of(table, positive, threshold).items() if key[0] in names and not key[1]
    }
