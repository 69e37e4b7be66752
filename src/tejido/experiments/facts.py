"""Everything that a report says about answers, gathered once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.tables import read_parquet
from tejido.errors import DataError
from tejido.experiments.mistakes import Error, Missed, missed_melanomas, worst_errors
from tejido.experiments.operating import COVERAGE
from tejido.experiments.predict import Predictions
from tejido.experiments.run import Run
from tejido.metrics.conformal import Checked, PredictionSets, checked, fit
from tejido.metrics.figures import Figure, figures
from tejido.metrics.groups import one_a_group
from tejido.metrics.operating import Band, OperatingPoint, bands, operating_points, points_at
from tejido.metrics.refusals import Refused
from tejido.recipe import Recipe, resolve_path
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import Metadata


@dataclass(frozen=True)
class Side:
    """One side of a split.

    Attributes:
        name: ``train``, ``val`` or ``test``.
        images: how many.
        groups: of how many lesions or patients.
        labels: images by label; empty where the manifest is gone.
    """

    name: str
    images: int
    groups: int
    labels: dict[str, int]


@dataclass(frozen=True)
class Split:
    """How images were divided.

    Attributes:
        sides: in order.
        crossing: groups on more than one side; a leak.
    """

    sides: tuple[Side, ...]
    crossing: int


@dataclass(frozen=True)
class Facts:
    """What is known; what is not is None or empty.

    Attributes:
        found: the answers on test.
        figures: by set of images.
        model: what the model file says about itself.
        recipe: of the run.
        environment: of the run.
        history: figures by epoch.
        split: how the images were divided.
        points: thresholds chosen on validation, by a run or as its model file says.
        bands: what scores have meant.
        sets: prediction sets fitted on validation, likewise, and how they do on test.
        errors: the worst ones, most certain first.
        missed: melanomas that are not called positive, where pictures were asked for and diagnoses are known.
        refused: shares of the pictures that a model file would not judge.
    """

    found: Predictions
    figures: dict[str, list[Figure]]
    model: Metadata | None = None
    recipe: Recipe | None = None
    environment: dict[str, Any] | None = None
    history: pd.DataFrame | None = None
    split: Split | None = None
    points: Sequence[OperatingPoint] = ()
    bands: Sequence[Band] = ()
    sets: tuple[PredictionSets, Checked] | None = None
    errors: Sequence[Error] = ()
    missed: Missed | None = None
    refused: Sequence[Refused] = ()


def parts_of(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The sets that figures are given for.

    All images; the histology-confirmed ones where that is known; one answer a lesion or patient where several images
    show one.
    """
    parts = {"all": table}
    if "confirmation" in table and (table["confirmation"] == "histology").any():
        parts["histology"] = table[table["confirmation"] == "histology"].reset_index(drop=True)
    groups = one_a_group(table)
    return parts if groups is None else {**parts, "groups": groups}


def figures_of(found: Predictions, rounds: int = 2000) -> dict[str, list[Figure]]:
    """``metrics.figures`` of every set of images."""
    return {
        name: figures(part, positive=found.positive, threshold=found.threshold, rounds=rounds)
        for name, part in parts_of(found.table).items()
    }


def gather(
    found: Predictions,
    made: dict[str, list[Figure]],
    run: Path | None = None,
    model: Classifier | None = None,
    *,
    pictures: bool = False,
    rounds: int = 2000,
    refused: Sequence[Refused] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Facts:
    """Gather what a report says.

    Args:
        found: answers on test.
        made: of ``figures_of``.
        run: folder of the run that gave the answers, or None.
        model: the model file that did; a run's own is opened if it is not given.
        pictures: show the worst errors and missed melanomas with their pictures, which then are in the report.
        rounds: of the bootstrap.
        refused: of ``metrics.refusals``, where a model file was asked.
        progress: called with how many pictures are drawn, and of how many.
    """
    opened = None if run is None else Run.open(run)
    if model is None and opened is not None and (opened.folder / "model.onnx").is_file():
        model = Classifier(opened.folder / "model.onnx")
    validation = None if opened is None else _validation(opened, found)
    # A run's own validation images say it anew; where they are what is judged, its file's word proves nothing either.
    said = {} if model is None or opened is not None else model.metadata.operating
    known: dict[str, Any] = {}
    if opened is not None:
        known = {"recipe": opened.recipe, "split": _split(opened)}
        if (opened.folder / "environment.json").is_file():
            known["environment"] = opened.read_json("environment.json")
        history = pd.read_csv(opened.folder / "metrics.csv")
        if "train_auc" in history:  # not in runs of the first versions
            known["history"] = history
    if found.positive is not None:
        known["bands"] = bands(found.table, found.positive, rounds=rounds)
        if validation is not None:
            known["points"] = operating_points(validation, found.table, found.positive, rounds=rounds)
        elif said:
            chosen = {point["wanted"]: point["threshold"] for point in said.get("points", ())}
            known["points"] = points_at(chosen, found.table, found.positive, rounds=rounds)
    sets = None
    if validation is not None:
        sets = fit(validation, COVERAGE)
    elif "sets" in said:
        sets = PredictionSets(said["sets"]["coverage"], said["sets"]["least"], {})
    if sets is not None:
        known["sets"] = sets, checked(sets, found.table, rounds=rounds)
    known["errors"] = worst_errors(found, model, pictures=pictures, progress=progress)
    if pictures:
        known["missed"] = missed_melanomas(found, model, progress)
    return Facts(found, made, None if model is None else model.metadata, refused=refused, **known)


def _validation(run: Run, found: Predictions) -> pd.DataFrame | None:
    table = read_parquet(run.folder / "predictions.parquet", {"split": "string"})
    part = table[table["split"] == "val"].drop(columns="split").reset_index(drop=True)
    apart = not set(part["group_id"]) & set(found.table["group_id"])
    return part if len(part) and apart else None


def _split(run: Run) -> Split | None:
    """From the split that the run wrote down; with labels, if the manifest is still there."""
    path = run.folder / "split.parquet"
    if not path.is_file():
        return None
    table = pd.read_parquet(path)
    if "group_id" not in table:
        return None
    task = taxonomy.task(run.recipe.task)
    names = task.label_names
    try:
        rows = manifests.read(resolve_path(run.recipe.data.manifest)).set_index("image_id")
        known = bool(table["image_id"].isin(rows.index).all())
    except DataError:
        known = False
    if known:
        table = table.assign(label=table["image_id"].map(rows[task.column].map(task.label_of, na_action="ignore")))
    sides = []
    for name in ("train", "val", "test"):
        part = table[table["split"] == name]
        labels = {label: int((part["label"] == label).sum()) for label in names} if known else {}
        sides.append(Side(name, len(part), int(part["group_id"].nunique()), labels))
    crossing = int((table.groupby("group_id")["split"].nunique() > 1).sum())
    return Split(tuple(sides), crossing)
