"""The picture of a study: a box and a dot for each run, level by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tejido.report.plots import BLUE, GREY, ORANGE, STYLE

_COLUMNS = 3
_SPREAD = 0.28  # of the dots around the middle of their box, which is 0.6 high


def boxes(panels: Mapping[str, Mapping[str, Sequence[float]]], baselines: frozenset[str] = frozenset()) -> Figure:
    """One panel a figure, one row a level, every run as a dot.

    The box reaches from the lower to the upper quartile and shows the median; the whiskers reach to the last run within
    1.5 times the length of the box.

    Args:
        panels: name of the figure -> level -> values of its runs. All panels have the same levels.
        baselines: levels that others are compared with; drawn in another colour, and where there is only one, a dotted
            line marks its median.
    """
    levels = list(next(iter(panels.values())))
    columns = min(_COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    label = 0.075 * max(map(len, levels))  # inches
    with mpl.rc_context(STYLE):
        size = (min(label, 3.2) + 3.1 * columns, lines * (0.9 + 0.36 * len(levels)))
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.subplots(lines, columns, sharey=True, squeeze=False).ravel()
        for axis, (name, values) in zip(axes, panels.items(), strict=False):
            _panel(axis, values, baselines)
            axis.set_title(name, fontsize=10, loc="left")
        for axis in axes[len(panels) :]:
            axis.set_visible(False)
        axes[0].set_yticks(range(len(levels)), levels)
        axes[0].set_ylim(len(levels) - 0.5, -0.5)
    return figure


def _panel(axis: Axes, values: Mapping[str, Sequence[float]], baselines: frozenset[str]) -> None:
    for place, (level, runs) in enumerate(values.items()):
        if not runs:
            continue
        colour = ORANGE if level in baselines else BLUE
        if len(baselines) == 1 and level in baselines:
            axis.axvline(float(np.median(runs)), color=ORANGE, linewidth=0.9, linestyle=":", zorder=0.5)
        if len(runs) > 1:
            line = {"color": GREY, "linewidth": 1.0}
            axis.boxplot(
                [list(runs)], positions=[place], orientation="horizontal", widths=0.6, showfliers=False,
                manage_ticks=False, boxprops=line, whiskerprops=line, capprops=line,
                medianprops={"color": "#333333", "linewidth": 1.6},
            )  # fmt: skip
        spread = np.linspace(-_SPREAD, _SPREAD, len(runs)) if len(runs) > 1 else np.zeros(1)
        axis.plot(runs, place + spread, "o", color=colour, markersize=4, alpha=0.85, markeredgewidth=0, zorder=3)
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="y", length=0)
    axis.locator_params(axis="x", nbins=5)
