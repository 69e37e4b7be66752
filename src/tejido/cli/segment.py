"""``tejido segment``: one recipe, from pictures and masks to a model file that outlines lesions."""

from __future__ import annotations

from pathlib import Path

import typer

from tejido.cli.verb import new_app
from tejido.errors import RecipeError

app = new_app()


@app.command()
def segment(
    recipe: Path | None = typer.Argument(None, metavar="RECIPE", help="YAML file; not needed with --resume."),
    overrides: list[str] = typer.Argument(None, metavar="[KEY=VALUE]...", help="Such as training.epochs=3 seed=1."),
    resume: Path | None = typer.Option(None, metavar="RUN", help="Go on with an interrupted run, in its folder."),
) -> None:
    """Train a segmenter as a recipe says, compare its outlines with masks, and export it as one model file.

    Everything goes into a new folder below runs/. A run that was interrupted, even killed, goes on with --resume RUN.
    To outline pictures with the file: tejido outline.
    """
    from tejido import recipe as recipes
    from tejido.experiments import segment as experiment
    from tejido.experiments.run import Run, open_run
    from tejido.recipe import SegmentationRecipe
    from tejido.report.segmentation import print_summary, write_plots

    if resume is not None:
        run = open_run(resume, SegmentationRecipe)
        if recipe is not None and recipes.load_as(SegmentationRecipe, recipe, tuple(overrides or ())) != run.recipe:
            raise RecipeError(f"{recipe} is not the recipe of {resume}; resume without naming a recipe")
    elif recipe is None:
        raise typer.BadParameter("name a recipe, or a run with --resume")
    else:
        run = Run.start(recipes.load_as(SegmentationRecipe, recipe, tuple(overrides or ())))
    print(f"Run: {run.folder}", flush=True)
    experiment.segment(run)
    write_plots(run)
    print_summary(run)
