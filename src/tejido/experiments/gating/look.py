"""What a gate learns from: pictures, and parts of them, as a model file sees them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from tejido.errors import DataError, ImageError
from tejido.experiments.pictures import lesion_of, pixels_of
from tejido.export.gating import Insides
from tejido.imaging.augment import Augment
from tejido.imaging.strangers import stranger
from tejido.models.gate import described
from tejido.runtime.decode import decode

MADE_UP = 150
"""Pictures of each family of ``imaging.strangers``."""
PARTS = 6
"""Square parts of each stranger that are looked at beside the whole, at least."""
FEW = 600
"""Pictures and parts of a family; where strangers are few, more parts are taken of each, and augmented too."""
SKIN = 500
"""Parts of training images without lesion, of 28 to 60 % of their height."""
OTHER_CAMERAS = Augment(
    zoom=1.6, brightness=0.35, contrast=0.35, saturation=0.4, temperature=0.12, blur=0.3, sharpen=0.5, jpeg=0.5
)
"""Other clinics' pictures of the same kind differ more from the model's own than these do from each other."""
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
_SMALLEST = 16  # pixels a side, below which no model file takes a picture

log = logging.getLogger(__name__)

Pair = tuple[NDArray[np.uint8], NDArray[np.float32]]


class Look:
    """Looks at pictures through a model file, and counts them.

    What it returns has a row a picture, ``float32[N, D]``: 136 numbers of the square (``models.gate.described``) and
    the vector that the head reads.

    Attributes:
        side: of the square, in pixels.
        features: length of the vector.
        total: how many pictures there will be, to be set by whoever looks.
        usual: pixels of the shorter side of the model's own pictures, likewise.

    Args:
        file: its bytes.
        seed: of augmentation and parts.
        progress: called with how many were looked at, and of ``total``.
    """

    def __init__(self, file: bytes, seed: int, progress: Callable[[int, int], None]) -> None:
        self._insides = Insides(file)
        square, vector = self._insides(np.zeros((256, 256, 3), np.uint8))
        self.side, self.features = square.shape[-1], len(vector)
        self.total = 0
        self.usual = self.side
        self._done = 0
        self._seed = seed
        self._progress = progress

    def all(self, rows: pd.DataFrame) -> Tensor:
        """Every picture.

        Raises:
            ImageError: one cannot be read; so do the others that take rows.
        """
        return self._values(pixels_of(rows))

    def own(self, rows: pd.DataFrame) -> Tensor:
        """Every picture as it is, augmented as training does, and as another camera may show it."""
        return self._and_changed(list(self._through(pixels_of(rows))), (Augment(), OTHER_CAMERAS))

    def own_elsewhere(self, rows: pd.DataFrame) -> Tensor:
        """Every picture as it is, and as another camera may show it."""
        return self._and_changed(list(self._through(pixels_of(rows))), (OTHER_CAMERAS,))

    def made_up(self, family: str) -> Tensor:
        """Pictures of a family of nothing."""
        return self._values(stranger(family, number) for number in range(MADE_UP))

    def whole_and_parts(self, rows: pd.DataFrame) -> Tensor:
        """Every picture and square parts of it, of 30 to 100 % of its shorter side; few ones augmented too."""
        return self._strangers(pixels_of(rows), len(rows))

    def files_and_parts(self, paths: list[Path]) -> Tensor:
        """The same of files; those that cannot be read, or are too small, are passed over."""
        return self._strangers(_readable(paths), len(paths))

    def _strangers(self, pictures: Iterator[NDArray[np.uint8]], count: int) -> Tensor:
        pairs = list(self._through(self._pieces(pictures, pieces(count))))
        return self._and_changed(pairs, (Augment(),)) if few(count) else _described(pairs)

    def _and_changed(self, pairs: list[Pair], ways: tuple[Augment, ...]) -> Tensor:
        """What was seen, and the same squares once more for each way to change them."""
        if not pairs:
            return _described(pairs)
        generator = torch.Generator().manual_seed(self._seed)
        squares = torch.from_numpy(np.stack([square for square, _ in pairs]))
        found = [_described(pairs)]
        for way in ways:
            changed = way(squares, generator).permute(0, 2, 3, 1).contiguous().numpy()
            found.append(_described(list(self._through(iter(changed)))))
        return torch.cat(found)

    def _pieces(self, pictures: Iterator[NDArray[np.uint8]], count: int) -> Iterator[NDArray[np.uint8]]:
        rng = np.random.default_rng(self._seed)
        for pixels in pictures:
            yield pixels
            for number in range(count - 1):
                shortest = min(pixels.shape[:2])
                side = min(shortest, max(_SMALLEST, int(shortest * rng.uniform(0.3, 1))))
                part = pixels[_place(pixels.shape[0], pixels.shape[1], side, rng)]
                yield _reduced(part, self.usual) if number % 2 else part

    def skin(self, rows: pd.DataFrame) -> Tensor:
        """Parts of pictures that their masks say have no lesion; empty where there are none."""
        rng = np.random.default_rng(self._seed)
        masked = rows[rows["mask_path"].notna()]
        masked = masked.sample(len(masked), random_state=self._seed)

        def free() -> Iterator[NDArray[np.uint8]]:
            found = 0
            for (_, row), pixels in zip(masked.iterrows(), pixels_of(masked), strict=True):
                part = skin_of(pixels, row, rng)
                if part is not None:
                    yield part
                    found += 1
                if found == SKIN:
                    return

        return self._values(free())

    def _values(self, pictures: Iterator[NDArray[np.uint8]]) -> Tensor:
        return _described(list(self._through(pictures)))

    def _through(self, pictures: Iterator[NDArray[np.uint8]]) -> Iterator[Pair]:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            while some := list(islice(pictures, 64)):  # not all pictures in memory
                yield from pool.map(self._insides, some)
                self._done += len(some)
                self._progress(min(self._done, self.total), self.total)


def _reduced(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A square part with at most so many pixels a side, so that sharpness alone is no sign of a stranger."""
    if len(pixels) <= side:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))


