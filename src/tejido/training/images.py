"""Images of a manifest at the network's size: decoded once and kept in memory, or mapped from a packed cache."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from tejido.data.geometry import restored
from tejido.data.patches import PatchGrid
from tejido.errors import DataError, ImageError
from tejido.runtime.decode import open_image


def decode_all(
    paths: pd.Series,
    geometry: nn.Module,
    *,
    aspects: pd.Series | None = None,
    patches: PatchGrid | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Tensor:
    """Decode files and bring them to the network's geometry, with as many threads as there are processors.

    Args:
        paths: image files.
        geometry: a geometry step, ``uint8[3, H, W]`` to ``uint8[3, S, S]``.
        aspects: true width / height of pictures that were squashed, aligned with ``paths``; null for the others.
        patches: cut these first, and bring each of them to the geometry.
        progress: called once an image.

    Returns:
        ``uint8[N, 3, S, S]``, the patches of an image one after the other.

    Raises:
        DataError: a file cannot be read, or is smaller than a patch; the message names it.
    """

    def one(path: str, aspect: float) -> Tensor:
        try:
            pixels = np.asarray(restored(open_image(Path(path)), aspect))
            parts = [pixels] if patches is None else patches.cut(pixels)
        except (DataError, ImageError) as error:
            raise DataError(f"{path}: {error}") from None
        progress()
        squares: list[Tensor] = [geometry(torch.from_numpy(part.copy()).permute(2, 0, 1)) for part in parts]
        return torch.stack(squares)

    known = np.full(len(paths), np.nan) if aspects is None else aspects.to_numpy(float, na_value=np.nan)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return torch.cat(list(pool.map(one, paths, known.tolist())))


class CachedImages:
    """Some rows of a packed cache, to be indexed like a tensor ``uint8[N, 3, S, S]``; only what is asked for is read.

    Args:
        pixels: ``uint8[M, S, S, 3]``, mapped from the cache's file.
        rows: ``int64[N]``, which of them, in which order.
        masks: ``uint8[N, 1, S, S]``, in memory: the images' fourth channel; None for three channels.
    """

    def __init__(self, pixels: NDArray[np.uint8], rows: NDArray[np.int64], masks: Tensor | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the map is read-only: nothing here writes
            self._pixels = torch.from_numpy(pixels)
        self._rows = rows
        self._masks = masks

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, chosen: int | slice | NDArray[np.int64]) -> Tensor:
        """A copy of the chosen images, channels-last in memory as the cache holds them."""
        rows = self._rows[chosen]
        if isinstance(chosen, int):
            images = self._pixels[rows].clone().permute(2, 0, 1)
        else:
            images = _gathered(self._pixels, torch.from_numpy(rows)).permute(0, 3, 1, 2)
        return images if self._masks is None else torch.cat([images, self._masks[chosen]], dim=-3)

    def masked(self, masks: Tensor) -> CachedImages:
        """The same images with ``masks`` as their fourth channel."""
        return CachedImages(self._pixels.numpy(), self._rows, masks)


Images = Tensor | CachedImages
"""``uint8[N, 3, S, S]``."""


def batches(images: Images, size: int) -> Iterator[Tensor]:
    """All images in order, ``size`` at a time."""
    for start in range(0, len(images), size):
        yield images[start : start + size]


class LabelledImages(Dataset[tuple[Tensor, ...]]):
    """Images with their label indices and, where it was asked for, what is known beside them.

    Args:
        images: ``uint8[N, 3, S, S]``, in memory, from a cache, or in a GPU's memory.
        labels: ``int64[N]``.
        context: ``float32[N, 3]`` as in ``data.context``, or None; items then have two parts instead of three.
    """

    def __init__(self, images: Images, labels: Tensor, context: Tensor | None = None) -> None:
        self.images = images
        self.labels = labels
        self.context = context

    def __len__(self) -> int:
        return len(self.images)

    def turn(self, epoch: int) -> None:
        """Called before the first batch of an epoch of training; these images are the same in all."""

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        beside = () if self.context is None else (self.context[index],)
        return self.images[index], self.labels[index], *beside

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, ...]:
        """A whole batch at once: one gather instead of one copy an image."""
        rows = np.asarray(indices)
        places = torch.from_numpy(rows)
        labels = self.labels[places]
        beside = () if self.context is None else (self.context[places],)
        if isinstance(self.images, Tensor):
            return _gathered(self.images, places.to(self.images.device, non_blocking=True)), labels, *beside
        return self.images[rows], labels, *beside


def _gathered(pixels: Tensor, rows: Tensor) -> Tensor:
    """Copies of some rows of ``uint8[N, ...]``.

    torch copies them with all processors, but byte by byte, which is twenty times slower than eight bytes at once.
    """
    size = pixels[0].numel() if len(pixels) else 0
    if not pixels.is_contiguous() or size % 8 or pixels.data_ptr() % 8:
        return pixels[rows]
    words = pixels.reshape(len(pixels), size).view(torch.int64)
    return words.index_select(0, rows).view(torch.uint8).reshape(len(rows), *pixels.shape[1:])


def as_batch(items: Any) -> Any:
    """Collate function for ``LabelledImages``, whose ``__getitems__`` already makes a batch."""
    return items
