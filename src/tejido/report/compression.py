"""The table and the picture of one network's compressions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from tejido.files import replacing
from tejido.report.plots import BLUE, GREY, ORANGE, STYLE

_TIMES = ("python_ms_128x128", "python_ms_600x450", "wasm_ms_128x128", "wasm_ms_600x450")
_SHOWN = 0.06
"""Height of the picture, in AUC."""
_HEADS = ("Python, ms", "600x450", "wasm, ms", "600x450")


def write(rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write ``compression.csv``, ``compression.md`` and ``pareto.png``."""
    with replacing(folder / "compression.csv") as temporary:
        pd.DataFrame(rows).to_csv(temporary, index=False)
    with replacing(folder / "compression.md") as temporary:
        temporary.write_text(markdown(rows), encoding="utf-8")
    with replacing(folder / "pareto.png") as temporary:
        pareto(rows).savefig(temporary, format="png", dpi=110)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """One line a compression."""
    times = [(key, head) for key, head in zip(_TIMES, _HEADS, strict=True) if any(key in row for row in rows)]
    head = ["steps", "kB", "parameters", "MACs, M", "AUC (95 %)", "AUC, histology", "macro F1", "labels kept", "gate"]
    head += [title for _, title in times]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for row in rows:
        interval = _interval(row, "all_auc")
        cells = [
            row["steps"],
            f"{row['bytes'] / 1000:.1f}",
            f"{row['parameters_with_statistics']:,}",
            f"{row['macs'] / 1e6:.1f}",
            f"{row['all_auc']:.4f}{interval}",
            f"{row['histology_auc']:.4f}" if "histology_auc" in row else "–",
            f"{row['all_macro_f1']:.3f}",
            f"{row['labels_kept']:.2%}",
            "passed" if row["passes"] else "**failed**",
            *(f"{row[key]:.2f}" if key in row else "–" for key, _ in times),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def pareto(rows: Sequence[dict[str, Any]]) -> Figure:
    """Size against AUC on test; a line joins the files that no smaller one beats.

    Files are numbered from the smallest on. What lies far below the best would squeeze all others together; it stands
    at the lower edge with its figure.
    """
    lowest = max(row["all_auc"] for row in rows) - _SHOWN
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 4.2), layout="constrained")
        axis = figure.subplots()
        for number, row in enumerate(sorted(rows, key=lambda row: row["bytes"]), start=1):
            below = row["all_auc"] < lowest
            place = row["bytes"] / 1000, lowest if below else row["all_auc"]
            marker, colour = ("o", BLUE) if row["passes"] else ("x", ORANGE)
            axis.plot(*place, marker, color=colour, markersize=6, label=f"{number}  {row['steps']}")
            words = f"{number}\n{row['all_auc']:.3f} ↓" if below else str(number)
            # neighbours in size are often neighbours in AUC: their numbers stand above and below in turn
            offset = (0, 6) if number % 2 or below else (0, -13)
            axis.annotate(words, place, xytext=offset, textcoords="offset points", ha="center", fontsize=8)
        axis.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=8)
        front = [row for row in front_of(rows) if row["all_auc"] >= lowest]
        axis.plot(
            [r["bytes"] / 1000 for r in front], [r["all_auc"] for r in front], color=GREY, linewidth=1, zorder=0.5
        )
        axis.set_xlabel("Size of the model file, kB")
        axis.set_ylabel("AUC on test")
        axis.set_title("Dots passed the gate, crosses did not; the line joins what no smaller file beats", fontsize=9)
        axis.margins(x=0.08, y=0.12)
    return figure


def front_of(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by size, each better than all smaller ones."""
    front: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: (row["bytes"], -row["all_auc"])):
        if not front or row["all_auc"] > front[-1]["all_auc"]:
            front.append(row)
    return front


def _interval(row: dict[str, Any], name: str) -> str:
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    return "" if low is None or high is None else f" ({low:.3f}–{high:.3f})"
