"""What a generator's evaluation shows, and walks through its latent space."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import torch
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from torch import Tensor

from tejido.errors import DataError, ImageError
from tejido.experiments.resemblance import PLANE, Resemblance
from tejido.experiments.run import Run
from tejido.experiments.synthesis import class_index, encode, generator_of, latent_of, walk
from tejido.files import replacing
from tejido.imaging.geometry import CentreSquare
from tejido.metrics.evaluate import estimate_of
from tejido.recipe import SynthesisRecipe
from tejido.report.plots import BLUE, ORANGE, STYLE
from tejido.runtime.decode import decode
from tejido.training.synthesize import grid_of

SHOWN = 8
ROWS = {
    "frechet_distance": "Fréchet distance",
    "kernel_distance": "kernel distance",
    "precision": "precision",
    "recall": "recall",
    "two_sample_auc": "AUC of telling them from real",
}


def write_resemblance(run: Run[SynthesisRecipe], found: Resemblance) -> None:
    """Write ``resemblance.json``, ``plots/plane.png`` and ``plots/nearest.png``."""
    run.write_json("resemblance.json", found.figures)
    for name, figure in (("plane", plane(found)), ("nearest", nearest(found))):
        with replacing(run.folder / "plots" / f"{name}.png") as temporary:
            figure.savefig(temporary, format="png")


def plane(found: Resemblance) -> Figure:
    """Real and made-up images in the plane in which their pixels vary most, as upc2020's figure 47."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5, 4.4), layout="constrained")
        axis = figure.subplots()
        for part, colour, name in ((slice(0, PLANE), BLUE, "real"), (slice(PLANE, None), ORANGE, "made up")):
            axis.plot(*found.plane[part].T, "o", color=colour, alpha=0.7, markersize=5, label=name)
        share = f"{found.explained:.0%}".replace("%", " %")
        axis.set(xlabel="first component", ylabel="second component", title=f"{share} of the variance of the pixels")
        axis.title.set_fontsize(10)
        axis.legend()
    return figure


def nearest(found: Resemblance) -> Figure:
    """The samples nearest to a training image, above that image, by pixels and by features."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(1.25 * SHOWN, 6), layout="constrained")
        axes = figure.subplots(4, SHOWN, squeeze=False)
        for block, name in enumerate(("pixels", "features")):
            one = found.nearest[name]
            order = one.distances.argsort()[:SHOWN]
            for column, sample in enumerate(order.tolist()):
                shown = (found.made[sample], found.train[int(one.places[sample])])
                for row, image in enumerate(shown):
                    axis = axes[2 * block + row, column]
                    axis.imshow(image.permute(1, 2, 0).numpy())
                    axis.set(xticks=[], yticks=[])
                    axis.grid(visible=False)
                axes[2 * block, column].set_title(f"{one.distances[sample] / one.limit:.2f}", fontsize=8)
            axes[2 * block, 0].set_ylabel(f"sample\n({name})", fontsize=8)
            axes[2 * block + 1, 0].set_ylabel("nearest\ntraining image", fontsize=8)
        figure.suptitle(
            "Distance as a share of what 1 % of held-out real images lie below; below 1 is too near", fontsize=9
        )
    return figure


def print_resemblance(run: Run[SynthesisRecipe], found: Resemblance) -> None:
    """Print the figures beside those of real images that were not learned from."""
    figures = found.figures
    table = Table(
        *("", "made up", "real, held out"),
        box=SIMPLE_HEAD,
        pad_edge=False,
        title=f"{figures['samples']:,} images against as many training images, features of {figures['features']}",
        title_justify="left",
    )
    for key, title in ROWS.items():
        cells = [figures[side][key] for side in ("generator", "floor")]
        table.add_row(title, *(str(estimate_of(c)) if isinstance(c, dict) else f"{c:.3f}" for c in cells))
    console = Console()
    console.print(table)
    memory = figures["memorisation"]
    shares = ", ".join(f"{name} {share:.1%}" for name, share in memory["nearer_than_1_percent_of_real"].items())
    console.print(f"Nearer to a training image than 1 % of held-out real images: {shares}: {memory['verdict']}.")
    if "consistency" in figures:
        said = figures["consistency"]
        console.print(f"{said['classifier']} sees the class that was asked for in {said['equal']:.0%}.")
    console.print(f"Plots: {run.folder / 'plots'}", soft_wrap=True, highlight=False)


def write_walk(
    run: Run[SynthesisRecipe],
    output: Path,
    seeds: tuple[int, int],
    pictures: tuple[Path, ...],
    names: tuple[str, ...],
    frames: int,
) -> list[str]:
    """Write a film strip and a GIF that goes there and back; returns what there is to say.

    Raises:
        TejidoError: a picture cannot be read, there is no such class, or the file cannot be written.
    """
    network = generator_of(run)
    given = names or (None,)
    labels = class_index(run, given[0]), class_index(run, given[-1])
    said = []
    if pictures:
        found = [encode(network, _square(path, run), label) for path, label in zip(pictures, labels, strict=True)]
        ends = found[0][0], found[1][0]
        said = [
            f"{path}: off by {off:.0f} grey levels on average" for path, (_, off) in zip(pictures, found, strict=True)
        ]
    else:
        ends = latent_of(network, seeds[0]), latent_of(network, seeds[1])
    made = walk(network, ends, labels, frames)
    film = output.with_suffix(".gif")
    with replacing(output) as temporary:
        grid_of(made, columns=frames).save(temporary, format="PNG")
    smooth = walk(network, ends, labels, 4 * frames)
    single = [grid_of(one[None], columns=1) for one in [*smooth, *smooth.flip(0)]]
    with replacing(film) as temporary:
        single[0].save(temporary, format="GIF", save_all=True, append_images=single[1:], duration=60, loop=0)
    return [*said, f"{output}, {film}"]


def _square(path: Path, run: Run[SynthesisRecipe]) -> Tensor:
    try:
        pixels = decode(path)
    except ImageError as error:
        raise DataError(f"{path}: {error}") from None
    square: Tensor = CentreSquare(run.recipe.image.size)(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
    return square
