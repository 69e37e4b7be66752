"""Opening a cache: everything is checked first, and what is wrong is said in one line."""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.data.cache.header import Header, crc_of, damaged
from tejido.data.cache.plan import Content
from tejido.data.geometry import Steps
from tejido.data.patches import expand
from tejido.data.tables import read_parquet
from tejido.errors import DataError

INDEX_TYPES = {"image_id": "string", "row": "int64", "patch": "int32", "sha256": "string", "aspect": "Float32"}
"""Columns of the index. ``patch`` is 0 where images are whole."""


@dataclass(frozen=True)
class Cache:
    """An open cache.

    Attributes:
        folder: where it lies.
        header: what it says of itself.
        pixels: ``uint8[N, S, S, 3]``, read-only, mapped from the file.
        index: ``image_id, row, patch, sha256, aspect``, a row for every square; rows of unreadable images are absent.
    """

    folder: Path
    header: Header
    pixels: NDArray[np.uint8]
    index: pd.DataFrame

    def locate(self, table: pd.DataFrame) -> pd.DataFrame:
        """The manifest rows of whole images, or of all their patches, with the column ``row`` of the cache.

        Args:
            table: manifest rows; any choice of them, in any order.

        Returns:
            The same columns and ``patch, row``; a row for every patch, which carries its image's group.

        Raises:
            DataError: an image is not in the cache, or is not the same any more.
        """
        first = self.index[self.index["patch"] == 0].set_index("image_id")
        found = first.reindex(table["image_id"])
        same = found["sha256"].fillna("absent").to_numpy() == table["sha256"].fillna("unknown").to_numpy()
        same &= found["aspect"].fillna(0).to_numpy() == table["aspect"].fillna(0).to_numpy()
        wrong = table["image_id"].to_numpy()[~same]
        if len(wrong):
            raise self._stale(wrong)
        starts = found["row"].to_numpy(np.int64)
        expanded = expand(table, self.header.steps.per_image)
        return expanded.assign(row=np.repeat(starts, self.header.steps.per_image) + expanded["patch"])

    def contents(self) -> dict[Content, int]:
        """The first row of every image, by what decides its pixels."""
        first = self.index[self.index["patch"] == 0]
        return {
            (str(sha256), None if pd.isna(aspect) else float(aspect)): int(row)
            for sha256, aspect, row in zip(first["sha256"], first["aspect"], first["row"], strict=True)
        }

    def _stale(self, wrong: NDArray[np.object_]) -> DataError:
        reasons = {item.image_id: item.reason for item in self.header.unreadable}
        for image_id in wrong:
            if image_id in reasons:
                return DataError(
                    f"{self.folder}: {len(wrong):,} images are not in the cache, such as {image_id} "
                    f"({reasons[image_id]}); leave them out of the manifest"
                )
        return DataError(
            f"{self.folder}: the cache is older than the manifest, {len(wrong):,} images are missing or changed, such "
            f"as {wrong[0]}; run tejido data cache again"
        )


def open_cache(folder: Path, steps: Steps | None = None, *, verify: bool = True) -> Cache:
    """Open a cache and check it.

    Args:
        folder: where it lies.
        steps: the geometry that it must have.
        verify: read all pixels once and compare their checksums, which also brings the file into memory.

    Raises:
        DataError: there is none, it has another geometry, or a file is missing, cut off or altered.
    """
    header = Header.read(folder)
    if steps is not None and steps.key() != header.steps.key():
        raise DataError(f"{folder}: the cache holds {header.steps}, not {steps}; name another folder")
    index_path, pixels_path = folder / header.index, folder / header.pixels
    for path in (index_path, pixels_path):
        if not path.is_file():
            raise damaged(folder, f"{path.name} is missing")
    if crc_of(index_path) != header.index_crc:
        raise damaged(folder, "the index has another checksum")
    index = read_parquet(index_path, INDEX_TYPES)
    try:
        mapped = np.load(pixels_path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise damaged(folder, f"{header.pixels} cannot be mapped ({error})") from None
    shape = (header.rows, header.steps.size, header.steps.size, 3)
    if mapped.shape != shape or mapped.dtype != np.uint8:
        raise damaged(folder, f"{header.pixels} holds {mapped.dtype}{list(mapped.shape)}, not uint8{list(shape)}")
    pixels = np.asarray(mapped)  # the plain array indexes faster than its subclass
    if verify:
        _verify(folder, header, pixels)
    return Cache(folder, header, pixels, index)


def _verify(folder: Path, header: Header, pixels: NDArray[np.uint8]) -> None:
    starts = range(0, header.rows, header.chunk_rows)

    def good(number: int) -> bool:
        start = starts[number]
        return zlib.crc32(pixels[start : start + header.chunk_rows].data) == header.crcs[number]

    if len(starts) != len(header.crcs):
        raise damaged(folder, "it lacks checksums")
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # checksums are computed outside the interpreter's lock
        for start, fine in zip(starts, pool.map(good, range(len(starts))), strict=True):
            if not fine:
                last = min(start + header.chunk_rows, header.rows) - 1
                raise damaged(folder, f"rows {start} to {last} have another checksum")
