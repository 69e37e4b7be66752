"""Pictures that were judged wrongly: the most certain errors, and the melanomas that were missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido import taxonomy
from tejido.errors import TejidoError
from tejido.experiments.pictures import pixels_of
from tejido.experiments.predict import Predictions
from tejido.metrics.named import decided, values_of
from tejido.metrics.predictions import PREFIX, labels_of
from tejido.runtime.classifier import Classifier

WORST = 12
"""Errors of either kind that are shown."""
MISSED = 24
"""Missed melanomas that are shown."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Error:
    """A picture that was judged wrongly.

    Attributes:
        image_id: of the picture.
        truth: its label.
        answer: what was said.
        diagnosis: where it is known.
        probability: of the answer.
        pixels: ``uint8[H, W, 3]``, or None where the file is not at hand.
        heatmap: ``float32[h, w]``, or None.
    """

    image_id: str
    truth: str
    answer: str
    diagnosis: str | None
    probability: float
    pixels: NDArray[np.uint8] | None
    heatmap: NDArray[np.float32] | None


@dataclass(frozen=True)
class Missed:
    """Melanomas below the threshold.

    Attributes:
        images: how many pictures of melanomas were missed.
        groups: of how many lesions or patients.
        of: pictures of melanomas in all.
        shown: up to ``MISSED`` of them, the least suspected first.
    """

    images: int
    groups: int
    of: int
    shown: Sequence[Error]


def worst_errors(
    found: Predictions, model: Classifier | None, *, pictures: bool, progress: Progress = lambda done, total: None
) -> list[Error]:
    """The most certain of the wrong answers, ``WORST`` of each label.

    Args:
        found: the answers.
        model: draws heatmaps; None does not.
        pictures: with pictures and heatmaps, rather than names alone.
        progress: called with how many are done, and of how many.
    """
    if found.positive is not None and found.threshold is None:
        return []
    table = found.table
    said = decided(table, found.positive, found.threshold)
    answers = np.array(labels_of(table))[said]
    certain = values_of(table)[np.arange(len(table)), said]
    if found.positive is not None:
        # How far on the wrong side of the threshold: the probability of the positive label decides.
        certain = np.abs(table[PREFIX + found.positive].to_numpy(float) - (found.threshold or 0))
    wrong = pd.DataFrame({"truth": table["truth"].to_numpy(str), "certain": certain})
    wrong = wrong[answers != wrong["truth"]]
    worst = wrong.sort_values("certain", ascending=False).groupby("truth", sort=True).head(WORST)
    places = worst.sort_values(["truth", "certain"], ascending=[True, False]).index
    return _errors(found, model, list(places), said, pictures=pictures, progress=progress)


def missed_melanomas(
    found: Predictions, model: Classifier | None, progress: Progress = lambda done, total: None
) -> Missed | None:
    """Melanomas, and what is finer than that, which are not called positive at the threshold.

    Args:
        found: the answers.
        model: draws heatmaps; None does not.
        progress: called with how many are done, and of how many.

    Returns:
        None where there is no threshold, no diagnosis, or no melanoma among the positives.
    """
    table = found.table
    if found.positive is None or found.threshold is None or "diagnosis" not in table:
        return None
    melanoma = (table["truth"] == found.positive).to_numpy(bool) & table["diagnosis"].map(_is_melanoma).to_numpy(bool)
    if not melanoma.any():
        return None
    said = decided(table, found.positive, found.threshold)
    score = table[PREFIX + found.positive].to_numpy(float)
    missed = np.flatnonzero(melanoma & (score < found.threshold))
    places = missed[np.argsort(score[missed], kind="stable")][:MISSED].tolist()
    shown = _errors(found, model, places, said, pictures=True, progress=progress)
    return Missed(len(missed), int(table["group_id"].iloc[missed].nunique()), int(melanoma.sum()), shown)


def _is_melanoma(diagnosis: object) -> bool:
    return (
        isinstance(diagnosis, str) and diagnosis in taxonomy.diagnoses() and "melanoma" in taxonomy.lineage(diagnosis)
    )


def _errors(
    found: Predictions,
    model: Classifier | None,
    places: list[int],
    said: NDArray[np.int64],
    *,
    pictures: bool,
    progress: Progress,
) -> list[Error]:
    """Of these rows of the table."""
    labels, values = labels_of(found.table), values_of(found.table)
    shown = []
    for done, place in enumerate(places):
        progress(done, len(places))
        row = found.table.iloc[place]
        pixels, heatmap = _seen(found, model, place) if pictures else (None, None)
        diagnosis = str(row["diagnosis"]) if "diagnosis" in found.table and pd.notna(row["diagnosis"]) else None
        answer = labels[said[place]]
        probability = float(values[place, said[place]])
        shown.append(Error(str(row["image_id"]), str(row["truth"]), answer, diagnosis, probability, pixels, heatmap))
    return shown


def _seen(
    found: Predictions, model: Classifier | None, place: int
) -> tuple[NDArray[np.uint8] | None, NDArray[np.float32] | None]:
    if found.rows is None or "path" not in found.rows:
        return None, None
    row = found.rows.iloc[[place]]
    if "aspect" not in row:
        row = row.assign(aspect=np.nan)
    try:
        (pixels,) = pixels_of(row)
    except TejidoError:
        return None, None
    return pixels, None if model is None else model.predict(pixels).heatmap
