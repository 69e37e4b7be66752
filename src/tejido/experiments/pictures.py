"""The picture files of manifest rows, as somebody who uses a model file would have them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.data.geometry import restored
from tejido.runtime.decode import open_image


def pixels_of(rows: pd.DataFrame) -> Iterator[NDArray[np.uint8]]:
    """``uint8[H, W, 3]`` of every row, one after the other; squashed pictures at their true aspect.

    Raises:
        ImageError: a file cannot be read.
    """
    aspects = rows["aspect"].to_numpy(float, na_value=np.nan)
    for path, aspect in zip(rows["path"], aspects, strict=True):
        yield np.asarray(restored(open_image(str(path)), aspect))


def some_of(rows: pd.DataFrame, count: int) -> list[NDArray[np.uint8]]:
    """About ``count`` of them, evenly spread."""
    return list(pixels_of(rows.iloc[:: max(1, len(rows) // count)]))
