"""Masks must show the same frame as their images."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from PIL import Image, UnidentifiedImageError

_TOLERANCE = 0.02
"""A mask of another size is as good as any, if its width / height differs by no more than this share."""


def drop_misfits(manifest: pd.DataFrame, folder: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Take out masks that cannot be read or have another shape than their image.

    Only the sizes in the files' headers are read.

    Args:
        manifest: rows with ``image_id``, ``mask_path``, ``width`` and ``height``.
        folder: what ``mask_path`` is relative to.

    Returns:
        The manifest without those masks, and the reason by image id.
    """
    masked = manifest[manifest["mask_path"].notna() & manifest["width"].notna()]
    misfits = {}
    for name, path, width, height in zip(
        masked["image_id"], masked["mask_path"], masked["width"], masked["height"], strict=True
    ):
        reason = _misfit(folder / path, width, height)
        if reason:
            misfits[name] = reason
    kept = manifest.copy()
    kept.loc[kept["image_id"].isin(misfits), "mask_path"] = pd.NA
    return kept, misfits


def fits(mask: tuple[int, int], image: tuple[int, int]) -> bool:
    """Whether a mask of this (width, height) shows the same frame as an image of that one."""
    return abs((mask[0] / mask[1]) / (image[0] / image[1]) - 1) <= _TOLERANCE


def _misfit(path: Path, width: int, height: int) -> str | None:
    try:
        with Image.open(path) as mask:
            own = mask.size
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return "cannot be read"
    if min(own) < 1 or not fits(own, (width, height)):
        return f"is {own[0]}×{own[1]}, another shape than {width}×{height}"
    return None
