"""What a generator's evaluation shows."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido.experiments.memorisation import SHOWN
from tejido.experiments.resemblance import Resemblance
from tejido.experiments.run import Run
from tejido.files import replacing
from tejido.metrics.evaluate import estimate_of
from tejido.recipe import SynthesisRecipe
from tejido.report.plots import BLUE, ORANGE, STYLE

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
        half = len(found.plane) // 2
        for part, colour, name in ((slice(0, half), BLUE, "real"), (slice(half, None), ORANGE, "made up")):
            axis.plot(*found.plane[part].T, "o", color=colour, alpha=0.7, markersize=5, label=name)
        share = f"{found.explained:.0%}".replace("%", " %")
        axis.set(xlabel="first component", ylabel="second component", title=f"{share} of the variance of the pixels")
        axis.title.set_fontsize(10)
        axis.legend()
    return figure


def nearest(found: Resemblance) -> Figure:
    """The samples nearest to a training image, above that image, by pixels, features and hash."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(1.25 * SHOWN, 9), layout="constrained")
        axes = figure.subplots(2 * len(found.nearest), SHOWN, squeeze=False)
        for block, (name, one) in enumerate(found.nearest.items()):
            order = one.distances.argsort(kind="stable")[:SHOWN]
            for column, sample in enumerate(order.tolist()):
                shown = (one.mirrored(found.made, sample), found.train[int(one.places[sample])])
                for row, image in enumerate(shown):
                    axis = axes[2 * block + row, column]
                    axis.imshow(image.permute(1, 2, 0).numpy())
                    axis.set(xticks=[], yticks=[])
                    axis.grid(visible=False)
                share = f"{one.distances[sample] / one.limit:.2f}" if one.limit else "–"
                axes[2 * block, column].set_title(share, fontsize=8)
            axes[2 * block, 0].set_ylabel(f"sample\n({name})", fontsize=8)
            axes[2 * block + 1, 0].set_ylabel("nearest\ntraining image", fontsize=8)
        figure.suptitle(
            "Distance as a share of what 1 % of held-out real images lie below; below 1 is nearer", fontsize=9
        )
    return figure


def print_resemblance(run: Run[SynthesisRecipe], found: Resemblance) -> None:
    """Print the figures beside those of real images that were not learned from."""
    figures = found.figures
    judge = figures["features"]["network"]
    table = Table(
        *("", "made up", "real, held out"),
        box=SIMPLE_HEAD,
        pad_edge=False,
        title=f"{figures['samples']:,} images against as many training images, features of {judge}",
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
    for copy in memory["copies"][:SHOWN]:
        console.print(f"Sample {copy['sample']} is a copy of {copy['image_id']}.", highlight=False)
    if "consistency" in figures:
        _print_consistency(console, figures["consistency"])
    console.print(f"Plots: {run.folder / 'plots'}", soft_wrap=True, highlight=False)


def _print_consistency(console: Console, said: dict[str, Any]) -> None:
    made, real = said["generator"], said["floor"]
    table = Table("class", "made up", "real, held out", box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    table.title = f"{said['classifier']} sees the class that was asked for in"
    for name in sorted({*made["by_class"], *real["by_class"]}):
        table.add_row(name, *(_percent(one["by_class"].get(name)) for one in (made, real)))
    table.add_row("mean of the classes", *(_percent(one["mean_of_classes"]) for one in (made, real)))
    table.add_row("all", *(_percent(one["equal"]) for one in (made, real)))
    table.add_row("(refused)", *(_percent(one["refused"]) for one in (made, real)))
    console.print(table)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}".replace("%", " %")
