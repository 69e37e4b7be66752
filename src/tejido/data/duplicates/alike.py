"""The pixel check: are two thumbnails the same picture? The hash only proposes, this decides.

The bounds were measured on ``ham10000`` and ``isic9`` (docs/data/duplicates.md): 1,514 true pairs at two sizes and
aspects differ by at most 3.1 levels and correlate by .983 or more; of all pairs of different lesions of HAM10000, those
that correlate by .97 differ by 7.5 levels or more, those that differ by less than 6 correlate by .948 at most, and none
correlates by more than .989. Of parts placed in pictures of other lesions, those that differ by 6 levels or less
correlate by .985 at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COPY_DIFFERENCE = 4.0
"""Mean absolute difference, in levels of 0..255, up to which two pictures are copies ..."""
COPY_CORRELATION = 0.97
"""... if they also correlate as much."""
SIMILAR_CORRELATION = 0.995
"""From here on two pictures show the same thing, even if one is brighter."""
PART_CORRELATION = 0.99
"""The same for a part of a picture, which thumbnails show less sharply, after its place was found ..."""
PART_DIFFERENCE = 6.0
"""... and with at most this difference."""
_FLAT = 4.0
"""Contrast, in levels, below which nothing can be recognised."""
_BATCH = 2048


@dataclass(frozen=True)
class Likeness:
    """How two pictures compare.

    Attributes:
        difference: mean absolute difference of the thumbnails, 0..255.
        correlation: of their pixels, each channel's mean taken away.
    """

    difference: float
    correlation: float

    @property
    def is_copy(self) -> bool:
        """Whether it is the same file, saved again."""
        return self.difference <= COPY_DIFFERENCE and self.correlation >= COPY_CORRELATION

    @property
    def is_similar(self) -> bool:
        """Whether it is the same sight, perhaps in other light."""
        return self.correlation >= SIMILAR_CORRELATION

    @property
    def is_part(self) -> bool:
        """The same for a part of a picture."""
        return self.correlation >= PART_CORRELATION and self.difference <= PART_DIFFERENCE


def compare(
    first: NDArray[np.uint8 | np.float32], second: NDArray[np.uint8 | np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Differences and correlations of pairs of thumbnails.

    Args:
        first: ``[N, S, S, 3]``, in levels of 0..255.
        second: as many.

    Returns:
        ``float32[N]`` each: mean absolute differences in levels, and correlations; flat pictures correlate by 0.
    """
    differences, correlations = [np.zeros(0, np.float32)], [np.zeros(0, np.float32)]
    for start in range(0, len(first), _BATCH):
        a, b = _planes(first[start : start + _BATCH]), _planes(second[start : start + _BATCH])
        differences.append(np.abs(a - b).mean((1, 2, 3)))
        correlations.append(_correlation(a, b))
    return np.concatenate(differences), np.concatenate(correlations)


def contrast(thumbnails: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Standard deviation of the pixels around each channel's mean: ``float32[N]``."""
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(thumbnails), _BATCH):
        parts.append(_spread(_centred(_planes(thumbnails[start : start + _BATCH]))))
    return np.concatenate(parts)


def is_flat(thumbnails: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pictures have nothing in them by which they could be recognised."""
    return contrast(thumbnails) < _FLAT


def _planes(thumbnails: NDArray[np.uint8 | np.float32]) -> NDArray[np.float32]:
    """Channels first: ``float32[N, 3, S, S]``."""
    return np.ascontiguousarray(np.moveaxis(thumbnails, -1, 1), np.float32)


def _centred(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = planes - planes.mean((2, 3), keepdims=True)
    return result


def _spread(centred: NDArray[np.float32]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = np.sqrt(np.square(centred).mean((1, 2, 3)))
    return result


def _correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    a, b = _centred(first), _centred(second)
    scale = _spread(a), _spread(b)
    result: NDArray[np.float32] = (a * b).mean((1, 2, 3)) / np.maximum(scale[0] * scale[1], 1e-6)
    return np.where((scale[0] < _FLAT) | (scale[1] < _FLAT), np.float32(0), result)
