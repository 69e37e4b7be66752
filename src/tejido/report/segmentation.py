"""What a finished segmenter shows: curves, outlines on real pictures, and a summary on the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido.data import manifest as manifests
from tejido.data.tables import write_parquet
from tejido.experiments.outlines import with_truth
from tejido.experiments.run import Run
from tejido.export.card_figures import PARTS
from tejido.files import replacing
from tejido.metrics.evaluate import estimate_of
from tejido.recipe import SegmentationRecipe, resolve_path
from tejido.report.html.outlines import page
from tejido.report.plots import ORANGE, SEGMENTER, STYLE, learning_curves
from tejido.runtime.classifier import Classifier
from tejido.runtime.segmenter import Segmenter

SHOWN = 6
NAMES = {
    "dice": "Dice",
    "jaccard": "Jaccard",
    "sensitivity": "of the lesion found",
    "precision": "of the outline lesion",
    "distance": "boundary distance / diagonal",
    "distance_95": "its 95th percentile",
    "thresholded_jaccard": "Jaccard, 0 below .65",
    "failed": "Jaccard below .65",
}


def write_report(run: Run[SegmentationRecipe]) -> None:
    """Write ``plots/{learning_curves,outlines}.png`` and ``report.html``, which holds both."""
    settings = run.recipe.training
    history = pd.read_csv(run.folder / "metrics.csv")
    curves = learning_curves(history, settings.head_epochs, settings.monitor, SEGMENTER)
    table = pd.read_parquet(run.folder / "outlines.parquet")
    rows = manifests.read(resolve_path(run.recipe.data.manifest)).set_index("image_id", drop=False)
    shown = examples(table, rows, Segmenter(run.folder / "model.onnx"))
    _save(curves, run, "learning_curves")
    _save(shown, run, "outlines")
    left_out = _words(run.read_json("metrics.json")["left_out"].values())
    run.write_text("report.html", page(run, NAMES, left_out, examples=shown, curves=curves))


def examples(table: pd.DataFrame, rows: pd.DataFrame, model: Segmenter | Classifier) -> Figure:
    """Pictures with their masks (white) and the model's outlines (orange): best, middle and worst by Dice, or all.

    Args:
        table: of ``experiments.outlines.judge_outlines``.
        rows: of the manifest, by ``image_id``.
        model: that is shown.
    """
    chosen = _chosen(table.sort_values("dice", ascending=False))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12, 0.4 + 1.6 * len(chosen)), layout="constrained")
        axes = figure.subplots(len(chosen), SHOWN, squeeze=False)
        for line, (name, part) in zip(axes, chosen, strict=True):
            pictures = with_truth(rows.loc[part["image_id"]])
            line[0].set_ylabel(name)
            for axis, (pixels, truth), dice in zip(line, pictures, part["dice"], strict=False):
                axis.imshow(pixels)
                _contour(axis, truth, "white", 2.2)
                outline = model.predict(pixels).mask
                assert outline is not None
                _contour(axis, outline, ORANGE, 1.4)
                axis.set_title(f"{dice:.2f}", fontsize=9)
            for axis in line[len(part) :]:
                axis.set_axis_off()
            for axis in line:
                axis.set(xticks=[], yticks=[])
                axis.grid(visible=False)
        figure.suptitle("Dice; white: mask of the data set, orange: the model", fontsize=10)
    return figure


def _chosen(order: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Rows of pictures, with their names: three that tell, or, of few pictures, all."""
    if len(order) <= 3 * SHOWN:
        return [("", order.iloc[start : start + SHOWN]) for start in range(0, len(order), SHOWN)]
    middle = len(order) // 2 - SHOWN // 2
    middle_rows = order.iloc[middle : middle + SHOWN]
    return [("best", order.head(SHOWN)), ("middle", middle_rows), ("worst", order.tail(SHOWN))]


def print_summary(run: Run[SegmentationRecipe]) -> None:
    """Print the test figures with their intervals, and the next useful command."""
    metrics = run.read_json("metrics.json")
    show("Test", metrics["test"], _words(metrics["left_out"].values()))
    console = Console()
    size, speed = metrics["bytes"] / 1000, metrics["milliseconds"]
    console.print(f"Model file: {size:,.0f} kB, {metrics['parameters']:,} parameters, {speed:.1f} ms a picture.")
    console.print(f"Report: {run.folder / 'report.html'}", soft_wrap=True, highlight=False)
    next_one = f"Next: tejido outline --model {run.folder / 'model.onnx'} IMAGE... -o DIR"
    console.print(next_one, soft_wrap=True, highlight=False)


def show(title: str, figures: dict[str, Any], left_out: str) -> None:
    """Print figures with their intervals, and what was left out.

    Args:
        title: whose they are.
        figures: of ``experiments.outlines.figures``.
        left_out: why which images are not among them, in words; empty where all are.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"{title}, with 95 % intervals by group", title_justify="left")
    table.add_column("")
    for name, part in figures.items():
        table.add_column(f"{PARTS.get(name, name)}\n{part['images']:,} of {part['groups']:,} groups")
    for key, words in NAMES.items():
        if all(key in part for part in figures.values()):  # not in runs of the first versions
            table.add_row(words, *(str(estimate_of(part[key])) for part in figures.values()))
    console = Console()
    console.print(table)
    if left_out:
        console.print(f"Left out: {left_out}.", soft_wrap=True, highlight=False)


def write_evaluation(folder: Path, table: pd.DataFrame, figures: dict[str, Any], shown: Figure | None) -> None:
    """Write ``outlines.parquet``, ``outlines.json`` and, where there are pictures to show, ``outlines.png``."""
    write_parquet(table, folder / "outlines.parquet")
    with replacing(folder / "outlines.json") as temporary:
        temporary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if shown is not None:
        with replacing(folder / "outlines.png") as temporary:
            shown.savefig(temporary, format="png")


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
