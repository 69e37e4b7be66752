"""Starting a run of a recipe, or going on with one that was interrupted: the same words for every verb that trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from tejido.errors import RecipeError, TejidoError

if TYPE_CHECKING:
    from tejido.experiments.run import Run
    from tejido.recipe import Experiment

    R = TypeVar("R", bound=Experiment)

RecipeFile = Annotated[Path | None, typer.Argument(metavar="RECIPE", help="YAML file; not needed with --resume.")]
Overrides = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Such as training.epochs=3 seed=1.")
]
Resume = Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run, in its folder.")]


def start_or_resume(
    kind: type[R],
    recipe: Path | None,
    overrides: list[str] | None,
    resume: Path | None,
    check: Callable[[R, Path], None] = lambda recipe, path: None,
) -> Run[R]:
    """The run to carry out; its folder is printed.

    Args:
        kind: of recipe.
        recipe: the file, unless a run is resumed.
        overrides: of the recipe's values.
        resume: the run to go on with, or None.
        check: refuses a recipe, given where it stands, before a folder is made.

    Raises:
        RecipeError: the recipe cannot be read, is refused, or is not that of the run to resume.
        DataError: ``resume`` is no run.
    """
    from tejido import recipe as recipes
    from tejido.experiments.run import Run, open_run

    asked = None if recipe is None else recipes.load_as(kind, recipe, tuple(overrides or ()))
    if resume is not None:
        run = open_run(resume, kind)
        if asked is not None and asked != run.recipe:
            raise RecipeError(f"{recipe} is not the recipe of {resume}; resume without naming a recipe")
        check(run.recipe, resume)
    elif asked is None or recipe is None:
        raise typer.BadParameter("name a recipe, or a run with --resume")
    else:
        check(asked, recipe)
        run = Run.start(asked)
    print(f"Run: {run.folder}", flush=True)
    return run


@contextmanager
def work_in(run: Run[R], resume: Path | None) -> Iterator[None]:
    """Carry out a run; of a new one that fails before anything was done, as for a misspelt name, no folder is left."""
    try:
        yield
    except TejidoError:
        if resume is None:
            run.discard_if_bare()
        raise
