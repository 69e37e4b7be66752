"""``tejido distill``: one recipe, from data and a teacher to a small model file."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli.train import carry_out
from tejido.cli.verb import new_app

app = new_app()


@app.command()
def distill(
    recipe: Path | None = typer.Argument(None, metavar="RECIPE", help="YAML file; not needed with --resume."),
    overrides: list[str] = typer.Argument(
        None, metavar="[KEY=VALUE]...", help="Such as 'distillation.teachers=[runs/teacher/...]' seed=1."
    ),
    resume: Path | None = typer.Option(None, metavar="RUN", help="Go on with an interrupted run, in its folder."),
) -> None:
    """Train a small network that learns from labels and from a large one, and export it as one model file.

    The recipe's distillation section says who teaches and how. Teachers are finished runs of tejido train with the same
    labels, image steps and split. Everything else is as in tejido train.
    """
    carry_out(recipe, tuple(overrides or ()), resume, verb="distill")
