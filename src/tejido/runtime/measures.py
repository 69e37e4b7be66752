"""Measures of a lesion from its outline, after the ABCD of dermoscopy. They describe; they diagnose nothing.

Sources: Stolz et al. 1994 (asymmetry, border, colours, differential structures as signs), Stoecker, Li & Moss 1992
(asymmetry as the share of the lesion that does not fold onto itself about its main axes), Golston et al. 1992
(irregularity of the border as perimeter squared over area), Crofton's formula for the perimeter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOURS = {
    "white": (230, 220, 215),
    "red": (190, 90, 85),
    "light_brown": (180, 130, 95),
    "dark_brown": (95, 60, 45),
    "blue_grey": (100, 110, 125),
    "black": (35, 28, 28),
}
"""RGB in the middle of each of Stolz's six colours: our own reading of the words, not fitted to any data."""
LEAST_SHARE = 0.05
"""Of a lesion that a colour must cover to be counted."""


@dataclass(frozen=True)
class Measures:
    """What an outline tells of a lesion.

    Attributes:
        area_share: of the picture, 0..1.
        asymmetry: share of the lesion that finds no counterpart when it is folded about its main axes: the mean of the
            two, 0 for a symmetric shape.
        irregularity: perimeter squared / (4 pi area); 1 for a disc, 1.14 for an upright
            square with this perimeter.
        colours: which of Stolz's six cover at least ``LEAST_SHARE`` of the lesion.
        extent: longest side of its bounding box, in pixels.
        extent_mm: the same in millimetres, where the scale is known.
        cut_off: it touches the picture's edge, so that the other figures hold for the visible part.
    """

    area_share: float
    asymmetry: float
    irregularity: float
    colours: tuple[str, ...]
    extent: int
    extent_mm: float | None
    cut_off: bool


def measure(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], mm_per_pixel: float | None = None) -> Measures | None:
    """Measure the lesion in a picture; None where the mask is empty.

    Args:
        pixels: ``uint8[H, W, 3]``.
        mask: ``bool[H, W]``.
        mm_per_pixel: where it is known.
    """
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    extent = int(max(rows[-1] - rows[0], columns[-1] - columns[0])) + 1
    edges = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return Measures(
        area_share=float(mask.mean()),
        asymmetry=asymmetry(mask),
        irregularity=float(perimeter(mask) ** 2 / (4 * np.pi * mask.sum())),
        colours=colours(pixels[mask]),
        extent=extent,
        extent_mm=None if mm_per_pixel is None else extent * mm_per_pixel,
        cut_off=any(bool(edge.any()) for edge in edges),
    )


def asymmetry(mask: NDArray[np.bool_]) -> float:
    """Share of the lesion that does not fall onto the lesion when it is mirrored; mean over its two main axes."""
    points = np.argwhere(mask).astype(float)
    centre = points.mean(0)
    shifted = points - centre
    _, axes = np.linalg.eigh(shifted.T @ shifted)
    lost = []
    for axis in axes.T:
        mirrored = np.rint(shifted - 2 * np.outer(shifted @ axis, axis) + centre).astype(int)
        inside = ((mirrored >= 0) & (mirrored < mask.shape)).all(1)
        kept = mask[mirrored[inside, 0], mirrored[inside, 1]].sum()
        lost.append(1 - kept / len(points))
    return float(np.mean(lost))


def perimeter(mask: NDArray[np.bool_]) -> float:
    """Length of the outline in pixels by Crofton's formula with four directions.

    A curve that parallel lines a distance d apart cross n times, in the mean over all directions, has the length
    pi n d / 2; rows and columns are 1 apart, diagonals 1/sqrt(2). Exact for discs, 5 % short for upright squares.
    """
    padded = np.pad(mask, 1)
    crossings = [
        (padded[:, 1:] != padded[:, :-1]).sum(),
        (padded[1:] != padded[:-1]).sum(),
        (padded[1:, 1:] != padded[:-1, :-1]).sum() / np.sqrt(2),
        (padded[1:, :-1] != padded[:-1, 1:]).sum() / np.sqrt(2),
    ]
    return float(np.pi / 8 * np.sum(crossings))


def colours(values: NDArray[np.uint8]) -> tuple[str, ...]:
    """Names of the colours that cover at least ``LEAST_SHARE`` of ``uint8[N, 3]``, by nearest RGB, in Stolz's order."""
    centres = np.array(list(COLOURS.values()), float)
    distances = ((values[:, None, :].astype(float) - centres) ** 2).sum(2)
    shares = np.bincount(distances.argmin(1), minlength=len(centres)) / len(values)
    return tuple(name for name, share in zip(COLOURS, shares, strict=True) if share >= LEAST_SHARE)
