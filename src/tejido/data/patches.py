"""Overlapping patches of a picture: where they lie, and the rows of the manifest that they make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tejido.errors import DataError

if TYPE_CHECKING:  # the processes of a cache's build have no use for it and start faster without
    import pandas as pd

_PATTERN = re.compile(r"(\d+)x(\d+):(\d+)x(\d+)")


def origin(number: Any, room: Any, count: int) -> Any:
    """Where patch ``number`` of ``count`` begins: ``round(number * room / (count - 1))``, halves to the even number.

    Written in whole numbers alone, so that Python's integers here and torch's tensors inside a model file follow one
    rule with no rounding of their own. A single patch lies in the middle, as the centre crop does.

    Args:
        number: from 0, an integer or a tensor of them.
        room: length of the picture minus that of a patch, 0 or more.
        count: of patches.
    """
    if count == 1:
        return number + room // 2
    steps = count - 1
    floor = number * room // steps
    return (2 * number * room + steps - 1 + floor % 2) // (2 * steps)


def origins(length: int, side: int, count: int) -> list[int]:
    """Where ``count`` patches of ``side`` begin along ``length`` pixels: the first at 0, the last at the end.

    See ``origin``. Nothing is left out when ``side * count >= length``.

    Raises:
        ValueError: the patch is longer than the picture, or there is none.
    """
    room = length - side
    if room < 0 or side < 1 or count < 1:
        raise ValueError(f"{count} patches of {side} do not fit into {length}")
    return [origin(number, room, count) for number in range(count)]


@dataclass(frozen=True)
class PatchGrid:
    """A grid of equal patches over a picture of any size, row by row from the top left.

    Attributes:
        width: of a patch, in pixels of the picture.
        height: of a patch.
        columns: patches side by side.
        rows: patches one above the other.
    """

    width: int
    height: int
    columns: int
    rows: int

    def __post_init__(self) -> None:
        if min(self.width, self.height, self.columns, self.rows) < 1:
            raise DataError(f"{self}: sizes and counts of patches are 1 or more")

    @classmethod
    def parse(cls, text: str) -> PatchGrid:
        """A grid from ``WIDTHxHEIGHT:COLUMNSxROWS``, such as ``225x225:5x3``.

        Raises:
            DataError: the text says something else.
        """
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise DataError(f"{text!r}: write patches as WIDTHxHEIGHT:COLUMNSxROWS, such as 225x225:5x3")
        return cls(*(int(number) for number in match.groups()))

    def __str__(self) -> str:
        return f"{self.width}x{self.height}:{self.columns}x{self.rows}"

    @property
    def count(self) -> int:
        """Patches of one picture."""
        return self.columns * self.rows

    def corners(self, width: int, height: int) -> list[tuple[int, int]]:
        """Left and top of every patch in a picture of this size.

        Raises:
            DataError: the picture is smaller than a patch.
        """
        if width < self.width or height < self.height:
            raise DataError(f"{width}x{height} pixels are smaller than a patch of {self.width}x{self.height}")
        tops = origins(height, self.height, self.rows)
        lefts = origins(width, self.width, self.columns)
        return [(left, top) for top in tops for left in lefts]

    def cut(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """The patches of ``uint8[H, W, 3]``, as views.

        Raises:
            DataError: the picture is smaller than a patch.
        """
        height, width = pixels.shape[:2]
        return [pixels[top : top + self.height, left : left + self.width] for left, top in self.corners(width, height)]


UMA2022 = PatchGrid(225, 225, 5, 3)
"""The fifteen patches of a 700x460 picture in the thesis uma2022."""


def expand(table: pd.DataFrame, count: int) -> pd.DataFrame:
    """A row for every patch: the rows of the images, ``count`` times each, with the column ``patch`` (0 to count - 1).

    Everything that is known of the image holds for its patches, above all its ``group_id``, so that no split can tear
    them apart.
    """
    repeated = table.iloc[np.repeat(np.arange(len(table)), count)].reset_index(drop=True)
    return repeated.assign(patch=np.tile(np.arange(count, dtype=np.int32), len(table)))
