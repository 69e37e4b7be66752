"""Geometry without torch: from a picture of any size to the square that the network sees, by Pillow.

The steps of ``tejido.imaging.geometry``, which go into model files, follow the same filter; a test holds the two
together.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tejido.data.patches import PatchGrid
from tejido.errors import DataError

FRAMES = ("centre_square", "stretch")
_MEANING = 1
"""Raised when the same steps begin to give other pixels, so that older caches are no longer taken for current."""


@dataclass(frozen=True)
class Steps:
    """What happens to a decoded picture before augmentation.

    Attributes:
        frame: ``centre_square`` crops the largest centred square, ``stretch`` keeps everything and changes the aspect.
        size: side in pixels afterwards.
        patches: cut these first, and bring each of them to ``size``.
    """

    frame: str
    size: int
    patches: PatchGrid | None = None

    def __post_init__(self) -> None:
        if self.frame not in FRAMES:
            raise DataError(f"no geometry is called {self.frame!r}; there are: {', '.join(FRAMES)}")
        if self.size < 1:
            raise DataError(f"a side of {self.size} pixels is no size")

    def __str__(self) -> str:
        cut = "" if self.patches is None else f"patches {self.patches}, "
        return f"{cut}{self.frame} {self.size}"

    @property
    def per_image(self) -> int:
        """How many squares a picture gives."""
        return 1 if self.patches is None else self.patches.count

    def key(self) -> str:
        """Hash of the steps: equal keys, equal pixels."""
        text = json.dumps({"meaning": _MEANING, "filter": "bilinear"} | self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def as_dict(self) -> dict[str, Any]:
        """The steps as plain values."""
        return {"patches": None if self.patches is None else str(self.patches), "frame": self.frame, "size": self.size}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Steps:
        """The inverse of ``as_dict``."""
        patches = None if values["patches"] is None else PatchGrid.parse(values["patches"])
        return cls(values["frame"], values["size"], patches)

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Apply the steps.

        Args:
            pixels: ``uint8[H, W, 3]``.

        Returns:
            ``uint8[per_image, size, size, 3]``.

        Raises:
            DataError: the picture is smaller than a patch.
        """
        parts = [pixels] if self.patches is None else self.patches.cut(pixels)
        return np.stack([self._square(part) for part in parts])

    def _square(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        if self.frame == "centre_square":
            height, width = pixels.shape[:2]
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            pixels = pixels[top : top + side, left : left + side]
        return _resized(pixels, self.size, self.size)


def restored(pixels: NDArray[np.uint8], aspect: float | None) -> NDArray[np.uint8]:
    """A picture that was squashed into a square, at its true aspect again; the side that was squashed grows.

    Args:
        pixels: ``uint8[S, S, 3]``, or any picture where ``aspect`` is unknown.
        aspect: true width / height; None or NaN for a picture that was never squashed.
    """
    if aspect is None or math.isnan(aspect):
        return pixels
    height, width = pixels.shape[:2]
    return _resized(pixels, max(width, round(height * aspect)), max(height, round(width / aspect)))


def _resized(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))
