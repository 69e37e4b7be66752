"""The grid of a contact sheet: equal tiles without gaps, and which of them hold no picture."""

from __future__ import annotations

import numpy as np

SMALLEST_TILE = 24
_CLEAR_STEP = 0.5
"""An edge between tiles must be steeper by this share than the sheet is elsewhere."""
_FLAT = 8
"""Levels between the darkest and the brightest pixel in the middle of a tile without a picture; JPEG leaves some."""


def find_grid(pixels: np.ndarray) -> tuple[int, int] | None:
    """Columns and rows of a sheet, from where its brightness jumps; None where no grid stands out.

    Args:
        pixels: ``uint8[H, W, 3]``.
    """
    grey = pixels.mean(axis=2, dtype=np.float32)
    columns, rows = (_parts(np.abs(np.diff(grey, axis=axis)).mean(axis=1 - axis)) for axis in (1, 0))
    return None if columns is None or rows is None else (columns, rows)


def is_blank(tile: np.ndarray) -> bool:
    """Whether a tile holds no picture. Its border does not count: JPEG smears the neighbours into it.

    Args:
        tile: ``uint8[h, w, 3]``.
    """
    h, w, _ = tile.shape
    middle = tile[h // 4 : h - h // 4, w // 4 : w - w // 4].reshape(-1, 3)
    return int(np.ptp(middle, axis=0).max()) <= _FLAT


def _parts(steps: np.ndarray) -> int | None:
    """Into how many equal parts a side falls, from its mean steps between neighbouring pixels.

    Nearly all edges of the true tiles are steep, and so are those of a multiple of them. Of the edges of a fraction
    more than half lie inside tiles. Hence the most parts of whose edges the flattest third is still steep.
    """
    length = len(steps) + 1
    flat = float(np.median(steps))
    score = {
        parts: float(np.quantile(steps[length // parts - 1 :: length // parts], 1 / 3)) - flat
        for parts in range(2, length // SMALLEST_TILE + 1)
        if length % parts == 0
    }
    steepest = max(score.values(), default=0.0)
    if steepest <= _CLEAR_STEP * flat:
        return None
    return max(parts for parts, value in score.items() if value > steepest / 3)
