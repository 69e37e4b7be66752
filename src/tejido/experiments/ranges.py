"""The pictures from which int8_static takes the ranges of activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.data import manifest as manifests
from tejido.errors import DataError
from tejido.experiments.pictures import pixels_of
from tejido.experiments.source import Source
from tejido.recipe import resolve_path
from tejido.recipe.compression import Compression
from tejido.runtime.context import encode
from tejido.runtime.metadata import Metadata

Inputs = Sequence[dict[str, NDArray[np.generic]]]


def inputs_of(source: Source, asked: Compression, metadata: Metadata) -> Inputs:
    """What the graph takes, of the pictures from which ranges of activations are taken; nothing known beside them.

    Raises:
        DataError: they are images of validation or test, or others of their groups.
    """
    rows = source.parts["train"].pictures
    if asked.calibration is not None:
        path = resolve_path(asked.calibration)
        rows = manifests.read(path)
        for name in ("val", "test"):
            own = source.parts[name].pictures
            columns = ["sha256", "image_id", "group_id"]
            known = pd.concat([rows[c].isin(own[c].dropna()) & rows[c].notna() for c in columns], axis=1).any(axis=1)
            if known.any():
                raise DataError(
                    f"{path}: {known.sum():,} of {len(rows):,} images are in the run's {name} set or share a group "
                    "with it; calibrate on others"
                )
    chosen = np.random.default_rng(asked.seed).permutation(len(rows))[: asked.pictures]
    nothing = encode(metadata, {})
    return [{"image": pixels, **nothing} for pixels in pixels_of(rows.iloc[np.sort(chosen)])]
