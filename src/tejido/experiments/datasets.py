"""The labelled images of a recipe, on their side of the split."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from torch import nn

from tejido import taxonomy
from tejido.data import manifest as manifests
from tejido.data.cache.read import open_cache
from tejido.data.context import context_of
from tejido.data.geometry import Steps
from tejido.data.patches import PatchGrid, expand
from tejido.data.splitting import folds, splits
from tejido.data.splitting.limit import limited
from tejido.data.tables import read_parquet
from tejido.errors import DataError, RecipeError, SplitLeakError
from tejido.experiments.made_up import made_up
from tejido.models.segmenter import Segmenter
from tejido.recipe import Data, Recipe, resolve_path
from tejido.training.images import CachedImages, Images, LabelledImages, decode_all
from tejido.training.masks import check_present, decode_masks, with_masks
from tejido.training.segment import outlines_of

log = logging.getLogger(__name__)

OTHER = "none of the labels"
"""Stands for the label of an image that has none, where ``network.other`` asks for such images."""


@dataclass(frozen=True)
class Part:
    """One side of the split: manifest rows (one a patch, where images are cut), label names, and images."""

    rows: pd.DataFrame
    truth: list[str]
    images: LabelledImages

    @property
    def pictures(self) -> pd.DataFrame:
        """One row a picture."""
        return self.rows[self.rows["patch"] == 0] if "patch" in self.rows else self.rows

    def split(self) -> tuple[Part, Part]:
        """The images that have a label, and the others."""
        other = np.array(self.truth) == OTHER
        return (self, self._only(other)) if not other.any() else (self._only(~other), self._only(other))

    def _only(self, chosen: NDArray[np.bool_]) -> Part:
        places = np.flatnonzero(chosen)
        data = self.images
        context = None if data.context is None else data.context[places]
        images = LabelledImages(data.images[places], data.labels[places], context)
        return Part(self.rows[chosen].reset_index(drop=True), [self.truth[place] for place in places], images)


def load_parts(
    recipe: Recipe,
    geometry: nn.Module,
    patches: PatchGrid | None = None,
    *,
    masks: bool = False,
    segmenter: Segmenter | None = None,
) -> dict[str, Part]:
    """Read manifest and split, keep the images that belong to the task, decode them or find them in the cache.

    Args:
        recipe: says which.
        geometry: the step that goes into the model file.
        patches: cut images into these; each patch stands where its image's group does.
        masks: give every image its lesion mask as fourth channel; not with ``patches``.
        segmenter: outlines the images, instead of the manifest's masks.

    Returns:
        ``{"train", "val", "test"}``.

    Raises:
        DataError: a table is not what it must be, a label has no image in one side of the split, or a mask is
            missing or of no use.
        SplitLeakError: a group stands on both sides.
        RecipeError: ``data.fold`` without a table of folds, or such a table without it.
    """
    task = taxonomy.task(recipe.task)
    if not task.labels:
        raise DataError(f"{task.name} takes its labels from the data; it is a question for probes, not for training")
    table = manifests.read(resolve_path(recipe.data.manifest))
    table["split"] = split_of(recipe.data, table)
    table["label"] = table[task.column].map(task.label_of, na_action="ignore").astype("string")
    names = task.label_names
    if recipe.network.other:
        table["label"] = table["label"].mask(table["label"].isna() & table[task.column].notna(), OTHER)
        names = (*names, OTHER)
    kept = table[table["label"].notna() & table["modality"].map(task.admits)]
    if len(kept) < len(table):
        log.info("%d of %d images belong to no label of %s", len(table) - len(kept), len(table), task.name)
    if recipe.data.limit is not None:
        train = limited(kept[kept["split"] == "train"], recipe.data.limit, seed=recipe.seed)
        kept = pd.concat([train, kept[kept["split"] != "train"]])
    if recipe.data.synthetic is not None:
        kept = pd.concat([kept, made_up(recipe.data.synthetic, kept, task, seed=recipe.seed)])
    drawn = masks and segmenter is None
    if drawn:
        check_present(kept)
    if segmenter is not None:
        _check_disjoint(recipe, kept)
    steps = Steps(recipe.image.geometry, recipe.image.size, patches, recipe.image.short_side)
    cache = None if recipe.data.cache is None else open_cache(resolve_path(recipe.data.cache), steps)
    parts = {}
    decoded = len(kept) * ((cache is None) + drawn)
    with Progress(console=Console(stderr=True), transient=True, disable=not decoded) as progress:
        bar = progress.add_task("Decoding images", total=decoded)
        tick = partial(progress.advance, bar)
        for name in splits.SPLITS:
            rows = kept[kept["split"] == name].reset_index(drop=True)
            limited_here = name == "train" and recipe.data.limit is not None
            remedy = "raise data.limit" if limited_here else "make another split"
            for label in names:
                if not (rows["label"] == label).any():
                    raise DataError(f"no image of {label!r} in {name}; {remedy}")
            images: Images
            if cache is None:
                images = decode_all(rows["path"], geometry, aspects=rows["aspect"], patches=patches, progress=tick)
                rows = rows if patches is None else expand(rows, patches.count)
            else:
                rows = cache.locate(rows)
                images = CachedImages(cache.pixels, rows.pop("row").to_numpy())
                rows = rows if patches is not None else rows.drop(columns="patch")
            if segmenter is not None:
                images = with_masks(images, outlines_of(segmenter, images))
            elif drawn:
                images = with_masks(images, decode_masks(rows, geometry, progress=tick))
            truth = rows["label"].tolist()
            indices = torch.tensor([names.index(label) for label in truth])
            context = _context(rows, name) if recipe.network.metadata else None
            parts[name] = Part(rows, truth, LabelledImages(images, indices, context))
    if len(parts["train"].rows) < recipe.training.batch:
        raise DataError(f"{len(parts['train'].rows)} training images are fewer than a batch of {recipe.training.batch}")
    return parts


def _check_disjoint(recipe: Recipe, kept: pd.DataFrame) -> None:
    """Raise ``SplitLeakError`` if the segmenter was trained on a group judged here, or stopped by one that tests.

    Both may validate on the same images: that is what one split for both means.
    """
    assert recipe.image.segmenter is not None
    path = resolve_path(recipe.image.segmenter) / "split.parquet"
    used = read_parquet(path, {"group_id": "string", "split": "string"})
    seen = {name: set(used["group_id"][used["split"] == name]) for name in ("train", "val")}
    here = {name: set(kept["group_id"][kept["split"] == name]) for name in ("val", "test")}
    shared = (seen["train"] & (here["val"] | here["test"])) | (seen["val"] & here["test"])
    if shared:
        raise SplitLeakError(
            f"the segmenter has learned from {len(shared):,} groups that validate or test here, such as {min(shared)}; "
            "train it with the same split"
        )


def _context(rows: pd.DataFrame, name: str) -> torch.Tensor:
    context, unmapped = context_of(rows)
    if unmapped:
        words = ", ".join(f"{word} ({count:,})" for word, count in unmapped.most_common(5))
        log.warning("%s: taken as unknown, because the vocabulary has no such word: %s", name, words)
    return torch.from_numpy(context)


def split_of(section: Data, table: pd.DataFrame) -> pd.Series:
    """Side of every manifest row, from a split or from one fold of a table of folds.

    Raises:
        SplitLeakError: a group stands on both sides.
        RecipeError: ``data.fold`` without a table of folds, or such a table without it.
    """
    path, fold = resolve_path(section.split), section.fold
    if folds.is_folds(path) != (fold is not None):
        raise RecipeError(
            f"{path} is a table of folds; say which one tests, as data.fold=0"
            if fold is None
            else f"{path} is no table of folds; make one with: tejido data split --kind folds, or leave data.fold out"
        )
    if fold is not None:
        return folds.load_fold(path, table, fold)
    return splits.load(path, table, allow_leaks=section.allow_leaks)
