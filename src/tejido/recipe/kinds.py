"""The kinds of recipes, and the command that each is for."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from tejido.errors import RecipeError
from tejido.recipe.read import load_as as read_as
from tejido.recipe.recipe import Recipe
from tejido.recipe.segmentation import SegmentationRecipe
from tejido.recipe.synthesis import SynthesisRecipe

Kind = TypeVar("Kind", bound=BaseModel)
COMMANDS: dict[type[BaseModel], str] = {
    Recipe: "tejido train or distill",
    SegmentationRecipe: "tejido segment",
    SynthesisRecipe: "tejido synthesize train",
}


def load(path: Path, overrides: tuple[str, ...] = ()) -> Recipe:
    """Read the recipe of a classifier and apply overrides such as ``training.epochs=3``.

    Raises:
        RecipeError: as ``load_as``.
    """
    return load_as(Recipe, path, overrides)


def load_as(kind: type[Kind], path: Path, overrides: tuple[str, ...] = ()) -> Kind:
    """Read a recipe of one kind and apply overrides such as ``training.epochs=3``.

    Raises:
        RecipeError: as ``read_as``; a recipe of another kind is said to be one.
    """
    try:
        return read_as(kind, path, overrides)
    except RecipeError:
        for other, command in COMMANDS.items():
            if other is not kind and _fits(other, path):
                raise RecipeError(f"{path}: it is a recipe for {command}") from None
        raise


def _fits(kind: type[BaseModel], path: Path) -> bool:
    try:
        read_as(kind, path)
    except RecipeError:
        return False
    return True
