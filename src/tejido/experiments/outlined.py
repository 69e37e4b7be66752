"""The images of a segmentation recipe that have a usable mask, on their side of the split."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from functools import partial

import pandas as pd
from rich.console import Console
from rich.progress import Progress
from torch import nn

from tejido.data import manifest as manifests
from tejido.data.cache.read import open_cache
from tejido.data.geometry import Steps
from tejido.data.splitting import splits
from tejido.data.splitting.limit import limited
from tejido.errors import DataError
from tejido.experiments.datasets import split_of
from tejido.recipe import SegmentationRecipe, resolve_path
from tejido.training.images import CachedImages, Images, decode_all
from tejido.training.masks import usable_masks, with_masks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutlinedPart:
    """One side of the split.

    Attributes:
        rows: of the manifest.
        images: ``uint8[N, 4, S, S]``, the fourth channel the mask, 0 or 255.
        left_out: why images of this side are not among them, with how many.
    """

    rows: pd.DataFrame
    images: Images
    left_out: dict[str, int]


def load_outlined(recipe: SegmentationRecipe, geometry: nn.Module) -> dict[str, OutlinedPart]:
    """Read manifest and split, and decode images and masks.

    Args:
        recipe: says which.
        geometry: the step that goes into the model file.

    Returns:
        ``{"train", "val", "test"}``.

    Raises:
        DataError: a table is not what it must be, or a side of the split has no image with a mask.
        SplitLeakError: a group stands on both sides.
    """
    table = manifests.read(resolve_path(recipe.data.manifest))
    table["split"] = split_of(recipe.data, table)
    kept = table[table["mask_path"].notna()]
    if kept.empty:
        raise DataError("the manifest has no masks, so there is nothing to learn an outline from")
    if recipe.data.limit is not None:
        train = limited(kept[kept["split"] == "train"], recipe.data.limit, seed=recipe.seed)
        kept = pd.concat([train, kept[kept["split"] != "train"]])
    cache = None
    if recipe.data.cache is not None:
        cache = open_cache(resolve_path(recipe.data.cache), Steps("stretch", recipe.image.size))
    parts = {}
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("Decoding images", total=len(kept) * (1 + (cache is None)))
        tick = partial(progress.advance, bar)
        for name in splits.SPLITS:
            rows = kept[kept["split"] == name].reset_index(drop=True)
            if rows.empty:
                raise DataError(f"no image in {name} has a mask; make another split")
            masks, unfit = usable_masks(rows, geometry, progress=tick)
            for image, reason in list(unfit.items())[:3]:
                log.warning("%s is left out: its mask is of no use (%s)", image, reason)
            left_out = dict(Counter(unfit.values()))
            if missing := int(((table["split"] == name) & table["mask_path"].isna()).sum()):
                left_out["has no mask"] = missing
            rows = rows[~rows["image_id"].isin(list(unfit))].reset_index(drop=True)
            if rows.empty:
                raise DataError(f"no image in {name} has a mask that can be used ({next(iter(unfit.values()))})")
            images: Images
            if cache is None:
                images = decode_all(rows["path"], geometry, aspects=rows["aspect"], progress=tick)
            else:
                rows = cache.locate(rows)
                images = CachedImages(cache.pixels, rows.pop("row").to_numpy())
                rows = rows.drop(columns="patch")
            parts[name] = OutlinedPart(rows, with_masks(images, masks), left_out)
    if len(parts["train"].rows) < recipe.training.batch:
        raise DataError(f"{len(parts['train'].rows)} training images are fewer than a batch of {recipe.training.batch}")
    return parts