def pieces(count: int) -> int:
    """How often each of so many strangers is looked at: whole, and in parts."""
    return 1 + max(PARTS, FEW // max(1, count))


def few(count: int) -> bool:
    """Whether so many strangers are so few that each is looked at in more parts, and augmented too."""
    return FEW // max(1, count) > PARTS


def looks(count: int) -> int:
    """At how many squares of so many strangers a gate looks."""
    return count * pieces(count) * (2 if few(count) else 1)


def files_in(folder: Path, count: int, seed: int) -> list[Path]:
    """At most ``count`` picture files of a folder and those in it, drawn by lot.

    Raises:
        DataError: there is none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not found:
        raise DataError(f"{folder}: no picture files in it")
    return [found[place] for place in np.random.default_rng(seed).permutation(len(found))[:count]]


def _readable(paths: list[Path]) -> Iterator[NDArray[np.uint8]]:
    for path in paths:
        try:
            yield decode(path)
        except ImageError as error:
            log.warning("%s is passed over: %s", path, error)


def _described(pairs: list[Pair]) -> Tensor:
    """Descriptions and vectors side by side."""
    if not pairs:
        return torch.empty(0, 0)
    parts = []
    for start in range(0, len(pairs), 256):
        some = pairs[start : start + 256]
        squares = torch.from_numpy(np.stack([square for square, _ in some]))
        vectors = torch.from_numpy(np.stack([vector for _, vector in some]))
        with torch.inference_mode():
            parts.append(torch.cat([described(squares), vectors], 1))
    return torch.cat(parts)


def skin_of(pixels: NDArray[np.uint8], row: pd.Series, rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """The largest of 40 squares, drawn by lot, that the lesion's mask leaves free.

    Args:
        pixels: ``uint8[H, W, 3]``.
        row: of the manifest.
        rng: draws.

    Returns:
        ``uint8[S, S, 3]``, or None where none of the squares is free, or there is no mask of use.
    """
    lesion = lesion_of(row, pixels)
    if lesion is None:
        return None
    height, width = lesion.shape
    best = None
    for _ in range(40):
        side = min(int(rng.uniform(0.28, 0.6) * height), width)
        part = _place(height, width, side, rng)
        if not lesion[part].any() and (best is None or side > best.shape[0]):
            best = pixels[part]
    return best if best is not None and len(best) >= _SMALLEST else None


def _place(height: int, width: int, side: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """A square of that side, anywhere in the picture."""
    top, left = (int(rng.integers(0, length - side + 1)) for length in (height, width))
    return slice(top, top + side), slice(left, left + side)
