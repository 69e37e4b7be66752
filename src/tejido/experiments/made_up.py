"""Made-up images among those that train."""

from __future__ import annotations

import pandas as pd

from tejido.data import manifest as manifests
from tejido.data.tables import read_parquet
from tejido.errors import DataError, SplitLeakError
from tejido.recipe import Synthetic, resolve_path
from tejido.taxonomy import Task

LEARNED_FROM = "learned_from.parquet"
"""Beside a manifest of samples: ``image_id, group_id`` of all that their generator has seen."""


def made_up(section: Synthetic, kept: pd.DataFrame, task: Task, *, seed: int) -> pd.DataFrame:
    """Rows of made-up images for the training side, with ``split`` and ``label``.

    Args:
        section: of the recipe.
        kept: the real images, with ``split`` and ``label``.
        task: gives the labels.
        seed: of the draw.

    Raises:
        DataError: the manifest has a real image, no image of the task, or too few.
        SplitLeakError: the generator has learned from a group or an image that validates or tests here.
    """
    path = resolve_path(section.manifest)
    table = manifests.read(path)
    if not table["synthetic"].fillna(False).all():
        raise DataError(f"{path}: not all of its images are synthetic")
    used = read_parquet(path.parent / LEARNED_FROM, {"image_id": "string", "group_id": "string"})
    judged = kept[kept["split"].isin(["val", "test"])]
    # Groups are named after one of their images, so that in another manifest they may have other names.
    for column, what in (("group_id", "groups"), ("image_id", "images")):
        shared = set(used[column]) & set(judged[column])
        if shared:
            raise SplitLeakError(
                f"{path}: their generator has learned from {len(shared):,} {what} that validate or test here, such as "
                f"{min(shared)}; train it with the same split"
            )
    label = table[task.column].map(task.label_of, na_action="ignore").astype("string")
    rows = table.assign(label=label, split="train")[label.notna()]
    wanted = round(section.share * int((kept["split"] == "train").sum()))
    if len(rows) < wanted:
        raise DataError(
            f"{path}: {len(rows):,} made-up images have a label of {task.name}, and {wanted:,} are asked for "
            f"(data.synthetic.share {section.share:g})"
        )
    return rows.sample(wanted, random_state=seed)
