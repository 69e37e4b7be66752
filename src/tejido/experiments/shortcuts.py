"""What else a model may answer by than the lesion: why the picture was taken, by whom, and what lies around it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tejido.errors import DataError, ModelFileError
from tejido.experiments.pictures import lesion_of, pixels_of
from tejido.experiments.predict import Predictions
from tejido.export.gating import Insides
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.few import Few
from tejido.metrics.named import scores_of
from tejido.metrics.predictions import PREFIX, labels_of
from tejido.metrics.scores import macro_auc
from tejido.runtime.classifier import Classifier

ATTRIBUTES = ("source", "confirmation", "device")
"""What a probe looks for: nothing of it is in the lesion."""
LEAST_GROUPS = 20
"""Lesions or patients of a value without which a probe does not look for it."""
FOLDS = 5
_MARGIN = 0.03  # of the longer side, by which covers reach beyond the outline
_STRENGTH = 0.01
_PROBED = 4000


@dataclass(frozen=True)
class Probe:
    """How well what a network sees in a picture tells something that is not in the lesion.

    Attributes:
        attribute: such as ``confirmation``.
        among: the true label of the images that are asked about, all of one, so that the disease cannot answer.
        values: that were told apart.
        images: how many.
        auc: of a linear probe on the vector that the head reads, out of fold; .5 is chance.
    """

    attribute: str
    among: str
    values: tuple[str, ...]
    images: int
    auc: Estimate


@dataclass(frozen=True)
class Covered:
    """What the model answers where part of the picture is covered by the mean colour of the skin.

    Attributes:
        name: ``lesion`` or ``surroundings``.
        images: with a mask, that were answered as they are.
        auc: now.
        difference: from the same images uncovered.
    """

    name: str
    images: int
    auc: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Shortcuts:
    """What was found; empty where nothing could be asked."""

    probes: tuple[Probe, ...]
    covered: tuple[Covered, ...]


def shortcuts(
    found: Predictions,
    file: Path,
    *,
    rounds: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Shortcuts:
    """Probe what a network knows, and cover lesions and what is around them.

    A probe above chance says that the network can see it, not that it uses it. What is left of the AUC without the
    lesion is due to something else, or to what the lesion does to the picture around it.

    Args:
        found: answers, with rows of a manifest.
        file: the model file that gave them.
        rounds: of the bootstrap.
        seed: of folds and bootstrap.
        progress: called with how many pictures were looked at, and of how many.

    Raises:
        DataError: nothing is known of the images.
        ModelFileError: the file judges patches, or computes its head in int8.
        ImageError: a picture cannot be read.
    """
    rows = found.rows
    if rows is None or "path" not in rows:
        raise DataError(f"{found.title}: the manifest is gone or has changed, so the pictures are not at hand")
    data = file.read_bytes()
    model = Classifier(data)
    if model.metadata.patches is not None:
        raise ModelFileError(f"{model.metadata.name} judges patches; shortcuts are looked for in whole pictures")
    look = Insides(data)
    masked = "mask_path" in rows

    def one(place: int, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], list[dict[str, float]] | None]:
        _, vector = look(pixels)
        lesion = _lesion(rows.iloc[place], pixels) if masked else None
        if lesion is None:
            return vector, None
        skin = np.rint(pixels[~lesion].mean(0)).astype(np.uint8)
        covers = (np.where(where[..., None], skin, pixels) for where in (lesion, ~lesion))
        return vector, [model.predict(cover).probabilities for cover in covers]

    answers: list[tuple[NDArray[np.float32], list[dict[str, float]] | None]] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pictures = enumerate(pixels_of(rows))
        while part := list(islice(pictures, 64)):  # not all pictures in memory
            answers += pool.map(lambda item: one(*item), part)
            progress(len(answers), len(rows))
    vectors = np.stack([vector for vector, _ in answers])
    truth = found.table["truth"].astype(str)
    probes = [
        _probe(vectors, rows, truth, attribute, label, rounds, seed)
        for attribute in ATTRIBUTES
        if attribute in rows
        for label in truth.value_counts().index
    ]
    known = np.array([covered is not None for _, covered in answers])
    covered = [covered for _, covered in answers if covered is not None]
    return Shortcuts(
        tuple(probe for probe in probes if probe is not None),
        _covered(found, known, covered, rounds, seed) if known.any() else (),
    )


def _probe(
    vectors: NDArray[np.float32],
    rows: pd.DataFrame,
    truth: pd.Series,
    attribute: str,
    label: str,
    rounds: int,
    seed: int,
) -> Probe | None:
    values = rows[attribute].astype("string").reset_index(drop=True)
    groups = rows["group_id"].reset_index(drop=True)
    asked = (truth == label).to_numpy(bool) & values.notna().to_numpy(bool)
    counts = groups[asked].groupby(values[asked]).nunique()
    names = tuple(sorted(str(name) for name, count in counts.items() if count >= LEAST_GROUPS))
    asked &= values.isin(names).to_numpy(bool)
    if len(names) < 2:
        return None
    places = np.flatnonzero(asked)
    if len(places) > _PROBED:
        places = np.sort(np.random.default_rng(seed).choice(places, _PROBED, replace=False))
    target = values.iloc[places].map(names.index).to_numpy(int)
    group = groups.iloc[places].reset_index(drop=True)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_STRENGTH, max_iter=1000))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    said = cross_val_predict(model, vectors[places], target, groups=group, cv=folds, method="predict_proba")
    score = macro_auc(target, said)
    return Probe(attribute, label, names, len(places), GroupBootstrap(group, rounds=rounds, seed=seed).estimate(score))


def _covered(
    found: Predictions, known: NDArray[np.bool_], answers: list[list[dict[str, float]]], rounds: int, seed: int
) -> tuple[Covered, ...]:
    table = found.table[known].reset_index(drop=True)
    before = scores_of(table, found.positive, None)["auc", None]
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds, seed=seed)
    enough = Few(table)() is None
    made = []
    for place, name in enumerate(("lesion", "surroundings")):
        values = {PREFIX + label: [answer[place][label] for answer in answers] for label in labels_of(table)}
        now = scores_of(table.assign(**values), found.positive, None)["auc", None]
        area, difference = bootstrap.estimate(now, enough=enough), bootstrap.difference(now, before, enough=enough)
        made.append(Covered(name, len(table), area, difference))
    return tuple(made)


def _lesion(row: pd.Series, pixels: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """The lesion and a margin around it."""
    lesion = lesion_of(row, pixels)
    if lesion is None:
        return None
    wide: NDArray[np.bool_] = binary_dilation(lesion, iterations=max(1, round(_MARGIN * max(lesion.shape))))
    return None if wide.all() else wide
