"""Perceptual hash: 64 signs of the low frequencies of a small grey picture.

A picture is first stretched to a square, so that a copy squashed from 4:3 to 1:1 has the same hash. Turning or
mirroring a picture only swaps frequencies and flips signs, so all eight hashes come from one transform.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

SIDE = 32
"""Side of the thumbnails that are hashed and compared."""
HIGHEST = 10
"""Frequencies (u, v) with u + v up to this one have a bit; (5, 5) has none, which leaves 64."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of the channels."""
_BATCH = 4096


Box = tuple[float, float, float, float]
"""Part of a picture as shares of its sides: left, top, right, bottom."""
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class View:
    """A way to look at a picture: a part of it, then mirrored or turned.

    Attributes:
        transposed: rows and columns are swapped, first of all.
        flipped_y: upside down.
        flipped_x: left and right are swapped.
        box: the part that is seen, of the picture as it lies.
    """

    transposed: bool = False
    flipped_y: bool = False
    flipped_x: bool = False
    box: Box = WHOLE

    @property
    def kind(self) -> str:
        """``copy``, ``turned`` (or mirrored) or ``cropped``."""
        if self.box != WHOLE:
            return "cropped"
        return "turned" if self.transposed or self.flipped_x or self.flipped_y else "copy"

    def apply(self, thumbnails: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Mirror and turn ``[..., S, S, C]``; the box is not cut out."""
        if self.transposed:
            thumbnails = np.swapaxes(thumbnails, -3, -2)
        if self.flipped_y:
            thumbnails = thumbnails[..., ::-1, :, :]
        return thumbnails[..., ::-1, :] if self.flipped_x else thumbnails


def _squares(size: float) -> list[Box]:
    """Boxes of this size in the middle and in the four corners."""
    rest = 1 - size
    places = [(rest / 2, rest / 2), (0.0, 0.0), (0.0, rest), (rest, 0.0), (rest, rest)]
    return [(x, y, x + size, y + size) for x, y in places]


UPRIGHT = View()
ORIENTATIONS = tuple(View(t, y, x) for t in (False, True) for y in (False, True) for x in (False, True))
"""All eight; the first is the picture as it lies."""
CROPS = (
    *(View(box=box) for size in (0.9, 0.8) for box in _squares(size)),
    View(box=(0.125, 0.0, 0.875, 1.0)),  # the middle square of a 4:3 picture
    View(box=(0.0, 0.125, 1.0, 0.875)),
)
"""Parts that a crop of a picture is likely to lie near to."""


def view_hashes(thumbnails: NDArray[np.uint8], views: tuple[View, ...]) -> Iterator[NDArray[np.uint64]]:
    """The hashes of all pictures, view by view.

    Args:
        thumbnails: ``uint8[N, 32, 32, 3]``.
        views: what to hash.
    """
    parts = [thumbnails[start : start + _BATCH] @ GREY for start in range(0, len(thumbnails), _BATCH)]
    whole: NDArray[np.float32] | None = None
    for view in views:
        if view.kind == "cropped":
            left, top, right, bottom = view.box
            rows, columns = _transform(top, bottom), _transform(left, right)
            yield _signs(np.concatenate([rows @ grey @ columns.T for grey in parts]), view)
            continue
        if whole is None:
            full = _transform(0.0, 1.0)
            whole = np.concatenate([full @ grey @ full.T for grey in parts])
        yield _signs(whole, view)


def hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The hash of every picture as it lies: ``uint64[N]`` of ``uint8[N, 32, 32, 3]``."""
    if not len(thumbnails):
        return np.zeros(0, np.uint64)
    return next(view_hashes(thumbnails, (UPRIGHT,)))


def as_hex(value: np.uint64 | int) -> str:
    """A hash as 16 hexadecimal digits, as in the manifest."""
    return f"{int(value):016x}"


def sampling(low: float, high: float) -> NDArray[np.float32]:
    """Matrix that stretches the part from ``low`` to ``high`` of a line of ``SIDE`` samples to the whole line."""
    centres = (low + (high - low) * (np.arange(SIDE) + 0.5) / SIDE) * SIDE - 0.5
    centres = centres.clip(0, SIDE - 1)
    weights = 1 - np.abs(centres[:, None] - np.arange(SIDE)[None, :])
    return weights.clip(0, None).astype(np.float32)


def _transform(low: float, high: float) -> NDArray[np.float32]:
    """The lowest frequencies of a part of a line, as a matrix ``[HIGHEST + 1, SIDE]``."""
    cosines = dct(np.eye(SIDE), axis=0, norm="ortho")[: HIGHEST + 1]
    result: NDArray[np.float32] = (cosines @ sampling(low, high)).astype(np.float32)
    return result


@cache
def _frequencies() -> NDArray[np.int64]:
    pairs = [(u, v) for u in range(HIGHEST + 1) for v in range(HIGHEST + 1) if 1 <= u + v <= HIGHEST]
    return np.array([pair for pair in pairs if pair != (5, 5)]).T


def _signs(coefficients: NDArray[np.float32], view: View) -> NDArray[np.uint64]:
    rows, columns = _frequencies()
    chosen = coefficients[:, columns, rows] if view.transposed else coefficients[:, rows, columns]
    odd = (rows % 2) * view.flipped_y + (columns % 2) * view.flipped_x
    bits = (chosen > 0) ^ (odd % 2 == 1)
    result: NDArray[np.uint64] = np.packbits(np.ascontiguousarray(bits), axis=1).view(np.uint64).ravel().byteswap()
    return result
