"""Curves of answers with several labels: every label against the rest, all in one picture."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from tejido.metrics.named import certainty_of, decided, indices_of, values_of
from tejido.metrics.predictions import labels_of
from tejido.metrics.selective import risk_coverage
from tejido.report.plots import BLUE, GREY, STYLE, binned

Line = tuple[NDArray[np.float64], NDArray[np.float64], str]
"""Across, up, and what the legend says beside the label."""


def plots(table: pd.DataFrame) -> dict[str, Figure]:
    """``roc``, ``precision_recall``, ``reliability`` and ``risk_coverage``; the last alone where all have one label.

    Args:
        table: see ``metrics.predictions``; a label without images has no curve.
    """
    risk = {"risk_coverage": _risk(table)}
    if table["truth"].nunique() < 2:
        return risk
    return {
        "roc": _by_label(table, _roc, "1 − specificity", "sensitivity", diagonal=True),
        "precision_recall": _by_label(table, _precision, "recall", "precision", diagonal=False),
        "reliability": _by_label(table, _reliability, "probability of the label", "share that has it", diagonal=True),
        **risk,
    }


def _by_label(
    table: pd.DataFrame,
    line_of: Callable[[NDArray[np.bool_], NDArray[np.float64]], Line],
    across: str,
    up: str,
    *,
    diagonal: bool,
) -> Figure:
    """A line a label, from dark to light; every second one is dashed, so that neighbours part in grey too."""
    labels, truth, values = labels_of(table), indices_of(table), values_of(table)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.4, 4.6), layout="constrained")
        axis = figure.subplots()
        if diagonal:
            axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        for index, colour in enumerate(mpl.colormaps["viridis"](np.linspace(0, 0.88, len(labels)))):
            member = truth == index
            if member.any():
                x, y, said = line_of(member, values[:, index])
                dash = "--" if index % 2 else "-"
                name = f"{labels[index].replace('_', ' ')}: {said}"
                axis.plot(x, y, dash, color=colour, linewidth=1.4, label=name)
        axis.set(xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1.005), aspect="equal")
        figure.legend(loc="outside right center", fontsize=8)
    return figure


def _roc(member: NDArray[np.bool_], score: NDArray[np.float64]) -> Line:
    fall_out, recall, _ = roc_curve(member, score)
    return fall_out, recall, f"AUC {roc_auc_score(member, score):.3f}"


def _precision(member: NDArray[np.bool_], score: NDArray[np.float64]) -> Line:
    precision, recall, _ = precision_recall_curve(member, score)
    return recall, precision, f"average {average_precision_score(member, score):.3f}, chance {member.mean():.3f}"


def _reliability(member: NDArray[np.bool_], score: NDArray[np.float64]) -> Line:
    predicted, observed = binned(member, score)
    return predicted, observed, f"{member.sum():,} images"


def _risk(table: pd.DataFrame) -> Figure:
    """Share of errors over the share that is answered, the most probable labels first."""
    right = decided(table, None, None) == indices_of(table)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2, 4), layout="constrained")
        axis = figure.subplots()
        axis.plot(*risk_coverage(right, certainty_of(table, None, None)), color=BLUE)
        axis.set(xlabel="answered, the most certain first", ylabel="errors among the answered")
        axis.set(xlim=(0, 1), ylim=(0, None))
    return figure
