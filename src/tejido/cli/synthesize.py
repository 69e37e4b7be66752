"""``tejido synthesize``: networks that make up images, and what their images are worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tejido.cli.runs import Overrides, RecipeFile, Resume, start_or_resume, work_in
from tejido.cli.verb import new_app
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from tejido.experiments.run import Run
    from tejido.recipe import SynthesisRecipe

app = new_app()

SEEDS = 2**32 - 1
_RUN = typer.Argument(metavar="RUN", help="A finished run of: tejido synthesize train.")


@app.callback()
def synthesize() -> None:
    """Networks that make up images of lesions, and how near these come to real ones.

    What they make is synthetic: it may train a classifier, and never validates or tests one.
    """


@app.command()
def train(recipe: RecipeFile = None, overrides: Overrides = None, resume: Resume = None) -> None:
    """Train a generator on the training side of a split, and on nothing else."""
    from tejido.experiments import synthesis
    from tejido.recipe import SynthesisRecipe

    run = start_or_resume(SynthesisRecipe, recipe, overrides, resume)
    with work_in(run, resume):
        result = synthesis.train(run)
    print(f"{result['steps']:,} steps on {result['images']:,} images of {result['groups']:,} groups.")
    words = "It has collapsed: samples" if result["collapsed"] else "Samples"
    print(f"{words} differ from each other by {result['diversity']:.0%} of what real images do.".replace("%", " %"))
    print(f"Grids: {run.folder / 'grids'}; next: tejido synthesize evaluate {run.folder}")


@app.command()
def sample(
    run: Path = _RUN,
    output: Path = typer.Option(..., "-o", "--output", metavar="DIR", help="Where to write; empty or not there."),
    count: list[str] = typer.Option(
        ..., "--count", metavar="[CLASS=]N", help="How many; with classes, of which. May be repeated."
    ),
    seed: int = typer.Option(1, min=0, max=SEEDS, help="Of the samples."),
) -> None:
    """Write samples as pictures, with a manifest in which each is marked as synthetic."""
    from tejido.cli import terminal
    from tejido.experiments.synthesis import write_samples

    counts = dict(_count(text) for text in count)
    if len(counts) < len(count):
        raise typer.BadParameter("--count names a class twice")
    done = 0
    with terminal.ticking() as tick:
        for done in write_samples(_open(run), output, counts, seed):
            tick(done, sum(counts.values()))
    print(f"{done:,} samples in {output}, with {output / 'manifest.parquet'}")


@app.command()
def interpolate(
    run: Path = _RUN,
    output: Path = typer.Option(..., "-o", "--output", metavar="FILE", help="Film strip as .png; a .gif beside it."),
    seeds: str = typer.Option("1,2", metavar="A,B", help="Samples at both ends; equal where only the class changes."),
    pictures: list[Path] = typer.Option(
        [],
        "--picture",
        metavar="IMAGE",
        help="Real pictures at the ends instead, as near as the generator comes. Twice.",
    ),
    classes: str = typer.Option(
        "", "--class", metavar="A[,B]", help="Class at the ends, for a generator that has classes."
    ),
    frames: int = typer.Option(9, min=2, max=64, help="Pictures in the strip."),
) -> None:
    """Walk from one image to another, or from one class to another at the same latent vector."""
    from tejido.report.walks import write_walk

    names = classes.split(",") if classes else []
    if len(names) > 2 or len(pictures) not in (0, 2):
        raise typer.BadParameter("give one or two classes, and no pictures or two")
    try:
        first, second = (_seed(text) for text in seeds.split(","))
    except ValueError:
        raise typer.BadParameter("--seeds takes two whole numbers, such as 1,2") from None
    lines = write_walk(_open(run), output, (first, second), tuple(pictures), tuple(names), frames)
    for line in lines:
        print(line)


@app.command()
def combine(
    run: Path = _RUN,
    output: Path = typer.Option(..., "-o", "--output", metavar="FILE", help="Strip of the terms and their sum, .png."),
    plus: list[str] = typer.Option(..., metavar="SEED|IMAGE", help="A sample or a real picture. May be repeated."),
    minus: list[str] = typer.Option([], metavar="SEED|IMAGE", help="What is taken away. May be repeated."),
    name: str | None = typer.Option(None, "--class", metavar="CLASS", help="For a generator that has classes."),
) -> None:
    """Add and subtract what is in images: an image of the sum of their latent vectors."""
    from tejido.report.walks import write_sum

    terms = [
        (sign, _seed(one) if one.isdecimal() else Path(one)) for sign, side in ((1, plus), (-1, minus)) for one in side
    ]
    for line in write_sum(_open(run), output, terms, name):
        print(line)


@app.command()
def evaluate(
    run: Path = _RUN,
    model: str | None = typer.Option(
        None, metavar="NAME|FILE", help="An independent classifier, to ask for the classes."
    ),
    seed: int = typer.Option(1, min=0, max=SEEDS, help="Of the samples."),
) -> None:
    """Compare samples with real images: distances, coverage, a plane, and whether any is a copy of a training image."""
    from tejido.experiments.resemblance import resemblance
    from tejido.report.synthesis import print_resemblance, write_resemblance
    from tejido.runtime.library import load

    opened = _open(run)
    found = resemblance(opened, None if model is None else load(model), seed)
    write_resemblance(opened, found)
    print_resemblance(opened, found)


def _open(folder: Path) -> Run[SynthesisRecipe]:
    from tejido.experiments.run import open_run
    from tejido.recipe import SynthesisRecipe

    return open_run(folder, SynthesisRecipe)


def _seed(text: str) -> int:
    number = int(text)
    if not 0 <= number <= SEEDS:
        raise typer.BadParameter(f"seeds are whole numbers from 0 to {SEEDS}")
    return number


def _count(text: str) -> tuple[str | None, int]:
    name, equals, number = text.rpartition("=")
    try:
        return (name if equals else None), int(number)
    except ValueError:
        raise TejidoError(f"{text!r} is no number of samples; write 100 or melanoma=100") from None
