"""Plots of one run, in one calm style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from tejido.metrics.predictions import PREFIX

BLUE, ORANGE, GREY = "#2b6a8f", "#c2571a", "#9a9a9a"
STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "savefig.dpi": 150,
}

CLASSIFIER = {"loss": "loss", "auc": "AUC", "accuracy": "accuracy"}
BALANCED = {"loss": "loss", "auc": "AUC", "balanced_accuracy": "balanced accuracy"}
SEGMENTER = {"loss": "loss", "dice": "Dice"}
"""What is shown by epoch, and its title."""


def learning_curves(
    history: pd.DataFrame, head_epochs: int, monitor: str = "val_auc", names: Mapping[str, str] | None = None
) -> Figure:
    """Figures by epoch on training and validation images, from ``metrics.csv``.

    Training figures are those of the images as they were seen: augmented, and balanced where the recipe says so. A
    dotted line marks where the whole network begins to learn, a dot the epoch that was kept.

    Args:
        history: a row an epoch.
        head_epochs: length of the first stage.
        monitor: the column that decided which epoch was kept.
        names: what is shown, and its title; None for what a classifier has.
    """
    names = names or (BALANCED if monitor == "val_balanced_accuracy" else CLASSIFIER)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.7 * len(names), 3.4), layout="constrained")
        best = history[monitor].argmin() if monitor.endswith("loss") else history[monitor].argmax()
        kept = history.iloc[int(best)]
        for axis, (name, title) in zip(figure.subplots(1, len(names)), names.items(), strict=True):
            axis.plot(history["epoch"], history[f"train_{name}"], color=GREY, label="training, as seen")
            axis.plot(history["epoch"], history[f"val_{name}"], color=BLUE, label="validation")
            axis.plot(kept["epoch"], kept[f"val_{name}"], "o", color=ORANGE, label=f"kept: {kept[f'val_{name}']:.3f}")
            axis.set(xlabel="epoch", ylabel=title)
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            axis.legend()
            if 0 < head_epochs < len(history):
                axis.axvline(head_epochs - 0.5, color=GREY, linewidth=0.8, linestyle=":")
    return figure


def attention(table: pd.DataFrame, head_epochs: int) -> Figure:
    """The learned scale of every attention block by epoch, from ``attention.csv``; first blocks dark, last ones light.

    Args:
        table: ``epoch`` and a column a block, in the order of the network.
        head_epochs: length of the first stage.
    """
    with mpl.rc_context(STYLE):
        blocks = [name for name in table.columns if name != "epoch"]
        figure = Figure(figsize=(7.5, 4.2), layout="constrained")
        axis = figure.subplots()
        colours = mpl.colormaps["viridis"](np.linspace(0, 0.9, len(blocks)))
        for block, colour in zip(blocks, colours, strict=True):
            axis.plot(table["epoch"], table[block], color=colour, label=block)
        axis.axhline(0, color=GREY, linewidth=0.8)
        if 0 < head_epochs < len(table):
            axis.axvline(head_epochs - 0.5, color=GREY, linewidth=0.8, linestyle=":")
        axis.set(xlabel="epoch", ylabel="scale α of the attention block")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside right center", fontsize=8)
    return figure


def roc(table: pd.DataFrame, positive: str, threshold: float) -> Figure:
    """ROC curves on test: all images, and histology-confirmed images only; dots mark the threshold in use."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 4.6), layout="constrained")
        axis = figure.subplots()
        parts = {
            "all images": (table, BLUE),
            "histology-confirmed": (table[table["confirmation"] == "histology"], ORANGE),
        }
        for name, (part, colour) in parts.items():
            truth = (part["truth"] == positive).to_numpy(bool)
            score = part[PREFIX + positive].to_numpy(float)
            if truth.all() or not truth.any():
                continue
            fall_out, recall, _ = roc_curve(truth, score)
            axis.plot(fall_out, recall, color=colour, label=f"{name}: AUC {roc_auc_score(truth, score):.3f}")
            called = score >= threshold
            axis.plot(called[~truth].mean(), called[truth].mean(), "o", color=colour)
        axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        axis.set(xlabel="1 − specificity", ylabel="sensitivity", xlim=(0, 1), ylim=(0, 1.005), aspect="equal")
        axis.legend(loc="lower right")
    return figure


def binned(
    truth: NDArray[np.bool_], score: NDArray[np.floating], bins: int = 10
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean score, and share of those that are true, in bins of equally many images; empty ones are left out."""
    parts = [part for part in np.array_split(np.argsort(score, kind="stable"), bins) if len(part)]
    return np.array([score[part].mean() for part in parts]), np.array([truth[part].mean() for part in parts])


def reliability(table: pd.DataFrame, positive: str, bins: int = 10) -> Figure:
    """Share of positives against predicted probability, in bins of equal size."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 4.6), layout="constrained")
        axis = figure.subplots()
        score = table[PREFIX + positive].to_numpy(float)
        truth = (table["truth"] == positive).to_numpy(bool)
        axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        axis.plot(*binned(truth, score, bins), "o-", color=BLUE)
        axis.set(
            xlabel=f"predicted probability of “{positive}”", ylabel=f"share that is “{positive}”",
            xlim=(0, 1), ylim=(0, 1), aspect="equal",
        )  # fmt: skip
    return figure
