"""Draws what ``shortcut_probes.py`` found: python benchmarks/shortcut_plot.py PROBES.json PICTURE.png."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tejido.report.plots import BLUE, GREY, ORANGE, STYLE

LOOKS = {
    "frozen": ("whole picture", BLUE),
    "coarse": ("64 pixels", "#7fb2cf"),
    "border": ("border alone", ORANGE),
    "colour": ("seven numbers", "#e0a98a"),
    "shuffled": ("labels shuffled", GREY),
}


def main() -> None:
    source, out = map(Path, sys.argv[1:])
    questions = json.loads(source.read_text())["questions"]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 5), layout="constrained")
        axis = figure.subplots()
        for place, (look, (name, colour)) in enumerate(LOOKS.items()):
            for row, question in enumerate(questions.values()):
                found, at = question["looks"][look]["auc"], row + 0.15 * (place - 2)
                axis.plot([found["low"], found["high"]], [at, at], color=colour, linewidth=1.2)
                axis.plot(found["value"], at, "o", color=colour, markersize=5, label=None if row else name)
        axis.axvline(0.5, color=GREY, linewidth=0.8)
        axis.set_yticks(range(len(questions)), list(questions))
        axis.set(xlabel="AUC, with 95 % interval by group", xlim=(0.35, 1.01))
        axis.grid(axis="y", visible=False)
        axis.invert_yaxis()
        figure.legend(loc="outside upper center", ncols=len(LOOKS))
    figure.savefig(out)


if __name__ == "__main__":
    main()
