"""The manifest: one Parquet table, one row an image, the truth about the data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tejido.data.duplicates.alike import is_flat
from tejido.data.duplicates.fingerprint import Fingerprint
from tejido.data.duplicates.fingerprints import read_fingerprints
from tejido.data.duplicates.phash import as_hex, hashes
from tejido.data.splitting.groups import group_ids
from tejido.data.tables import read_parquet, write_parquet
from tejido.errors import DataError, ImageError
from tejido.sources.record import ImageRecord
from tejido.taxonomy import diagnoses, malignancy

TYPES = {
    "image_id": "string",
    "path": "string",
    "sha256": "string",
    "phash": "string",
    "width": "Int32",
    "height": "Int32",
    "source": "string",
    "modality": "string",
    "diagnosis": "string",
    "malignancy": "string",
    "confirmation": "string",
    "device": "string",
    "patient_id": "string",
    "lesion_id": "string",
    "slide_id": "string",
    "group_id": "string",
    "age": "Float32",
    "sex": "string",
    "site": "string",
    "skin_type": "string",
    "magnification": "Float32",
    "mask_path": "string",
    "licence": "string",
    "attribution": "string",
    "synthetic": "boolean",
    "official_split": "string",
    "aspect": "Float32",
}
"""Columns in order, with their pandas types. Unknown is null. Paths are relative to the manifest's folder.

``phash`` is that of ``duplicates.phash``; null for a picture without contrast. ``aspect`` is the true width / height of
a picture that was squashed into a square, and null for all others. Where only tables were read, ``path`` and all that
is measured are null.
"""
LATER = ("aspect",)
"""Columns that a manifest may lack because it was written before they were known; they are null then."""
ASPECTS = (0.1, 10.0)
"""Least and greatest aspect that a picture can have."""


@dataclass(frozen=True)
class Unreadable:
    """An image file that was left out, and why."""

    image_id: str
    path: Path
    reason: str


def build(
    records: list[ImageRecord],
    folder: Path,
    *,
    links: Iterable[tuple[str, str]] = (),
    progress: Callable[[], None] = lambda: None,
) -> tuple[pd.DataFrame, list[Unreadable]]:
    """Make a manifest of all records, as they are: nothing is merged or cleaned (``cleaning.clean`` does that).

    Args:
        records: what the sources say; one without a path, which was read from a table, has no hash and no size.
        folder: where the manifest will lie; paths are stored relative to it.
        links: pairs of image ids that are known to show the same picture.
        progress: called once an image.

    Returns:
        The table (columns and types as ``TYPES``, sorted by ``image_id``), and the files that could not be read.

    Raises:
        DataError: two records share an id, or no image can be read.
    """
    _check_ids(records)
    seen = measure(records, progress=progress)
    kept = [(record, item) for record, item in zip(records, seen, strict=True) if not isinstance(item, ImageError)]
    table = rows([record for record, _ in kept], [item for _, item in kept], folder)
    table = table.sort_values("image_id", ignore_index=True)
    table["group_id"] = group_ids(table, links)
    unreadable = [
        Unreadable(record.image_id, record.path, str(item))
        for record, item in zip(records, seen, strict=True)
        if isinstance(item, ImageError) and record.path is not None
    ]
    return table, unreadable


def measure(
    records: Sequence[ImageRecord], cache: Path | None = None, *, progress: Callable[[], None] = lambda: None
) -> list[Fingerprint | ImageError | None]:
    """Read every file once.

    Args:
        records: what the sources say.
        cache: where fingerprints are remembered.
        progress: called once an image.

    Returns:
        For each record its fingerprint, or why its file cannot be read; None where there is no file.

    Raises:
        TejidoError: the cache cannot be written.
    """
    found = iter(read_fingerprints([r.path for r in records if r.path is not None], cache, progress=progress))
    seen: list[Fingerprint | ImageError | None] = []
    for record in records:
        if record.path is None:
            progress()
        seen.append(None if record.path is None else next(found))
    return seen


def rows(records: Sequence[ImageRecord], prints: Sequence[Fingerprint | None], folder: Path) -> pd.DataFrame:
    """Manifest rows in the order of the records, without groups.

    Raises:
        DataError: two records share an id, or there is none.
    """
    if not records:
        raise DataError("no image could be read")
    _check_ids(records)
    known = _measured(prints)
    full = [_row(record, folder) | facts for record, facts in zip(records, known, strict=True)]
    for row in full:
        row["aspect"] = row["aspect"] if row.get("width") is not None and row["width"] == row["height"] else None
    return pd.DataFrame(full).reindex(columns=list(TYPES)).astype(TYPES)


def _check_ids(records: Sequence[ImageRecord]) -> None:
    seen: dict[str, Path | None] = {}
    for record in records:
        if record.image_id in seen:
            both = f"{seen[record.image_id]} and {record.path}"
            raise DataError(f"two images are called {record.image_id}: {both}; rename a file or folder")
        seen[record.image_id] = record.path


def _measured(prints: Sequence[Fingerprint | None]) -> list[dict[str, object]]:
    """What is measured of each picture; a flat one has no perceptual hash."""
    known = [print_ for print_ in prints if print_ is not None]
    if not known:
        return [{} for _ in prints]
    thumbnails = np.stack([print_.thumbnail for print_ in known])
    values = iter(zip(hashes(thumbnails).tolist(), is_flat(thumbnails).tolist(), strict=True))
    measured: list[dict[str, object]] = []
    for print_ in prints:
        if print_ is None:
            measured.append({})
            continue
        value, flat = next(values)
        phash = None if flat else as_hex(value)
        measured.append({"sha256": print_.sha256, "phash": phash, "width": print_.width, "height": print_.height})
    return measured


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a manifest, atomically."""
    write_parquet(table, path)


def read(path: Path) -> pd.DataFrame:
    """Read a manifest and check it; relative paths are resolved against its folder.

    Raises:
        DataError: not a manifest, no image in it, repeated ids, an image without a group, a diagnosis that the
            taxonomy lacks, or an impossible aspect.
    """
    table = read_parquet(path, TYPES, optional=LATER).reindex(columns=list(TYPES)).astype(TYPES)
    if table.empty:
        raise DataError(f"{path}: holds no image")
    if table["image_id"].isna().any() or table["image_id"].duplicated().any():
        raise DataError(f"{path}: image ids are missing or repeated")
    if table["group_id"].isna().any():
        raise DataError(f"{path}: {table['group_id'].isna().sum()} images have no group")
    strange = set(table["diagnosis"].dropna()) - set(diagnoses())
    if strange:
        raise DataError(f"{path}: the taxonomy has no diagnosis {sorted(strange)[0]!r}")
    if not table["aspect"].dropna().between(*ASPECTS).all():
        raise DataError(f"{path}: an aspect is not between {ASPECTS[0]:g} and {ASPECTS[1]:g}")
    for column in ("path", "mask_path"):
        table[column] = table[column].map(lambda text: str(path.parent / text), na_action="ignore").astype("string")
    return table


def _row(record: ImageRecord, folder: Path) -> dict[str, object]:
    row: dict[str, object] = dict(vars(record))
    row["path"] = relative(record.path, folder)
    row["mask_path"] = relative(record.mask_path, folder)
    row["malignancy"] = malignancy(record.diagnosis)
    row["synthetic"] = False
    return row


def relative(path: Path | None, folder: Path) -> str | None:
    """A path as it is stored: relative to the manifest's folder, with slashes."""
    return None if path is None else Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
