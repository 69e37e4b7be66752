"""What a run with patches shows beside its other figures."""

from __future__ import annotations

import math
from collections.abc import Iterable

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from tejido.experiments.patches import COMPARED
from tejido.experiments.run import Run
from tejido.metrics.bootstrap import Estimate
from tejido.metrics.patch_thresholds import FIGURES
from tejido.report.plots import BLUE, GREY, ORANGE, STYLE

_SPLITS = {"val": "validation", "test": "test"}


def tables(run: Run) -> str:
    """Markdown: every rule on test, and the share of patches asked for, on validation and on test."""
    rules = pd.read_csv(run.folder / "patch_rules.csv")
    shares = pd.read_csv(run.folder / "patch_thresholds.csv")
    chosen, evaluation = run.read_json("metrics.json")["threshold"], run.recipe.evaluation
    lines = [
        "# Patches",
        "",
        f"The run's rule is `{evaluation.aggregate}`, with a threshold of {chosen:.3f} chosen on validation. Intervals "
        "are 95 %, by group.",
        "",
        "## Rules, on test",
        "",
        "Each with its own threshold, chosen on validation in the same way.",
        "",
        *_markdown(
            ["rule", "threshold", *(name.replace("_", " ") for name in COMPARED)],
            ([row["rule"], f"{row['threshold']:.3f}", *_cells(row, COMPARED)] for _, row in rules.iterrows()),
        ),
    ]
    for split, title in _SPLITS.items():
        lines += [
            "",
            f"## Share of positive patches asked for, on {title}",
            "",
            "An image is called positive from this share on.",
            "",
            *_markdown(
                ["share", "patches", "recall of positives", "recall of negatives", "accuracy"],
                (
                    [f"{row['threshold']:.3f}", str(int(row["votes"])), *_cells(row, FIGURES)]
                    for _, row in shares[shares["split"] == split].iterrows()
                ),
            ),
        ]
    return "\n".join(lines) + "\n"


def thresholds_plot(run: Run) -> Figure:
    """Recalls and accuracy of images by the share of positive patches asked for, on validation and on test."""
    table = pd.read_csv(run.folder / "patch_thresholds.csv")
    chosen = run.read_json("metrics.json")["threshold"] if run.recipe.evaluation.aggregate == "vote" else None
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        for axis, (split, title) in zip(figure.subplots(1, 2, sharey=True), _SPLITS.items(), strict=True):
            part = table[table["split"] == split]
            for name, colour, label in zip(
                FIGURES, (ORANGE, BLUE, GREY), ("recall of positives", "recall of negatives", "accuracy"), strict=True
            ):
                axis.plot(part["threshold"], part[name], "o-", color=colour, markersize=3, label=label)
                if name != "accuracy":
                    low, high = part[f"{name}_low"], part[f"{name}_high"]
                    axis.fill_between(part["threshold"], low, high, color=colour, alpha=0.15, linewidth=0)
            if chosen is not None:
                axis.axvline(chosen, color=GREY, linewidth=0.8, linestyle=":", label="chosen on validation")
            axis.set(title=title, xlabel="share of positive patches asked for", xlim=(0, 1.02), ylim=(0, 1.02))
        figure.axes[0].set(ylabel="share of images")
        figure.axes[1].legend(loc="lower left")
    return figure


def _cells(row: pd.Series, names: Iterable[str]) -> list[str]:
    return [_cell(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in names]


def _cell(value: float, low: float, high: float) -> str:
    if math.isnan(value):
        return "–"
    return str(Estimate(value, None, None) if math.isnan(low) else Estimate(value, low, high))


def _markdown(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
