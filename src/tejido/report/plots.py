"""Plots of one run, in one calm style."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
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


def learning_curves(history: pd.DataFrame, head_epochs: int) -> Figure:
    """Loss and validation AUC by epoch, from ``metrics.csv``; a line marks where the whole network begins to learn."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        loss, auc = figure.subplots(1, 2)
        loss.plot(history["epoch"], history["train_loss"], color=GREY, label="training (augmented, balanced)")
        loss.plot(history["epoch"], history["val_loss"], color=BLUE, label="validation")
        loss.set(xlabel="epoch", ylabel="cross-entropy")
        loss.legend()
        auc.plot(history["epoch"], history["val_auc"], color=BLUE)
        best = history.iloc[int(history["val_auc"].argmax())]
        auc.plot(best["epoch"], best["val_auc"], "o", color=ORANGE)
        auc.annotate(
            f"best {best['val_auc']:.3f}", (best["epoch"], best["val_auc"]), (-6, -24), textcoords="offset points",
            ha="right", color=ORANGE,
        )  # fmt: skip
        auc.set(xlabel="epoch", ylabel="validation AUC")
        if head_epochs:
            for axis in (loss, auc):
                axis.axvline(head_epochs - 0.5, color=GREY, linewidth=0.8, linestyle=":")
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


def reliability(table: pd.DataFrame, positive: str, bins: int = 10) -> Figure:
    """Share of positives against predicted probability, in bins of equal size."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 4.6), layout="constrained")
        axis = figure.subplots()
        score = table[PREFIX + positive].to_numpy(float)
        truth = (table["truth"] == positive).to_numpy(float)
        order = np.argsort(score)
        points = [(score[part].mean(), truth[part].mean()) for part in np.array_split(order, bins) if len(part)]
        axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        axis.plot(*zip(*points, strict=True), "o-", color=BLUE)
        axis.set(
            xlabel=f"predicted probability of “{positive}”", ylabel=f"share that is “{positive}”",
            xlim=(0, 1), ylim=(0, 1), aspect="equal",
        )  # fmt: skip
    return figure
