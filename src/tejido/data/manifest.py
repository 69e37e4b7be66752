"""The manifest: one Parquet table, one row an image, the truth about the data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from tejido.data.groups import group_ids
from tejido.data.tables import read_parquet, write_parquet
from tejido.errors import DataError, ImageError
from tejido.runtime.decode import decode
from tejido.sources.record import ImageRecord
from tejido.taxonomy import diagnoses, is_finer, malignancy

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
}
"""Columns in order, with their pandas types. Unknown is null. Paths are relative to the manifest's folder.

``phash`` is null until a search for near-duplicates fills it.
"""


@dataclass(frozen=True)
class Unreadable:
    """An image file that was left out, and why."""

    image_id: str
    path: Path
    reason: str


def refine(records: Iterable[ImageRecord], finer: Mapping[str, str]) -> tuple[list[ImageRecord], int]:
    """Give records the finer diagnosis that another table knows for their image id.

    A diagnosis is replaced only by one strictly below it in the taxonomy (``akiec`` by ``actinic_keratosis``), never
    contradicted.

    Returns:
        The records, and how many were refined.
    """
    refined = []
    changed = 0
    for record in records:
        better = finer.get(record.image_id)
        if better and record.diagnosis and is_finer(better, than=record.diagnosis):
            record = ImageRecord(**{**record.__dict__, "diagnosis": better})
            changed += 1
        refined.append(record)
    return refined, changed


def build(
    records: list[ImageRecord], folder: Path, *, progress: Callable[[], None] = lambda: None
) -> tuple[pd.DataFrame, list[Unreadable]]:
    """Make the manifest: read every file once for its hash and size, check that it decodes, and group.

    Args:
        records: what the sources say.
        folder: where the manifest will lie; paths are stored relative to it.
        progress: called once an image.

    Returns:
        The table (columns and types as ``TYPES``, sorted by ``image_id``), and the files that could not be read.

    Raises:
        DataError: two records share an id, or no image can be read.
    """
    seen: dict[str, Path] = {}
    for record in records:
        if record.image_id in seen:
            raise DataError(f"two images are called {record.image_id}: {seen[record.image_id]} and {record.path}")
        seen[record.image_id] = record.path

    def facts(record: ImageRecord) -> dict[str, object] | Unreadable:
        try:
            data = record.path.read_bytes()
            height, width, _ = decode(data).shape
        except (ImageError, OSError) as error:
            return Unreadable(record.image_id, record.path, str(error))
        finally:
            progress()
        return {"sha256": hashlib.sha256(data).hexdigest(), "width": width, "height": height}

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
    table["group_id"] = group_ids(table)
    return table, unreadable


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a manifest, atomically."""
    write_parquet(table, path)


def read(path: Path) -> pd.DataFrame:
    """Read a manifest and check it; relative paths are resolved against its folder.

    Raises:
        DataError: not a manifest, repeated ids, an image without a group, or a diagnosis that the taxonomy lacks.
    """
    table = read_parquet(path, tuple(TYPES)).astype(TYPES)
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
    row["mask_path"] = None if record.mask_path is None else _relative(record.mask_path, folder)
    row["malignancy"] = malignancy(record.diagnosis)
    row["synthetic"] = False
    return row


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
