"""``tejido train``: one recipe, from data to a model file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tejido.cli.runs import Overrides, RecipeFile, Resume, start_or_resume, work_in
from tejido.cli.verb import new_app
from tejido.errors import AgreementError, RecipeError

if TYPE_CHECKING:
    from tejido.experiments.run import Run
    from tejido.recipe import Recipe

app = new_app()


@app.command()
def train(recipe: RecipeFile = None, overrides: Overrides = None, resume: Resume = None) -> None:
    """Train a classifier as a recipe says, evaluate it, and export it as one model file.

    Everything goes into a new folder below runs/. A run that was interrupted, even killed, goes on with --resume RUN:
    the interrupted epoch is redone, and the result is the same as without the interruption.
    """
    from tejido.recipe import Recipe

    def check(recipe: Recipe, path: Path) -> None:
        if recipe.distillation is not None:
            raise RecipeError(f"{path}: it has a distillation section; use tejido distill")

    carry_out(start_or_resume(Recipe, recipe, overrides, resume, check), resume)


def carry_out(run: Run[Recipe], resume: Path | None) -> None:
    """Train a classifier, and print what came of it.

    Raises:
        AgreementError: the exported file does not answer as the network does.
    """
    from tejido.experiments import train as experiment
    from tejido.report.run import print_summary, write_plots, write_report

    with work_in(run, resume):
        result = experiment.train(run)
    write_plots(run)
    write_report(run)
    print_summary(run)
    if "disagreement" in result:
        raise AgreementError(f"no model file: {result['disagreement']}")
