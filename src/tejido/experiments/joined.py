"""What a manifest knows of the images in a bare table of predictions: label, group, and what divides them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.errors import DataError
from tejido.metrics.predictions import CONTEXT, labels_of
from tejido.taxonomy import Task

_KNOWN = ("group_id", *CONTEXT, "sex", "age", "site", "skin_type", "source", "device")
"""Of these columns a table's own go before the manifest's."""


@dataclass(frozen=True)
class Joined:
    """Predictions with what a manifest knows of their images.

    Attributes:
        table: the predictions that are left, with ``group_id``, ``truth`` and the columns of ``CONTEXT``.
        rows: of the manifest, in the order of ``table``.
        positive: the positive label of the task that the truth was taken from, or None.
        notes: what was left out, and what the manifest has more.
    """

    table: pd.DataFrame
    rows: pd.DataFrame
    positive: str | None
    notes: tuple[str, ...]


def joined(table: pd.DataFrame, manifest: Path, split: Path | None, side: str) -> Joined:
    """Find the images of a table of predictions in a manifest.

    Args:
        table: ``image_id`` and ``p_<label>...``; without ``truth`` it is that of the task with these labels.
        manifest: of the images; predictions of others are left out and counted.
        split: whose ``side`` alone is looked at; None looks at all.
        side: of the split.

    Raises:
        DataError: a table cannot be read, no image is in the manifest, or there is no truth for these labels.
    """
    if "image_id" not in table:
        raise DataError(f"without image_id the predictions cannot be found in {manifest}")
    known = manifests.read(manifest).set_index("image_id", drop=False)
    table = table.reset_index(drop=True).astype({"image_id": "string"})
    ids = table["image_id"]
    inside = ids.isin(known.index)
    if not inside.any():
        raise DataError(
            f"no image of the predictions, such as {ids.iloc[0]!r}, is in {manifest}, whose image_id are such as "
            f"{known.index[0]!r}"
            if len(ids)
            else "there is no prediction"
        )
    notes = _counted(int((~inside).sum()), len(ids), f"are of images that {manifest.name} lacks")
    if split is not None:
        known = known[(splits.load(split, known.reset_index(drop=True)) == side).to_numpy()]
        elsewhere = inside & ~ids.isin(known.index)
        notes += _counted(int(elsewhere.sum()), len(ids), f"are of images outside of {side}")
        if not ids.isin(known.index).any():
            raise DataError(f"no image of the predictions is in {side} of {split}")
    table = table[ids.isin(known.index)].reset_index(drop=True)
    positive = None
    if "truth" not in table:
        truth, positive = _truth(labels_of(table), known, manifest)
        table = table.assign(truth=table["image_id"].map(truth).astype("string"))
        known = known[truth.notna()]
        labelled = table["truth"].notna()
        notes += _counted(int((~labelled).sum()), len(ids), "are of images that have none of these labels")
        table = table[labelled].reset_index(drop=True)
        if table.empty:
            raise DataError(f"no image of the predictions has one of the labels {', '.join(labels_of(table))}")
    silent = len(known) - len(table)
    if silent:
        notes += [f"{silent:,} of {len(known):,} images of {manifest.name} have no prediction"]
    rows = known.loc[table["image_id"]].reset_index(drop=True)
    rows = rows.assign(**{name: table[name] for name in _KNOWN if name in table})
    table = table.assign(**{name: rows[name] for name in ("group_id", *CONTEXT)})
    return Joined(table, rows, positive, tuple(notes))


def _counted(count: int, total: int, what: str) -> list[str]:
    return [f"{count:,} of {total:,} predictions {what} and do not count"] if count else []


def _truth(labels: list[str], rows: pd.DataFrame, manifest: Path) -> tuple[pd.Series, str | None]:
    """Label of every row, null where it has none, and the positive label, of the task with exactly these labels."""
    modalities = set(rows["modality"].dropna())
    fitting = [
        task
        for task in taxonomy.tasks().values()
        if set(task.label_names) == set(labels) and all(task.admits(modality) for modality in modalities)
    ]
    if not fitting:
        raise DataError(f"no task has the labels {', '.join(labels)} for {manifest.name}; add the column truth")
    first, *others = fitting
    truth = _labelled(first, rows)
    for other in others:
        if not _labelled(other, rows).equals(truth):
            raise DataError(
                f"{first.name} and {other.name} have these labels and differ about {manifest.name}; "
                "add the column truth"
            )
    return truth, first.positive


def _labelled(task: Task, rows: pd.DataFrame) -> pd.Series:
    return rows[task.column].map(task.label_of, na_action="ignore").astype("string")
