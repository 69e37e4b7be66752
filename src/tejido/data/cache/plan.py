"""What there is to do for a cache: its images in order, cut into chunks, each from a file or from the cache before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tejido.data.geometry import Steps

if TYPE_CHECKING:
    import pandas as pd

_CHUNK_BYTES = 8 * 2**20
_CHUNK_IMAGES = 64

Content = tuple[str, float | None]
"""What decides an image's pixels, besides the steps: hash of the file, true aspect."""


@dataclass(frozen=True)
class Item:
    """An image of the cache to be.

    Attributes:
        image_id: as in the manifest.
        path: its file; None where the manifest knows only tables.
        sha256: of the file, as the manifest has it.
        aspect: true width / height of a squashed picture, else None.
        old_row: its first row in the cache before, where that has it.
    """

    image_id: str
    path: str | None
    sha256: str | None
    aspect: float | None
    old_row: int | None = None


@dataclass(frozen=True)
class Chunk:
    """Images that one process handles at a time.

    Attributes:
        number: of the chunk.
        start: first row in the pixel file.
        items: its images, in order.
    """

    number: int
    start: int
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Plan:
    """A whole cache to be.

    Attributes:
        steps: its geometry.
        items: every image, by id.
        chunk_images: images in a chunk; the last one may have fewer.
    """

    steps: Steps
    items: tuple[Item, ...]
    chunk_images: int

    @property
    def rows(self) -> int:
        """Rows of the pixel file."""
        return len(self.items) * self.steps.per_image

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.steps.size**2 * 3

    @cached_property
    def inputs(self) -> str:
        """Hash over id, content and aspect of every image."""
        lines = (json.dumps([item.image_id, item.sha256, item.aspect]) for item in self.items)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @cached_property
    def chunks(self) -> list[Chunk]:
        """The images in chunks."""
        size = self.chunk_images
        return [
            Chunk(number, start * self.steps.per_image, self.items[start : start + size])
            for number, start in enumerate(range(0, len(self.items), size))
        ]


def make(table: pd.DataFrame, steps: Steps, old_rows: Mapping[Content, int]) -> Plan:
    """Plan the cache of a manifest.

    Args:
        table: manifest rows with resolved paths, in any order.
        steps: geometry.
        old_rows: first row of every image in the cache before, by content.
    """
    columns = table.sort_values("image_id")[["image_id", "path", "sha256", "aspect"]].astype(object)
    values = columns.where(columns.notna(), None).itertuples(index=False, name=None)
    items = [
        Item(image_id, path, sha256, aspect, None if sha256 is None else old_rows.get((sha256, aspect)))
        for image_id, path, sha256, aspect in values
    ]
    image_bytes = steps.size**2 * 3 * steps.per_image
    return Plan(steps, tuple(items), max(1, min(_CHUNK_IMAGES, _CHUNK_BYTES // image_bytes)))
