"""``tejido segment``: one recipe, from pictures and masks to a model file that outlines lesions."""

from __future__ import annotations

from tejido.cli.runs import Overrides, RecipeFile, Resume, start_or_resume, work_in
from tejido.cli.verb import new_app

app = new_app()


@app.command()
def segment(recipe: RecipeFile = None, overrides: Overrides = None, resume: Resume = None) -> None:
    """Train a segmenter as a recipe says, compare its outlines with masks, and export it as one model file.

    Everything goes into a new folder below runs/. A run that was interrupted, even killed, goes on with --resume RUN.
    To outline pictures with the file: tejido outline.
    """
    from tejido.experiments import segment as experiment
    from tejido.recipe import SegmentationRecipe
    from tejido.report.segmentation import print_summary, write_report

    run = start_or_resume(SegmentationRecipe, recipe, overrides, resume)
    with work_in(run, resume):
        experiment.segment(run)
    write_report(run)
    print_summary(run)
