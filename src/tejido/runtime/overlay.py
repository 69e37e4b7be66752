"""Heatmaps and outlines drawn onto their pictures, as PNG files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageFilter

from tejido.errors import TejidoError
from tejido.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

MAX_SIDE = 1024
"""Longest side of an overlay in pixels; larger pictures are reduced."""
COLOURS = ((0.0, (255, 190, 0), 0.0), (0.5, (255, 150, 0), 0.55), (1.0, (190, 0, 50), 1.0))
"""(value, RGB, opacity): from nothing over amber to dark red; darker means more, so it can be read without hue."""
_LONGEST_STEM = 60


def draw(
    pixels: NDArray[np.uint8],
    heatmap: NDArray[np.float32],
    frame: Literal["centre_square", "whole"],
    *,
    strength: float = 0.6,
) -> NDArray[np.uint8]:
    """Blend a heatmap onto its picture.

    Args:
        pixels: the picture, RGB ``uint8[H, W, 3]``.
        heatmap: ``float32[h, w]`` in 0..1.
        frame: part of the picture that the heatmap covers (``Metadata.frame``).
        strength: opacity in 0..1 where the heatmap is 1.

    Returns:
        ``uint8[H', W', 3]``, the picture's shape, or reduced so that its longer side is ``MAX_SIDE``.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, MAX_SIDE / max(height, width))
    left, top, right, bottom = (round(edge * scale) for edge in frame_box(height, width, frame))
    picture = Image.fromarray(pixels)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = picture.resize(size, Image.Resampling.BOX)
    result = np.array(picture)
    part = result[top:bottom, left:right]
    smooth = Image.fromarray(np.asarray(heatmap, dtype=np.float32)).resize(
        (part.shape[1], part.shape[0]), Image.Resampling.BICUBIC
    )
    colour, opacity = colours(np.asarray(smooth))
    weight = opacity[:, :, None] * np.float32(strength)
    part[:] = np.rint(part * (1 - weight) + colour * weight)
    return result


def draw_outline(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A picture with the outline of a mask on it: white with a dark rim, to be seen on any skin.

    Args:
        pixels: the picture, RGB ``uint8[H, W, 3]``.
        mask: ``bool[H, W]``.

    Returns:
        ``uint8[H', W', 3]``, reduced as by ``draw``.
    """
    picture, outline = Image.fromarray(pixels), Image.fromarray(mask.astype(np.uint8) * 255)
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    outline = outline.resize(picture.size, Image.Resampling.BILINEAR).point(lambda value: 255 * (value >= 128))
    width = max(1, round(max(picture.size) / 250))
    result = np.array(picture)
    for colour, reach in ((20, 2 * width), (255, width)):
        size = 2 * reach + 1
        rim = np.asarray(outline.filter(ImageFilter.MaxFilter(size))) != np.asarray(
            outline.filter(ImageFilter.MinFilter(size))
        )
        result[rim] = colour
    return result


def frame_box(height: int, width: int, frame: Literal["centre_square", "whole"]) -> tuple[int, int, int, int]:
    """(left, top, right, bottom) of the part of a picture that a heatmap covers, in pixels."""
    if frame == "whole":
        return 0, 0, width, height
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return left, top, left + side, top + side


def colours(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colour ``float32[h, w, 3]`` in 0..255 and opacity ``float32[h, w]`` in 0..1 of values, clipped to 0..1."""
    stops = [stop for stop, _, _ in COLOURS]
    clipped = np.clip(values, 0, 1)
    channels = [np.interp(clipped, stops, [rgb[i] for _, rgb, _ in COLOURS]) for i in range(3)]
    opacity = np.interp(clipped, stops, [alpha for _, _, alpha in COLOURS])
    return np.stack(channels, axis=-1).astype(np.float32), opacity.astype(np.float32)


class Folder:
    """A folder of overlays in which, within one run, no picture takes another's name.

    Args:
        path: the folder; made where it does not exist.
        keep: files that are never written over, such as the pictures themselves.

    Raises:
        TejidoError: the folder cannot be made.
    """

    def __init__(self, path: Path, *, keep: Iterable[Path] = ()) -> None:
        self._path = path
        self._taken = {_identity(item) for item in keep}
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise TejidoError(f"{path}: cannot be made a folder ({_reason(error)})") from None

    def save(
        self,
        image: Path,
        pixels: NDArray[np.uint8],
        heatmap: NDArray[np.float32],
        frame: Literal["centre_square", "whole"],
    ) -> Path:
        """Draw the heatmap of ``image`` and write ``<name>-heatmap.png``, ``<name>-heatmap-2.png`` ...

        Returns:
            path of the file, which appears complete or not at all.

        Raises:
            TejidoError: it cannot be written.
        """
        path = self._free_name(image, "heatmap")
        _write_png(draw(pixels, heatmap, frame), path)
        return path

    def save_outline(self, image: Path, pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> tuple[Path, Path]:
        """Write the mask of ``image`` as ``<name>-mask.png`` (0 and 255, its size) and drawn as ``<name>-outline.png``.

        Returns:
            paths of the two.

        Raises:
            TejidoError: they cannot be written.
        """
        plain, drawn = self._free_name(image, "mask"), self._free_name(image, "outline")
        _write_png(mask.astype(np.uint8) * 255, plain)
        _write_png(draw_outline(pixels, mask), drawn)
        return plain, drawn

    def _free_name(self, image: Path, kind: str) -> Path:
        stem = image.stem[:_LONGEST_STEM]
        path = self._path / f"{stem}-{kind}.png"
        number = 2
        while _identity(path) in self._taken:
            path = self._path / f"{stem}-{kind}-{number}.png"
            number += 1
        self._taken.add(_identity(path))
        return path


def _identity(path: Path) -> str:
    # Folded, because some file systems take A.png and a.png for one file.
    return os.path.realpath(path).casefold()


def _write_png(pixels: NDArray[np.uint8], path: Path) -> None:
    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
