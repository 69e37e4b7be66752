"""``tejido distill``: one recipe, from data and a teacher to a small model file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tejido.cli.runs import Overrides, RecipeFile, Resume, start_or_resume
from tejido.cli.train import carry_out
from tejido.cli.verb import new_app
from tejido.errors import RecipeError

if TYPE_CHECKING:
    from tejido.recipe import Recipe

app = new_app()


@app.command()
def distill(recipe: RecipeFile = None, overrides: Overrides = None, resume: Resume = None) -> None:
    """Train a small network that learns from labels and from a large one, and export it as one model file.

    The recipe's distillation section says who teaches and how. Teachers are finished runs of tejido train with the same
    labels, image steps and split, such as 'distillation.teachers=[runs/teacher/...]'. Everything else is as in tejido
    train.
    """
    from tejido.recipe import Recipe

    def check(recipe: Recipe, path: Path) -> None:
        if recipe.distillation is None:
            raise RecipeError(f"{path}: it has no distillation section; use tejido train")

    carry_out(start_or_resume(Recipe, recipe, overrides, resume, check), resume)
