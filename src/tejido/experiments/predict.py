"""Prediction tables from wherever there are answers: a run, a model file, a file of predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.data.tables import read_parquet
from tejido.errors import DataError
from tejido.experiments.foreign import Foreign
from tejido.experiments.joined import joined
from tejido.experiments.pictures import pixels_of
from tejido.experiments.run import Run
from tejido.experiments.together import Together
from tejido.metrics import predictions
from tejido.metrics.predictions import PREFIX
from tejido.recipe import resolve_path
from tejido.runtime.classifier import Classifier

_NAMES = {"image_id": "string", "group_id": "string"}
"""Columns of a CSV file that are names, also where they look like numbers."""
_NO_THRESHOLD = "no threshold was given, so nothing that needs a decision is shown"


@dataclass(frozen=True)
class Predictions:
    """Answers and truths.

    Attributes:
        title: what answered, for people.
        table: see ``metrics.predictions``.
        positive: the positive label of a binary task, or None.
        threshold: its threshold, chosen on validation, or None where it is not known.
        notes: what a reader must know about the table.
        rows: what else is known of each image: of a manifest, in the order of ``table``, or the table itself.
        model: the model file that answered, where it is one of ours.
        asked: a row a picture that was asked about, with ``image_id``, ``group_id``, ``truth`` and ``reason``, the code
            of its refusal; None where whoever answered refuses nothing. Those refused are not in ``table``.
    """

    title: str
    table: pd.DataFrame
    positive: str | None
    threshold: float | None
    notes: tuple[str, ...] = ()
    rows: pd.DataFrame | None = None
    model: Classifier | None = None
    asked: pd.DataFrame | None = None


def of_run(folder: Path, side: str = "test") -> Predictions:
    """The predictions that a run has left.

    Raises:
        DataError: it is no finished run.
    """
    run = Run.open(folder)
    metrics = run.read_json("metrics.json")
    table = read_parquet(folder / "predictions.parquet", {"split": "string"})
    part = table[table["split"] == side].drop(columns="split").reset_index(drop=True)
    if part.empty:
        raise DataError(f"{folder}: it has no predictions of {side}")
    task = taxonomy.task(run.recipe.task)
    title = f"{run.recipe.model} on {side}"
    return Predictions(title, part, task.positive, metrics["threshold"], rows=_rows_of(run, part))


def _rows_of(run: Run, table: pd.DataFrame) -> pd.DataFrame | None:
    """The manifest's rows of the images of ``table``; None where the manifest is gone or no longer has them all."""
    try:
        rows = manifests.read(resolve_path(run.recipe.data.manifest)).set_index("image_id", drop=False)
    except DataError:
        return None
    if not table["image_id"].isin(rows.index).all():
        return None
    return rows.loc[table["image_id"]].reset_index(drop=True)


