"""How well a model file outlines the lesions of a manifest whose masks are known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from tejido.data import manifest as manifests
from tejido.data.geometry import restored
from tejido.data.splitting import splits
from tejido.errors import DataError, ImageError
from tejido.experiments.pictures import pixels_of
from tejido.imaging.steps.lesion import INSIDE
from tejido.metrics import outlines
from tejido.runtime.classifier import Classifier
from tejido.runtime.measures import measure
from tejido.runtime.segmenter import Segmenter
from tejido.training.masks import read_mask

DESCRIBED = ("area", "asymmetry", "irregularity", "colours")
"""Of ``runtime.measures``: share of the picture, the two shapes, how many colours."""


def outlined_rows(manifest: Path, split: Path | None, side: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows of a manifest whose masks can be used, and by image id why those of others cannot.

    Args:
        manifest: of the images.
        split: whose ``side`` alone is taken; None takes all.
        side: of the split.

    Raises:
        DataError: a table cannot be read, or no image has a mask of use.
    """
    rows = manifests.read(manifest)
    if split is not None:
        rows = rows[splits.load(split, rows) == side]
    unfit = {}
    for _, row in rows.iterrows():
        try:
            if pd.isna(row["mask_path"]):
                raise DataError("there is none")
            read_mask(Path(row["mask_path"]), (row["width"], row["height"]))
        except (DataError, ImageError) as error:
            unfit[str(row["image_id"])] = str(error)
    kept = rows[~rows["image_id"].isin(list(unfit))].reset_index(drop=True)
    if kept.empty:
        raise DataError(f"{manifest}: no image has a mask to compare with")
    return kept, unfit


def judge_outlines(
    model: Segmenter | Classifier,
    rows: pd.DataFrame,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[pd.DataFrame, float]:
    """How well a model file outlines pictures, each at its own size; and seconds a picture, without decoding.

    Args:
        model: the file; a classifier that outlines before it classifies will do.
        rows: of a manifest, with masks.
        progress: called with how many are done, and of how many.

    Returns:
        ``image_id, group_id, confirmation, malignancy``, how well outline and mask fit (``metrics.outlines``),
        ``parts`` (connected pieces of the outline), ``refused``, and what either tells of the lesion (``mask_area,
        outline_area, mask_asymmetry...``: ``DESCRIBED``, NaN where it is empty), a row an image; and the median.
    """
    found: list[dict[str, Any]] = []
    times: list[float] = []
    for (_, row), (pixels, truth) in zip(rows.iterrows(), with_truth(rows), strict=True):
        progress(len(found), len(rows))
        start = time.perf_counter()
        outline = model.predict(pixels)
        times.append(time.perf_counter() - start)
        assert outline.mask is not None
        facts = {name: row[name] for name in ("image_id", "group_id", "confirmation", "malignancy")}
        seen = outlines.fit(outline.mask, truth)
        pieces = {"parts": outlines.pieces(outline.mask), "refused": outline.refused}
        told = {**_described("mask", pixels, truth), **_described("outline", pixels, outline.mask)}
        found.append({**facts, **seen, **pieces, **told})
    return pd.DataFrame(found), float(np.median(times))


def _described(whose: str, pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> dict[str, float]:
    told = measure(pixels, mask)
    if told is None:
        return {f"{whose}_{name}": float("nan") for name in DESCRIBED}
    values = (told.area_share, told.asymmetry, told.irregularity, float(len(told.colours)))
    return {f"{whose}_{name}": value for name, value in zip(DESCRIBED, values, strict=True)}


def with_truth(rows: pd.DataFrame) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_]]]:
    """Pictures ``uint8[H, W, 3]`` and their masks ``bool[H, W]``, brought to the picture's size.

    Raises:
        TejidoError: a file cannot be read, or a mask is of no use.
    """
    aspects = rows["aspect"].to_numpy(float, na_value=np.nan)
    for pixels, path, aspect, shape in zip(
        pixels_of(rows), rows["mask_path"], aspects, zip(rows["width"], rows["height"], strict=True), strict=True
    ):
        mask = restored(Image.fromarray(read_mask(Path(path), shape)), aspect)
        size = pixels.shape[1], pixels.shape[0]
        if mask.size != size:
            mask = mask.resize(size, Image.Resampling.BILINEAR)
        yield pixels, np.asarray(mask) >= INSIDE


def figures(table: pd.DataFrame, *, rounds: int) -> dict[str, Any]:
    """Means with intervals, on all images and on the histology-confirmed ones."""
    parts = {"all": table, "histology": table[table["confirmation"] == "histology"]}
    return {
        name: {
            "images": len(part),
            "groups": int(part["group_id"].nunique()),
            **{key: asdict(value) for key, value in outlines.summary(part, rounds=rounds).items()},
        }
        for name, part in parts.items()
        if len(part)
    }
