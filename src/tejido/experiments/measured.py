"""What is measured in pictures, to look at parts of them: tone of the skin, hair, how much the lesion covers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation

from tejido.data.geometry import restored
from tejido.data.skin_tone import lab
from tejido.errors import TejidoError
from tejido.experiments.pictures import pixels_of
from tejido.imaging.steps.hair import RemoveHair
from tejido.imaging.steps.lesion import INSIDE
from tejido.training.masks import read_mask

NEEDED = ("path", "mask_path", "modality", "width", "height", "aspect")
"""Columns of a manifest without which nothing is measured."""
SIDE = 160
"""Pixels of the longer side at which pictures are measured."""
MARGIN = 0.05
"""Of the picture's side: skin so near to the lesion does not count as skin."""
RIM = 0.12
"""Of the picture's sides: where there is no mask, the rim of this width is taken for skin."""
DARK = 20.0
"""CIELAB lightness below which a pixel is a shadow or a hair, not skin; the darkest skin is lighter."""


def measured(rows: pd.DataFrame, progress: Callable[[int, int], None] = lambda done, total: None) -> pd.DataFrame:
    """``tone`` in degrees, ``hair`` and ``covered`` as shares of the picture, for every row; NaN where unknown.

    Args:
        rows: of a manifest.
        progress: called with how many are done, and of how many.

    Raises:
        ImageError: a picture cannot be read.
    """
    hair = RemoveHair()
    found = []
    for done, (pixels, (_, row)) in enumerate(zip(pixels_of(rows), rows.iterrows(), strict=True)):
        progress(done, len(rows))
        picture = _reduced(pixels)
        mask = None
        if not pd.isna(row["mask_path"]):
            aspect = float("nan") if pd.isna(row["aspect"]) else float(row["aspect"])
            mask = _mask(Path(row["mask_path"]), (row["width"], row["height"]), aspect, picture.shape[:2])
        covered = float("nan") if mask is None else float(mask.mean())
        found.append({"tone": tone(picture, mask), "hair": _hair(picture, hair), "covered": covered})
    return pd.DataFrame(found, index=rows.index)


def tone(pixels: NDArray[np.uint8], mask: NDArray[np.bool_] | None) -> float:
    """The individual typology angle of the skin: arctan((L* - 50) / b*) in degrees (Chardon et al. 1991).

    From the medians of L* and b* over the skin. Light and camera are not calibrated, so that one picture's angle means
    little, and a difference between many pictures something.

    Args:
        pixels: ``uint8[H, W, 3]``, sRGB.
        mask: ``bool[H, W]`` of the lesion, or None; then the rim is taken for skin.

    Returns:
        Degrees, NaN where hardly any skin is seen.
    """
    lightness, _, yellow = np.moveaxis(lab(pixels), -1, 0)
    height, width = lightness.shape
    if mask is None:
        skin = np.ones((height, width), bool)
        down, across = round(RIM * height), round(RIM * width)
        skin[down : height - down, across : width - across] = False
    else:
        skin = ~binary_dilation(mask, iterations=max(1, round(MARGIN * max(height, width))))
    skin &= lightness > DARK
    if skin.mean() < 0.01:
        return float("nan")
    return float(np.degrees(np.arctan2(np.median(lightness[skin]) - 50, max(np.median(yellow[skin]), 1e-6))))


@torch.inference_mode()
def _hair(pixels: NDArray[np.uint8], step: RemoveHair) -> float:
    """Share of the pixels that hair removal takes for hair."""
    square = np.array(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return float((step.find(torch.from_numpy(square).permute(2, 0, 1)[None].float()) > 0.5).float().mean())


def _reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = Image.fromarray(pixels)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def _mask(path: Path, shape: tuple[int, int], aspect: float, size: tuple[int, int]) -> NDArray[np.bool_] | None:
    """The lesion at the picture's reduced size (height, width); None where the mask is of no use."""
    try:
        mask = restored(Image.fromarray(read_mask(path, shape)), aspect)
    except TejidoError:
        return None
    return np.asarray(mask.resize(size[::-1], Image.Resampling.BILINEAR)) >= INSIDE
