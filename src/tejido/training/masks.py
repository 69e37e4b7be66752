"""Lesion masks of a manifest, for image steps that read them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from tejido.data.cleaning.masks import fits
from tejido.data.geometry import restored
from tejido.errors import DataError, ImageError
from tejido.imaging.steps.lesion import INSIDE
from tejido.runtime.decode import decode
from tejido.training.images import Images


def with_masks(images: Images, masks: Tensor) -> Images:
    """Images with their masks as fourth channel."""
    return torch.cat([images, masks], dim=1) if isinstance(images, Tensor) else images.masked(masks)


def decode_masks(rows: pd.DataFrame, geometry: nn.Module, *, progress: Callable[[], None] = lambda: None) -> Tensor:
    """Decode the masks of a manifest's rows and bring them to the geometry of their images.

    A mask has two values, 0 outside the lesion, and the shape of its image; its size may be another one. It goes
    through the same filter and is cut at half.

    Args:
        rows: with ``image_id``, ``mask_path``, ``width``, ``height`` and ``aspect``.
        geometry: a geometry step, ``uint8[1, H, W]`` to ``uint8[1, S, S]``.
        progress: called once a mask.

    Returns:
        ``uint8[N, 1, S, S]``, 0 or 255.

    Raises:
        DataError: an image has no mask, or one that cannot be used; the message names the image.
    """
    check_present(rows)
    masks, unfit = usable_masks(rows, geometry, progress=progress)
    for name, reason in unfit.items():
        file = Path(rows.loc[rows["image_id"] == name, "mask_path"].iloc[0]).name
        raise DataError(f"{name}: its mask {file} is of no use ({reason})")
    return masks


def usable_masks(
    rows: pd.DataFrame, geometry: nn.Module, *, progress: Callable[[], None] = lambda: None
) -> tuple[Tensor, dict[str, str]]:
    """As ``decode_masks``, but an image whose mask cannot be used is left out.

    Args:
        rows: as there, each with a ``mask_path``.
        geometry: as there.
        progress: called once a mask.

    Returns:
        Masks of the others, in order, and by image id why a mask cannot be used.
    """

    def one(path: str, shape: tuple[int, int], aspect: float) -> Tensor | str:
        try:
            mask = read_mask(Path(path), shape)
        except (DataError, ImageError) as error:
            return str(error)
        finally:
            progress()
        pixels = np.array(restored(Image.fromarray(mask), aspect))
        square: Tensor = geometry(torch.from_numpy(pixels)[None])
        return (square >= INSIDE).to(torch.uint8) * 255

    shapes = zip(rows["width"].tolist(), rows["height"].tolist(), strict=True)
    aspects = rows["aspect"].to_numpy(float, na_value=np.nan).tolist()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(one, rows["mask_path"], shapes, aspects))
    unfit = {name: mask for name, mask in zip(rows["image_id"], found, strict=True) if isinstance(mask, str)}
    masks = [mask for mask in found if not isinstance(mask, str)]
    size = int(getattr(geometry, "size", 0))
    return torch.stack(masks) if masks else torch.empty((0, 1, size, size), dtype=torch.uint8), unfit


def check_present(rows: pd.DataFrame) -> None:
    """Check that every image has a mask, before anything is decoded.

    Raises:
        DataError: one has none.
    """
    lacking = rows["image_id"][rows["mask_path"].isna()]
    if len(lacking) == len(rows):
        raise DataError("an image step reads lesion masks, and the manifest has none")
    if len(lacking):
        raise DataError(
            f"an image step reads lesion masks, and {len(lacking):,} of {len(rows):,} images have none, such as "
            f"{lacking.iloc[0]}; leave them out of the manifest"
        )


def read_mask(path: Path, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """A mask file as ``uint8[H, W]``, 0 or 255, in its own size.

    Args:
        path: of the file.
        shape: width and height of its image, whose aspect it must have.

    Raises:
        DataError: it shows another frame, is empty, or has grey levels.
        ImageError: it cannot be read.
    """
    red, green, blue = np.moveaxis(decode(path), 2, 0)
    pixels = np.maximum(np.maximum(red, green), blue)
    height, width = pixels.shape
    if not fits((width, height), shape):
        raise DataError(f"{width}×{height}, another shape than {shape[0]}×{shape[1]}")
    values = np.flatnonzero(np.bincount(pixels.ravel(), minlength=256))
    if not values[-1]:
        raise DataError("it is empty")
    if len(values) > 2 or (len(values) == 2 and values[0]):
        raise DataError(f"it has {len(values)} grey levels; a mask has two, and 0 is outside the lesion")
    return np.where(pixels > 0, np.uint8(255), np.uint8(0))
