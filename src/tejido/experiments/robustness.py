"""What a model file answers when pictures are not as good as those it was tested on."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.errors import DataError
from tejido.experiments.pictures import pixels_of
from tejido.experiments.predict import labelled
from tejido.imaging.corruption import NAMES, SEVERITIES, corrupt
from tejido.metrics import predictions
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.few import Few
from tejido.metrics.named import scores_of
from tejido.metrics.scores import Score, share
from tejido.runtime.classifier import Classifier, Prediction

BINARY = ("auc", "sensitivity", "specificity")
SEVERAL = ("auc", "balanced_accuracy")


@dataclass(frozen=True)
class Corrupted:
    """Answers to pictures corrupted in one way.

    Attributes:
        name: of the corruption.
        severity: 1 to 5.
        images: that were answered before, and so are looked at.
        refused: share of them that now is refused.
        figures: of those that still are answered.
        differences: from the figures of the same images before.
        same: share of them that keeps its label.
    """

    name: str
    severity: int
    images: int
    refused: Estimate
    figures: dict[str, Estimate]
    differences: dict[str, Estimate]
    same: Estimate


def robustness(
    model: Classifier,
    manifest: Path,
    split: Path | None = None,
    side: str = "test",
    *,
    limit: int = 500,
    rounds: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Corrupted]:
    """Corrupt pictures in every way and severity, and compare the answers with those to the pictures as they are.

    Args:
        model: the file.
        manifest: of the images.
        split: whose ``side`` alone is asked about; None asks about all images.
        side: of the split.
        limit: largest number of pictures, one of a group, drawn by lot.
        rounds: of the bootstrap.
        seed: of the lot and of the bootstrap.
        progress: called with how many pictures are done, and of how many.

    Raises:
        TejidoError: a table or a picture cannot be read, no image has a label of the task, or all are refused.
    """
    metadata = model.metadata
    rows, truth = labelled(manifest, split, side, metadata.task, metadata.label_names)
    rows = rows.assign(truth=truth).sample(frac=1, random_state=seed).drop_duplicates("group_id").head(limit)
    ways = [(name, severity) for name in NAMES for severity in SEVERITIES]

    def answers(pixels: NDArray[np.uint8], key: str) -> list[Prediction]:
        clean = model.predict(pixels)
        return [clean, *(model.predict(corrupt(pixels, *way, key)) for way in ways)]

    found: list[list[Prediction]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(rows), 32):  # not all pictures in memory
            part = rows.iloc[start : start + 32]
            found += pool.map(answers, pixels_of(part), part["image_id"])
            progress(len(found), len(rows))
    clean = [one[0] for one in found]
    kept = np.array([not one.refused for one in clean])
    if not kept.any():
        raise DataError(f"{metadata.name} refuses all {len(rows):,} pictures as they are")
    before = _table(model, rows, clean)
    return [
        _compared(model, name, severity, before, rows, [one[1 + place] for one in found], kept, rounds, seed)
        for place, (name, severity) in enumerate(ways)
    ]


def _compared(
    model: Classifier,
    name: str,
    severity: int,
    before: pd.DataFrame,
    rows: pd.DataFrame,
    answers: list[Prediction],
    kept: NDArray[np.bool_],
    rounds: int,
    seed: int,
) -> Corrupted:
    refused = np.array([one.refused for one in answers])
    images = int(kept.sum())
    asked = GroupBootstrap(rows["group_id"][kept], rounds=rounds, seed=seed)
    lost = asked.estimate(share(refused[kept], np.ones(images, bool)))
    both = kept & ~refused
    if not both.any():
        return Corrupted(name, severity, images, lost, {}, {}, Estimate(float("nan"), None, None))
    bootstrap = GroupBootstrap(rows["group_id"][both], rounds=rounds, seed=seed)
    after = _table(model, rows, answers)
    old, new = (_scores(model, table[both].reset_index(drop=True)) for table in (before, after))
    same = (before["label"] == after["label"]).to_numpy(bool)[both]
    enough = Few(before[both])() is None
    return Corrupted(
        name,
        severity,
        images,
        lost,
        {key: bootstrap.estimate(score, enough=enough) for key, score in new.items()},
        {key: bootstrap.difference(score, old[key], enough=enough) for key, score in new.items()},
        bootstrap.estimate(share(same, np.ones(len(same), bool))),
    )


def _scores(model: Classifier, table: pd.DataFrame) -> dict[str, Score]:
    metadata = model.metadata
    threshold = None if metadata.positive is None else metadata.thresholds[metadata.positive]
    names = SEVERAL if metadata.positive is None else BINARY
    scores = scores_of(table.drop(columns="label"), metadata.positive, threshold)
    return {name: scores[name, None] for name in names}


def _table(model: Classifier, rows: pd.DataFrame, answers: list[Prediction]) -> pd.DataFrame:
    names = model.metadata.label_names
    values = np.array([[one.probabilities[name] for name in names] for one in answers])
    table = predictions.make(rows, rows["truth"].tolist(), names, values)
    return table.assign(label=[one.label for one in answers])
