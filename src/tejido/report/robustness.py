"""Answers to corrupted pictures as a table, a page and curves over severity."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido.experiments.robustness import Corrupted
from tejido.report.against import signed
from tejido.report.plots import BLUE, GREY, ORANGE, STYLE
from tejido.report.section import write_section

_COLUMNS = 4


@dataclass(frozen=True)
class Corruptions:
    """Answers to pictures made worse, as a section of a report.

    Attributes:
        found: of ``experiments.robustness``.
    """

    found: list[Corrupted]
    key: str = "robustness"

    def show(self) -> None:
        """Print the table."""
        show(self.found)

    def write(self, folder: Path) -> None:
        """Write ``robustness.csv``, ``robustness.md`` and ``robustness.png``."""
        write_section(folder, self.key, self.as_json(), markdown(self.found), plot(self.found))

    def as_json(self) -> list[dict[str, Any]]:
        """A row a corruption and severity."""
        return as_rows(self.found)


def as_rows(found: list[Corrupted]) -> list[dict[str, Any]]:
    """A row a corruption and severity, for CSV and JSON; what is not known is None."""
    rows = []
    for one in found:
        row: dict[str, Any] = {"corruption": one.name, "severity": one.severity, "images": one.images}
        named = {"refused": one.refused, "same_label": one.same}
        named |= one.figures
        named |= {f"{key}_difference": value for key, value in one.differences.items()}
        for name, estimate in named.items():
            for part, value in asdict(estimate).items():
                key = name if part == "value" else f"{name}_{part}"
                row[key] = None if value is None or np.isnan(value) else value
        rows.append(row)
    return rows


def markdown(found: list[Corrupted]) -> str:
    """The change of AUC, and what is refused, by corruption and severity."""
    lines = [
        f"{found[0].images:,} pictures, one of a lesion, answered as they are. In each cell: the change of AUC "
        "against the same pictures uncorrupted, among those that are still answered; and how many are refused.",
        "",
        "| | 1 | 2 | 3 | 4 | 5 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |" for name, cells in cells_of(found).items()]
    return "\n".join([*lines, ""])


def show(found: list[Corrupted]) -> None:
    """Print the table."""
    title = f"Change of AUC under corruption, and what is refused; {found[0].images:,} pictures"
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    table.add_column("severity", no_wrap=True)
    for severity in range(1, 6):
        table.add_column(str(severity), justify="right")
    for name, cells in cells_of(found).items():
        table.add_row(name.replace("_", " "), *(cell.replace("; ", "\n") for cell in cells))
    Console().print(table)


def plot(found: list[Corrupted]) -> Figure:
    """AUC with its interval over severity (blue), and the share refused (orange), a panel a corruption."""
    names = list(dict.fromkeys(one.name for one in found))
    lines = -(-len(names) // _COLUMNS)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.6 * _COLUMNS, 2.1 * lines), layout="constrained")
        axes = figure.subplots(lines, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
        for axis in axes[len(names) :]:
            axis.set_axis_off()
        for axis, name in zip(axes, names, strict=False):
            part = [one for one in found if one.name == name]
            severities = [one.severity for one in part]
            axis.bar(severities, [one.refused.value for one in part], color=ORANGE, alpha=0.35, width=0.5)
            known = [(one.severity, one.figures["auc"]) for one in part if "auc" in one.figures]
            axis.plot([x for x, _ in known], [auc.value for _, auc in known], "o-", color=BLUE, markersize=3)
            sure = [(x, auc) for x, auc in known if auc.low is not None]
            axis.fill_between(
                [x for x, _ in sure], [auc.low for _, auc in sure], [auc.high for _, auc in sure],
                color=BLUE, alpha=0.2, linewidth=0,
            )  # fmt: skip
            if known:
                first = next(one for one in part if "auc" in one.figures)
                clean = first.figures["auc"].value - first.differences["auc"].value
                axis.axhline(clean, color=GREY, linewidth=0.8, linestyle=":")
            axis.set_title(name.replace("_", " "), fontsize=10)
            axis.set(ylim=(0, 1), xticks=severities)
        figure.supxlabel("severity", fontsize=10)
        figure.supylabel("AUC (blue), share refused (orange)", fontsize=10)
    return figure


def cells_of(found: list[Corrupted]) -> dict[str, list[str]]:
    """By corruption, a cell a severity: the change of AUC, and what is refused."""
    cells: dict[str, list[str]] = {}
    for one in found:
        change = signed(one.differences["auc"]) if "auc" in one.differences else "–"
        cells.setdefault(one.name, []).append(f"{change}; {one.refused.value:.0%} refused".replace("%", " %"))
    return cells
