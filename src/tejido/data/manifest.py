"""The manifest: one Parquet table, one row an image, the truth about the data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from tejido.data.groups import group_ids
from tejido.data.tables import read_parquet, write_parquet
from tejido.errors import DataError, ImageError
from tejido.runtime.decode import decode
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

``phash`` is null until a search for near-duplicates fills it. ``aspect`` is the true width / height of a picture that
was squashed into a square, and null for all others. Where only tables were read, ``path`` and all that is measured
are null.
"""
LATER = ("aspect",)
"""Columns that a manifest may lack because it was written before they were known; they are null then."""


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
    """Make the manifest: read every file once for its hash and size, check that it decodes, and group.

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
    seen: dict[str, Path | None] = {}
    for record in records:
        if record.image_id in seen:
            raise DataError(f"two images are called {record.image_id}: {seen[record.image_id]} and {record.path}")
        seen[record.image_id] = record.path

    def facts(record: ImageRecord) -> dict[str, object] | Unreadable:
        if record.path is None:
            progress()
            return {}
        try:
            data = record.path.read_bytes()
            height, width, _ = decode(data).shape
        except (ImageError, OSError) as error:
            return Unreadable(record.image_id, record.path, str(error))
        finally:
            progress()
        aspect = record.aspect if width == height else None
        return {"sha256": hashlib.sha256(data).hexdigest(), "width": width, "height": height, "aspect": aspect}

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside the interpreter's lock
        results = list(pool.map(facts, records))
    unreadable = [result for result in results if isinstance(result, Unreadable)]
    rows = [
        _row(record, folder) | result
        for record, result in zip(records, results, strict=True)
        if not isinstance(result, Unreadable)
    ]
    if not rows:
        raise DataError("no image could be read")
    table = pd.DataFrame(rows).reindex(columns=list(TYPES))
    table = table.astype(TYPES).sort_values("image_id", ignore_index=True)
    table["group_id"] = group_ids(table, links)
    return table, unreadable


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a manifest, atomically."""
    write_parquet(table, path)


def read(path: Path) -> pd.DataFrame:
    """Read a manifest and check it; relative paths are resolved against its folder.

    Raises:
        DataError: not a manifest, repeated ids, an image without a group, or a diagnosis that the taxonomy lacks.
    """
    table = read_parquet(path, tuple(name for name in TYPES if name not in LATER)).reindex(columns=list(TYPES))
    table = table.astype(TYPES)
    if table["image_id"].isna().any() or table["image_id"].duplicated().any():
        raise DataError(f"{path}: image ids are missing or repeated")
    if table["group_id"].isna().any():
        raise DataError(f"{path}: {table['group_id'].isna().sum()} images have no group")
    strange = set(table["diagnosis"].dropna()) - set(diagnoses())
    if strange:
        raise DataError(f"{path}: the taxonomy has no diagnosis {sorted(strange)[0]!r}")
    for column in ("path", "mask_path"):
        table[column] = table[column].map(lambda text: str(path.parent / text), na_action="ignore").astype("string")
    return table


def _row(record: ImageRecord, folder: Path) -> dict[str, object]:
    row: dict[str, object] = asdict(record)
    row["path"] = _relative(record.path, folder)
    row["mask_path"] = _relative(record.mask_path, folder)
    row["malignancy"] = malignancy(record.diagnosis)
    row["synthetic"] = False
    return row


def _relative(path: Path | None, folder: Path) -> str | None:
    return None if path is None else Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
