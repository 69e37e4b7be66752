"""From a recipe's ``distillation`` section to what guides the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import torch

from tejido import taxonomy
from tejido.errors import DataError, RecipeError
from tejido.experiments.build import build, network_of
from tejido.experiments.datasets import Part
from tejido.experiments.run import Run
from tejido.models.network import Network
from tejido.recipe import Distillation, Recipe, resolve_path
from tejido.training.course import load_best
from tejido.training.distil.guides import Feature, Guide, Itself, Online, Relation, Response, Softness
from tejido.training.fit import Teaching

ANSWERS = "answers"
"""Folder in a teacher's run for what it said of prepared views."""


def teaching_of(recipe: Recipe, student: Network, parts: dict[str, Part]) -> Teaching | None:
    """What guides the training of ``student``; None for a recipe without distillation.

    Raises:
        DataError: a teacher's folder is no finished run, or the teacher was trained on images that judge the student.
        RecipeError: a teacher answers another question, sees images in another way, or lacks a layer.
    """
    section = recipe.distillation
    if section is None:
        return None
    runs = [Run.open(resolve_path(folder)) for folder in section.teachers]
    for run in runs:
        _check(recipe, run, parts)
    guide = _guide(recipe, section, student, [_teacher(run) for run in runs])
    return Teaching(guide, section.alpha, section.weight, section.views, runs[0].folder / ANSWERS if runs else None)


def teachers_of(recipe: Recipe) -> list[dict[str, str]]:
    """What the model file says of those who taught it."""
    section = recipe.distillation
    if section is None:
        return []
    recipes = [Run.open(resolve_path(folder)).recipe for folder in section.teachers]
    return [{"name": one.model, "network": one.network.name, "recipe_sha256": one.sha256()} for one in recipes]


def _guide(recipe: Recipe, section: Distillation, student: Network, teachers: list[Network]) -> Guide:
    softness = Softness(section.temperature, section.temperature_squared)
    if section.kind == "response":
        return Response(teachers, softness)
    if section.kind == "feature":
        size = recipe.image.size
        return Feature(teachers[0], student, section.hints, torch.zeros(1, 3, size, size, dtype=torch.uint8))
    if section.kind == "relation":
        return Relation(teachers[0])
    if section.kind == "online":
        assert section.peer is not None
        peer = section.peer.model_copy(update={"other": recipe.network.other})
        return Online(network_of(recipe.model_copy(update={"network": peer})), softness)
    return Itself(student, section.every, softness)


def _teacher(run: Run) -> Network:
    return load_best(build(run.recipe).network, run.folder / "checkpoints" / "best.ckpt")


def _check(recipe: Recipe, teacher: Run, parts: dict[str, Part]) -> None:
    """A teacher must answer the same question about the same view of a picture, and must not know the answers."""
    theirs = teacher.recipe
    labels, taught = (taxonomy.task(one.task).label_names for one in (recipe, theirs))
    if labels != taught:
        raise RecipeError(
            f"{teacher.folder}: the teacher answers {theirs.task} ({', '.join(taught)}), "
            f"the student {recipe.task} ({', '.join(labels)})"
        )
    asked, other = recipe.image.model_dump(), theirs.image.model_dump()
    for key, own in asked.items():
        if own != other[key]:
            raise RecipeError(
                f"{teacher.folder}: image.{key} is {other[key]} for the teacher and {own} for the student"
            )
    if recipe.network.other != theirs.network.other:
        raise RecipeError(
            f"{teacher.folder}: teacher and student must both know of pictures without a label, or neither"
        )
    if recipe.network.metadata != theirs.network.metadata:
        raise RecipeError(f"{teacher.folder}: teacher and student must both read metadata, or neither")
    _check_split(teacher.folder, parts)


def _check_split(folder: Path, parts: dict[str, Part]) -> None:
    path = folder / "split.parquet"
    if not path.is_file():
        raise DataError(f"{folder}: split.parquet is missing, which says what the teacher was trained on; finish the "
                        f"run with tejido train --resume {folder}")  # fmt: skip
    table = pd.read_parquet(path)
    trained = table[table["split"] == "train"]
    for name in ("val", "test"):
        rows: Any = parts[name].pictures
        known = rows["image_id"].isin(trained["image_id"]) | rows["group_id"].isin(trained["group_id"])
        if known.any():
            raise DataError(
                f"{folder}: the teacher was trained on {known.sum():,} of the student's {len(rows):,} {name} images "
                "or on others of their groups; train it on the same split"
            )
