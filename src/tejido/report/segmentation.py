"""What a finished segmenter shows: curves, outlines on real pictures, and a summary on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido.data import manifest as manifests
from tejido.experiments.run import Run
from tejido.experiments.segment import with_truth
from tejido.export.card import PARTS
from tejido.files import replacing
from tejido.metrics.evaluate import estimate_of
from tejido.recipe import SegmentationRecipe, resolve_path
from tejido.report.plots import ORANGE, SEGMENTER, STYLE, learning_curves
from tejido.runtime.segmenter import Segmenter

SHOWN = 6
NAMES = {
    "dice": "Dice",
    "jaccard": "Jaccard",
    "sensitivity": "of the lesion found",
    "precision": "of the outline lesion",
    "distance": "boundary distance / diagonal",
    "distance_95": "its 95th percentile",
    "failed": "Jaccard below .65",
}


def write_plots(run: Run[SegmentationRecipe]) -> None:
    """Write ``plots/{learning_curves,outlines}.png``."""
    settings = run.recipe.training
    history = pd.read_csv(run.folder / "metrics.csv")
    _save(learning_curves(history, settings.head_epochs, settings.monitor, SEGMENTER), run, "learning_curves")
    table = pd.read_parquet(run.folder / "outlines.parquet")
    rows = manifests.read(resolve_path(run.recipe.data.manifest)).set_index("image_id", drop=False)
    model = Segmenter(run.folder / "model.onnx")
    _save(examples(table, rows, model), run, "outlines")


def examples(table: pd.DataFrame, rows: pd.DataFrame, model: Segmenter) -> Figure:
    """Test pictures with their masks (white) and the model's outlines (orange): best, middle and worst by Dice.

    Args:
        table: of ``experiments.segment.judge_outlines``.
        rows: of the manifest, by ``image_id``.
        model: that is shown.
    """
    order = table.sort_values("dice", ascending=False)
    middle = max(0, len(order) // 2 - SHOWN // 2)
    chosen = {"best": order.head(SHOWN), "middle": order.iloc[middle : middle + SHOWN], "worst": order.tail(SHOWN)}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12, 5.2), layout="constrained")
        axes = figure.subplots(len(chosen), SHOWN, squeeze=False)
        for line, (name, part) in zip(axes, chosen.items(), strict=True):
            pictures = with_truth(rows.loc[part["image_id"]])
            line[0].set_ylabel(name)
            for axis, (pixels, truth), dice in zip(line, pictures, part["dice"], strict=False):
                axis.imshow(pixels)
                _contour(axis, truth, "white", 2.2)
                _contour(axis, model.predict(pixels).mask, ORANGE, 1.4)
                axis.set_title(f"{dice:.2f}", fontsize=9)
            for axis in line:
                axis.set(xticks=[], yticks=[])
                axis.grid(visible=False)
        figure.suptitle("Dice on test; white: mask of the data set, orange: the model", fontsize=10)
    return figure


def print_summary(run: Run[SegmentationRecipe]) -> None:
    """Print the test figures with their intervals, and the next useful command."""
    metrics = run.read_json("metrics.json")
    test = metrics["test"]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="Test, with 95 % intervals by group", title_justify="left")
    table.add_column("")
    for name, part in test.items():
        table.add_column(f"{PARTS.get(name, name)}\n{part['images']:,} of {part['groups']:,} groups")
    for key, title in NAMES.items():
        table.add_row(title, *(str(estimate_of(part[key])) for part in test.values()))
    console = Console()
    console.print(table)
    left = _words(metrics["left_out"].values())
    if left:
        console.print(f"Left out: {left}.", soft_wrap=True, highlight=False)
    size, speed = metrics["bytes"] / 1000, metrics["milliseconds"]
    console.print(f"Model file: {size:,.0f} kB, {metrics['parameters']:,} parameters, {speed:.1f} ms a picture.")
    next_one = f"Next: tejido outline --model {run.folder / 'model.onnx'} IMAGE... -o DIR"
    console.print(next_one, soft_wrap=True, highlight=False)


def _words(reasons: Sequence[dict[str, int]]) -> str:
    total: dict[str, int] = {}
    for part in reasons:
        for reason, count in part.items():
            total[reason] = total.get(reason, 0) + count
    return "; ".join(
        f"{count:,} whose mask {reason}" if reason != "has no mask" else f"{count:,} without a mask"
        for reason, count in total.items()
    )


def _contour(axis: mpl.axes.Axes, mask: NDArray[np.bool_], colour: str, width: float) -> None:
    # With a frame of zeros, so that an outline at the picture's edge is closed.
    padded = np.pad(mask.astype(float), 1)
    if mask.any():
        across, down = (np.arange(-1, side + 1) for side in (mask.shape[1], mask.shape[0]))
        axis.contour(across, down, padded, levels=[0.5], colors=[colour], linewidths=width)


def _save(figure: Figure, run: Run[SegmentationRecipe], name: str) -> None:
    with replacing(run.folder / "plots" / f"{name}.png") as temporary:
        figure.savefig(temporary, format="png")