def of_model(
    model: Classifier | Together,
    manifest: Path,
    split: Path | None = None,
    side: str = "test",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Predictions:
    """Ask a model file about the images of a manifest that have a label of its task.

    A refused picture is counted, and left out of the figures: its answer means nothing.

    Args:
        model: the file, or several together.
        manifest: of the images.
        split: whose ``side`` alone is asked about; None asks about all images.
        side: of the split.
        progress: called with how many are done, and of how many.

    Raises:
        TejidoError: a table or a picture cannot be read, or no image has a label of the task.
    """
    metadata = model.metadata
    names = metadata.label_names
    rows, truth = labelled(manifest, split, side, metadata.task, names)
    answers = []
    for done, pixels in enumerate(pixels_of(rows)):
        progress(done, len(rows))
        answers.append(model.predict(pixels))
    values = np.array([[answer.probabilities[name] for name in names] for answer in answers])
    kept = [not answer.refused for answer in answers]
    table = predictions.make(rows, truth, names, values)[kept].reset_index(drop=True)
    judged = rows[kept].reset_index(drop=True)
    if table.empty:
        raise DataError(f"{metadata.name} refuses all {len(rows):,} pictures")
    asked = rows[["image_id", "group_id"]].assign(truth=truth, reason=pd.Series([answer.reason for answer in answers]))
    notes = [f"{len(kept) - sum(kept):,} of {len(kept):,} pictures were refused and do not count"]
    if isinstance(model, Together):
        alone, threshold = None, None
        if metadata.positive is not None:
            notes.append(_NO_THRESHOLD)
    else:
        alone, threshold = model, None if metadata.positive is None else metadata.thresholds[metadata.positive]
    return Predictions(metadata.name, table, metadata.positive, threshold, tuple(notes), judged, alone, asked)


def of_foreign(
    model: Foreign,
    manifest: Path,
    split: Path | None = None,
    side: str = "test",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Predictions:
    """As ``of_model``, for a model file of others, which refuses nothing."""
    asked = model.asked
    rows, truth = labelled(manifest, split, side, asked.task, asked.labels)
    values = []
    for done, pixels in enumerate(pixels_of(rows)):
        progress(done, len(rows))
        values.append(model.probabilities(pixels))
    table = predictions.make(rows, truth, asked.labels, np.array(values))
    positive = taxonomy.task(asked.task).positive
    notes = () if positive is None or asked.threshold is not None else (_NO_THRESHOLD,)
    return Predictions(model.path.name, table, positive, asked.threshold, notes, rows)


def labelled(
    manifest: Path, split: Path | None, side: str, task_name: str, names: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of a manifest that have one of these labels, and their labels.

    Args:
        manifest: of the images.
        split: whose ``side`` alone is taken, or None.
        side: of the split.
        task_name: of the taxonomy.
        names: of the labels.

    Raises:
        DataError: a table cannot be read, an image is synthetic, or no image has a label of the task.
    """
    task = taxonomy.task(task_name)
    rows = manifests.read(manifest)
    if split is not None:
        rows = rows[splits.load(split, rows) == side]
    if rows["synthetic"].any():
        raise DataError(f"{manifest}: {int(rows['synthetic'].sum()):,} images are synthetic; they judge no model")
    truth = rows[task.column].map(task.label_of, na_action="ignore")
    rows = rows[truth.isin(list(names)).to_numpy(bool)].reset_index(drop=True)
    if rows.empty:
        raise DataError(f"{manifest}: no image has a label of {task.name}")
    return rows, rows[task.column].map(task.label_of).tolist()


def of_file(
    path: Path,
    positive: str | None = None,
    threshold: float | None = None,
    manifest: Path | None = None,
    split: Path | None = None,
    side: str = "test",
) -> Predictions:
    """A CSV or Parquet file with ``p_<label>...``; ``truth``, ``image_id`` and ``group_id`` where they are known.

    Args:
        path: of the file.
        positive: the positive one of two labels.
        threshold: of the positive label.
        manifest: that knows the images; it says what the file does not (``experiments.joined``).
        split: whose ``side`` alone is looked at; None looks at all images of the manifest.
        side: of the split.

    Raises:
        DataError: it cannot be read, is no table of predictions, or its images are not those of the manifest.
    """
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=_NAMES)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except Exception as error:  # the libraries report damaged files with many types
        raise DataError(f"{path}: not a table ({str(error).splitlines()[0]})") from None
    notes: list[str] = []
    if "image_id" in table and table["image_id"].duplicated().any():
        raise DataError(f"{path}: {table['image_id'][table['image_id'].duplicated()].iloc[0]} stands in it twice")
    rows = None
    if manifest is not None:
        try:
            known = joined(table, manifest, split, side)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        table, rows, notes = known.table, known.rows, [*known.notes]
        positive = positive or known.positive
    if "image_id" not in table:
        table = table.assign(image_id=[f"row {number}" for number in range(len(table))])
    if "group_id" not in table:
        table = table.assign(group_id=table["image_id"])
        notes.append(
            "there is no group_id, so every image counts as independent; intervals are too narrow if it is not"
        )
    if "truth" in table:
        table["truth"] = table["truth"].astype("string")
    try:
        predictions.check(table)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    labels = predictions.labels_of(table)
    if positive is not None and positive not in labels:
        raise DataError(f"{path}: {positive!r} is no label; there are: {', '.join(labels)}")
    if positive is None and len(labels) == 2:
        positive = labels[1]
        notes.append(f"{positive!r}, the column {PREFIX}{positive} that stands last, is taken as positive (--positive)")
    if positive is not None and len(labels) > 2:
        raise DataError(f"{path}: there are {len(labels)} labels, and a positive one is for two")
    if positive is not None and threshold is None:
        notes.append(_NO_THRESHOLD)
    return Predictions(path.name, table, positive, threshold, tuple(notes), table if rows is None else rows)
