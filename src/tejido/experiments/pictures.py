"""The picture files of manifest rows, as somebody who uses a model file would have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from tejido.data.geometry import restored
from tejido.errors import DataError, ImageError
from tejido.runtime.decode import open_image
from tejido.training.masks import read_mask


def pixels_of(rows: pd.DataFrame) -> Iterator[NDArray[np.uint8]]:
    """``uint8[H, W, 3]`` of every row, one after the other; squashed pictures at their true aspect.

    Raises:
        ImageError: a file cannot be read.
    """
    aspects = rows["aspect"].to_numpy(float, na_value=np.nan)
    for path, aspect in zip(rows["path"], aspects, strict=True):
        yield np.asarray(restored(open_image(str(path)), aspect))


def some_rows(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """About ``count`` of them, evenly spread."""
    return rows.iloc[:: max(1, len(rows) // count)]


def some_of(rows: pd.DataFrame, count: int) -> list[NDArray[np.uint8]]:
    """The pictures of ``some_rows``."""
    return list(pixels_of(some_rows(rows, count)))


def lesion_of(row: pd.Series, pixels: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Where a picture's mask says that the lesion is.

    Args:
        row: of the manifest.
        pixels: of its picture, ``uint8[H, W, 3]``.

    Returns:
        ``bool[H, W]``; None where there is no mask, or one of no use.
    """
    if pd.isna(row["mask_path"]):
        return None
    try:
        mask = Image.fromarray(read_mask(Path(row["mask_path"]), (row["width"], row["height"])))
    except (DataError, ImageError):
        return None
    height, width = pixels.shape[:2]
    return np.asarray(mask.resize((width, height), Image.Resampling.NEAREST)) > 0
