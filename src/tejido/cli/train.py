"""``tejido train``: one recipe, from data to a model file."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli.verb import new_app
from tejido.errors import AgreementError, RecipeError

app = new_app()


@app.command()
def train(
    recipe: Path | None = typer.Argument(None, metavar="RECIPE", help="YAML file; not needed with --resume."),
    overrides: list[str] = typer.Argument(None, metavar="[KEY=VALUE]...", help="Such as training.epochs=3 seed=1."),
    resume: Path | None = typer.Option(None, metavar="RUN", help="Go on with an interrupted run, in its folder."),
) -> None:
    """Train a classifier as a recipe says, evaluate it, and export it as one model file.

    Everything goes into a new folder below runs/. A run that was interrupted, even killed, goes on with --resume RUN:
    the interrupted epoch is redone, and the result is the same as without the interruption.
    """
    carry_out(recipe, tuple(overrides or ()), resume, verb="train")


def carry_out(recipe: Path | None, overrides: tuple[str, ...], resume: Path | None, *, verb: str) -> None:
    """Start or resume a run, and print what came of it.

    Raises:
        RecipeError: the recipe is for the other verb, or not that of the run to resume.
    """
    from tejido import recipe as recipes
    from tejido.experiments import train as experiment
    from tejido.experiments.run import Run
    from tejido.report.run import print_summary, write_plots

    if resume is not None:
        run = Run.open(resume)
        if recipe is not None and recipes.load(recipe, overrides) != run.recipe:
            raise RecipeError(f"{recipe} is not the recipe of {resume}; resume without naming a recipe")
        asked = run.recipe
    elif recipe is None:
        raise typer.BadParameter("name a recipe, or a run with --resume")
    else:
        asked = recipes.load(recipe, overrides)
    if verb == "train" and asked.distillation is not None:
        raise RecipeError(f"{recipe or resume}: it has a distillation section; use tejido distill")
    if verb == "distill" and asked.distillation is None:
        raise RecipeError(f"{recipe or resume}: it has no distillation section; use tejido train")
    if resume is None:
        run = Run.start(asked)
    print(f"Run: {run.folder}", flush=True)
    result = experiment.train(run)
    write_plots(run)
    print_summary(run)
    if "disagreement" in result:
        raise AgreementError(f"no model file: {result['disagreement']}")
