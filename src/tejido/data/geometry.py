"""Geometry without torch: from a picture of any size to the square that the network sees, by Pillow.

The steps of ``tejido.imaging.geometry``, which go into model files, follow the same filter; a test holds the two
together.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tejido.data.patches import PatchGrid
from tejido.errors import DataError

Resize = Callable[[Image.Image, int, int], Image.Image]
"""From a picture to one of this width and height."""
FRAMES = ("centre_square", "short_side", "stretch")
_HALFWAY = 2e-3
"""Levels; runtimes keep filter weights in fixed point, of which about so much remains unsaid."""
_MEANING = 1
"""Raised when the same steps begin to give other pixels, so that older caches are no longer taken for current."""


@dataclass(frozen=True)
class Steps:
    """What happens to a decoded picture before augmentation.

    Attributes:
        frame: ``centre_square`` crops the largest centred square, ``stretch`` keeps everything and changes the aspect,
            ``short_side`` resizes first and crops the centred square of ``size`` then.
        size: side in pixels afterwards.
        patches: cut these first, and bring each of them to ``size``.
        short_side: what the short side becomes before the crop of that name; by default ``size``.
    """

    frame: str
    size: int
    patches: PatchGrid | None = None
    short_side: int | None = None

    def __post_init__(self) -> None:
        if self.frame not in FRAMES:
            raise DataError(f"no geometry is called {self.frame!r}; there are: {', '.join(FRAMES)}")
        if self.size < 1:
            raise DataError(f"a side of {self.size} pixels is no size")
        if self.frame == "short_side" and self.short_side is None:
            object.__setattr__(self, "short_side", self.size)
        if self.short_side is not None and (self.frame != "short_side" or self.short_side < self.size):
            raise DataError("a short side is given to the geometry short_side alone, and is at least its size")

    def __str__(self) -> str:
        cut = "" if self.patches is None else f"patches {self.patches}, "
        resized = "" if self.short_side in (None, self.size) else f"{self.short_side} to "
        return f"{cut}{self.frame} {resized}{self.size}"

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
        values = {
            "patches": None if self.patches is None else str(self.patches),
            "frame": self.frame,
            "size": self.size,
        }
        return values if self.short_side is None else values | {"short_side": self.short_side}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Steps:
        """The inverse of ``as_dict``."""
        patches = None if values["patches"] is None else PatchGrid.parse(values["patches"])
        return cls(values["frame"], values["size"], patches, values.get("short_side"))

    def __call__(self, picture: Image.Image, resize: Resize | None = None) -> NDArray[np.uint8]:
        """Apply the steps.

        Args:
            picture: of mode RGB, or of any other that ``resize`` takes.
            resize: another filter than Pillow's.

        Returns:
            ``uint8[per_image, size, size, 3]``; without the last axis for a picture of one channel.

        Raises:
            DataError: the picture is smaller than a patch.
        """
        grid, resize = self.patches, resize or _resized
        if grid is None:
            return np.asarray(self._square(picture, resize))[None]
        corners = grid.corners(*picture.size)
        parts = [picture.crop((left, top, left + grid.width, top + grid.height)) for left, top in corners]
        return np.stack([np.asarray(self._square(part, resize)) for part in parts])

    def _square(self, picture: Image.Image, resize: Resize) -> Image.Image:
        if self.frame == "stretch":
            return resize(picture, self.size, self.size)
        side = min(picture.size)
        if self.frame == "centre_square":
            return resize(_centre(picture, side), self.size, self.size)
        assert self.short_side is not None
        width, height = (self.short_side * length // side for length in picture.size)
        return _centre(resize(picture, width, height), self.size)


def _centre(picture: Image.Image, side: int) -> Image.Image:
    left, top = ((length - side) // 2 for length in picture.size)
    return picture.crop((left, top, left + side, top + side))


def restored(picture: Image.Image, aspect: float | None) -> Image.Image:
    """A picture that was squashed into a square, at its true aspect again; the side that was squashed grows.

    Args:
        picture: a square one, or any where ``aspect`` is unknown.
        aspect: true width / height; None or NaN for a picture that was never squashed.
    """
    if aspect is None or math.isnan(aspect):
        return picture
    width, height = picture.size
    return _resized(picture, max(width, round(height * aspect)), max(height, round(width / aspect)))


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Along the rows, rounded to 8 bits, then along the columns; as in model files.

    Said in two calls, because from version 13 on Pillow takes the columns first where that is faster, which rounds up
    to a tenth of the values the other way.
    """
    for size in ((width, picture.height), (width, height)):
        if picture.size != size:
            picture = picture.resize(size, Image.Resampling.BILINEAR)
    return picture


def rounding(steps: Steps, picture: Image.Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Least and largest values that the steps can give, whichever way what lies halfway is rounded.

    At some ratios many values lie halfway: from 128 to 192 pixels every sixth. Runtimes then round some of them apart,
    and none is wrong.

    Args:
        steps: to apply.
        picture: of mode RGB.

    Returns:
        Twice ``uint8[per_image, size, size, 3]``.
    """

    def by(margin: float) -> NDArray[np.uint8]:
        def resize(channel: Image.Image, width: int, height: int) -> Image.Image:
            for size in ((width, channel.height), (width, height)):
                exact = np.asarray(channel.convert("F").resize(size, Image.Resampling.BILINEAR))
                channel = Image.fromarray(np.floor(exact + 0.5 + margin).clip(0, 255).astype(np.uint8))
            return channel

        return np.stack([steps(channel, resize) for channel in picture.split()], axis=-1)

    return by(-_HALFWAY), by(_HALFWAY)
