"""Images of a manifest at the network's size, decoded once."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from tejido.errors import DataError, ImageError
from tejido.runtime.decode import decode


def decode_all(paths: pd.Series, geometry: nn.Module, *, progress: Callable[[], None] = lambda: None) -> Tensor:
    """Decode files and bring them to the network's geometry, with as many threads as there are processors.

    Args:
        paths: image files.
        geometry: a geometry step, ``uint8[3, H, W]`` to ``uint8[3, S, S]``.
        progress: called once an image.

    Returns:
        ``uint8[N, 3, S, S]``.

    Raises:
        DataError: a file cannot be read; the message names it.
    """

    def one(path: str) -> Tensor:
        try:
            pixels = decode(Path(path))
        except ImageError as error:
            raise DataError(f"{path}: {error}") from None
        progress()
        result: Tensor = geometry(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
        return result.contiguous()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return torch.stack(list(pool.map(one, paths)))


class LabelledImages(Dataset[tuple[Tensor, Tensor]]):
    """Images in memory with their label indices.

    Args:
        images: ``uint8[N, 3, S, S]``.
        labels: ``int64[N]``.
    """

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], self.labels[index]

    def __getitems__(self, indices: list[int]) -> tuple[Tensor, Tensor]:
        """A whole batch at once: one gather instead of one copy an image."""
        return self.images[indices], self.labels[indices]


def as_batch(items: Any) -> Any:
    """Collate function for ``LabelledImages``, whose ``__getitems__`` already makes a batch."""
    return items
