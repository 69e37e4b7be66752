"""Parts of the images as a table, a page and a picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido.metrics.bootstrap import Estimate
from tejido.metrics.subgroups import Difference
from tejido.report.plots import BLUE, GREY, ORANGE, STYLE
from tejido.report.section import write_section

NAMES = {
    "auc": "AUC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
}
"""How figures are called."""
FLAG = "‡"
WORDS = (
    f"{FLAG}: differs from all images by more than chance would in a table of this length (Holm, .05). Grey or "
    "in brackets: too few to be judged."
)


@dataclass(frozen=True)
class Parts:
    """Parts of the images, as a section of a report.

    Attributes:
        found: of ``experiments.subgroups``.
    """

    found: list[Difference]
    key: str = "subgroups"

    def show(self) -> None:
        """Print the table."""
        show(self.found)

    def write(self, folder: Path) -> None:
        """Write ``subgroups.csv``, ``subgroups.md`` and ``subgroups.png``."""
        write_section(folder, self.key, self.as_json(), markdown(self.found), plot(self.found))

    def as_json(self) -> list[dict[str, Any]]:
        """A row a figure of a part."""
        return as_rows(self.found)


def as_rows(found: list[Difference]) -> list[dict[str, Any]]:
    """A row a figure of a part, for CSV and JSON; what is not known is None."""

    def known(value: float | None) -> float | None:
        return None if value is None or np.isnan(value) else value

    rows: list[dict[str, Any]] = []
    for one in found:
        row: dict[str, Any] = {"attribute": one.attribute, "of": one.value, "images": one.images, "groups": one.groups}
        row["figure"] = one.figure
        for prefix, estimate in (("", one.estimate), ("difference_", one.difference)):
            row |= {prefix + key: known(value) for key, value in asdict(estimate).items()}
        rows.append({**row, "p_adjusted": one.p, "flagged": one.flagged, "note": one.note})
    return rows


def markdown(found: list[Difference]) -> str:
    """One table, a row a part."""
    names = list(dict.fromkeys(one.figure for one in found))
    lines = ["| | images | groups | " + " | ".join(NAMES[name] for name in names) + " |"]
    lines.append("| --- | ---: | ---: |" + " ---: |" * len(names))
    for title, part in parts_of(found).items():
        lines.append(
            f"| {title} | {part[0].images:,} | {part[0].groups:,} | " + " | ".join(_cell(one) for one in part) + " |"
        )
    return "\n".join([*lines, "", WORDS, ""])


def show(found: list[Difference]) -> None:
    """Print the table."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="Parts of the images", title_justify="left")
    for name in ("", "images", "groups", *dict.fromkeys(NAMES[one.figure] for one in found)):
        table.add_column(name, justify="right" if name else "left", overflow="fold")
    for title, part in parts_of(found).items():
        style = "dim" if all(one.note for one in part) else ""
        table.add_row(title, f"{part[0].images:,}", f"{part[0].groups:,}", *map(_cell, part), style=style)
    console = Console()
    console.print(table)
    console.print(WORDS, soft_wrap=True, highlight=False)


def plot(found: list[Difference]) -> Figure:
    """Every part's difference from all images with its interval; flagged ones in orange, small ones as grey rings."""
    names = list(dict.fromkeys(one.figure for one in found))
    parts = parts_of(found)
    # A gap where another attribute begins.
    begins = [part[0].attribute for part in parts.values()]
    gaps = np.cumsum([first != second for first, second in pairwise([begins[0], *begins])])
    places = -(np.arange(len(parts)) + 0.6 * gaps)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3 + 2.6 * len(names), 1 + 0.24 * (len(parts) + 3)), layout="constrained")
        axes = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
        for column, (axis, name) in enumerate(zip(axes, names, strict=True)):
            axis.axvline(0, color=GREY, linewidth=0.8)
            for place, part in zip(places, parts.values(), strict=True):
                _dot(axis, part[column], float(place))
            axis.set(title=NAMES[name], xlabel="difference from all images")
            axis.grid(visible=False, axis="y")
            axis.tick_params(axis="y", length=0)
            axis.margins(y=0.8 / len(parts))
        axes[0].set_yticks(places, [f"{title}  ({part[0].images:,})" for title, part in parts.items()], fontsize=8)
    return figure


def _dot(axis: mpl.axes.Axes, one: Difference, place: float) -> None:
    if np.isnan(one.estimate.value):
        return
    if one.difference.low is None or one.difference.high is None:
        axis.plot(one.difference.value, place, "o", color=GREY, markerfacecolor="none", markersize=4)
        return
    colour = ORANGE if one.flagged else BLUE
    axis.plot([one.difference.low, one.difference.high], [place, place], color=colour, linewidth=1.2)
    axis.plot(one.difference.value, place, "o", color=colour, markersize=4)


def parts_of(found: list[Difference]) -> dict[str, list[Difference]]:
    """The figures of every part, under its title."""
    parts: dict[str, list[Difference]] = {}
    for one in found:
        parts.setdefault(f"{one.attribute.replace('_', ' ')}: {one.value.replace('_', ' ')}", []).append(one)
    return parts


def _cell(one: Difference) -> str:
    estimate: Estimate = one.estimate
    if np.isnan(estimate.value):
        return "–"
    if estimate.low is None:
        return f"[{estimate}]"
    return f"{FLAG} {estimate}" if one.flagged else str(estimate)
