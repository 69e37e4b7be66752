"""Which pixel arrays are acceptable as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tejido.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PIXELS = 80_000_000
"""Largest picture accepted (width x height): above every phone's default, below a decompression bomb."""
MAX_BYTES = 512 * 2**20
"""Largest file accepted: the largest picture with 16 bits a sample, not compressed, fits."""
MIN_SIDE = 16
"""Smallest side in pixels that is still a picture of something."""


def check_size(width: int, height: int) -> None:
    """Raise ``ImageError`` unless ``width`` x ``height`` pixels is a size that can be judged."""
    if min(width, height) < MIN_SIDE:
        raise ImageError(f"{width}x{height} pixels is too small to judge; at least {MIN_SIDE} on each side")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{width}x{height} pixels is too large; at most {MAX_PIXELS // 1_000_000} megapixels, make it smaller"
        )


def check_pixels(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return ``pixels``, C-contiguous, if they are ``uint8[H, W, 3]`` of an acceptable size.

    Raises:
        ImageError: they are not.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ImageError(f"expected uint8[H, W, 3], got {pixels.dtype}{list(pixels.shape)}")
    check_size(pixels.shape[1], pixels.shape[0])
    return np.ascontiguousarray(pixels)
