"""An evaluation: a table of figures with intervals, and its plots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Plot
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from sklearn.metrics import precision_recall_curve, roc_curve

from tejido.experiments.predict import Predictions
from tejido.files import replacing
from tejido.metrics.bootstrap import Estimate
from tejido.metrics.curves import net_benefit
from tejido.metrics.figures import Figure, confusion
from tejido.metrics.named import certainty_of, decided
from tejido.metrics.predictions import PREFIX, labels_of
from tejido.metrics.refusals import Refused
from tejido.metrics.selective import risk_coverage
from tejido.report import several
from tejido.report.plots import BLUE, GREY, ORANGE, STYLE, reliability


def write(folder: Path, found: Predictions, parts: dict[str, list[Figure]], refused: Sequence[Refused] = ()) -> None:
    """Write ``figures.json``, ``figures.csv``, ``confusion.csv``, ``evaluation.md`` and plots.

    Args:
        folder: made where it is not there.
        found: what was evaluated.
        parts: figures by set of images: ``all``, and others.
        refused: shares of the pictures that were not judged.
    """
    rows = [row(name, figure) for name, part in parts.items() for figure in part]
    said = {"title": found.title, "notes": found.notes, "refused": refusal_rows(refused), "figures": rows}
    _text(folder / "figures.json", json.dumps(said, indent=2))
    _text(folder / "figures.csv", pd.DataFrame(rows).to_csv(index=False))
    counts = confusion(found.table, positive=found.positive, threshold=found.threshold)
    _text(folder / "confusion.csv", counts.rename_axis(index=f"truth; answer: {decision(found)}").to_csv())
    _text(folder / "evaluation.md", markdown(found, parts, counts, refused))
    for name, plot in plots(found).items():
        with replacing(folder / f"{name}.png") as temporary:
            plot.savefig(temporary, format="png")


def markdown(
    found: Predictions, parts: dict[str, list[Figure]], counts: pd.DataFrame, refused: Sequence[Refused] = ()
) -> str:
    """The figures as a Markdown page."""
    names = list(parts)
    lines = [f"# {found.title}", "", f"{len(found.table):,} images of {found.table['group_id'].nunique():,} groups; "
             "95 % intervals by group.", ""]  # fmt: skip
    lines += [f"- {note[0].upper()}{note[1:]}." for note in found.notes] + ([""] if found.notes else [])
    if refused:
        lines += ["| refused | of | share |", "| --- | ---: | ---: |"]
        lines += [f"| {words} | {images} | {part} |" for words, images, part in refusal_lines(refused)]
        lines.append("")
    lines += ["| | " + " | ".join(names) + " |", "| --- |" + " ---: |" * len(names)]
    lines += [f"| {title} | " + " | ".join(cells) + " |" for title, cells in lines_of(parts)]
    notes = {figure.note for part in parts.values() for figure in part if figure.note}
    lines += ["", *(f"Without an interval or a value: {note}." for note in sorted(notes))]
    lines += ["", "## Truth (rows) and answer", "", f"The answer is {decision(found)}.", ""]
    lines += ["| | " + " | ".join(counts.columns) + " |"]
    lines += ["| --- |" + " ---: |" * len(counts.columns)]
    for name, row_of in zip(counts.index, counts.to_numpy(), strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{value:,}" for value in row_of) + " |")
    return "\n".join(lines) + "\n"


def show(found: Predictions, parts: dict[str, list[Figure]], refused: Sequence[Refused] = ()) -> None:
    """Print what was refused, and the figures of the rest."""
    console = Console()
    if refused:
        shares = Table(box=SIMPLE_HEAD, pad_edge=False, title=f"{found.title} refuses", title_justify="left")
        shares.add_column("")
        shares.add_column("of", justify="right")
        shares.add_column("share")
        for line in refusal_lines(refused):
            shares.add_row(*line)
        console.print(shares)
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, title=f"{found.title}, with 95 % intervals by group", title_justify="left"
    )
    table.add_column("")
    for name in parts:
        table.add_column(name)
    for title, cells in lines_of(parts):
        table.add_row(title, *cells)
    console.print(table)
    notes = dict.fromkeys([*found.notes, *(f.note for part in parts.values() for f in part if f.note)])
    for note in notes:
        console.print(f"Note: {note}.", soft_wrap=True, highlight=False)


def plots(found: Predictions) -> dict[str, Plot]:
    """``roc``, ``precision_recall``, ``reliability`` and ``risk_coverage``; of two labels also ``net_benefit``."""
    positive = found.positive
    if positive is None:
        return several.plots(found.table)
    truth = (found.table["truth"] == positive).to_numpy(bool)
    score = found.table[PREFIX + positive].to_numpy(float)
    made = {"reliability": reliability(found.table, positive), "net_benefit": _decisions(truth, score)}
    if truth.any() and not truth.all():
        fall_out, recall, _ = roc_curve(truth, score)
        made["roc"] = _curve(fall_out, recall, "1 − specificity", "sensitivity", diagonal=True)
        precision, recall, _ = precision_recall_curve(truth, score)
        made["precision_recall"] = _curve(recall, precision, "recall", "precision", diagonal=False)
    if found.threshold is not None:
        made["risk_coverage"] = _risk(found)
    return made


def _risk(found: Predictions) -> Plot:
    """Share of errors over the share that is answered, the most certain first, and how many of the ill are not."""
    table, positive, threshold = found.table, found.positive, found.threshold
    assert positive is not None
    said = decided(table, positive, threshold)
    right = np.array(labels_of(table))[said] == table["truth"].to_numpy(str)
    certainty = certainty_of(table, positive, threshold)
    ill = (table["truth"] == positive).to_numpy(bool)
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(5.2, 4), layout="constrained")
        axis = figure.subplots()
        axis.plot(*risk_coverage(right, certainty), color=BLUE, label="errors among the answered")
        missed = ill & ~right
        axis.plot(*risk_coverage(~missed, certainty), color=ORANGE, label=f"missed: {positive.replace('_', ' ')}")
        axis.set(xlabel="answered, the most certain first", ylabel="share of the answered", xlim=(0, 1), ylim=(0, None))
        axis.legend()
    return figure


def _curve(x: Any, y: Any, across: str, up: str, *, diagonal: bool) -> Plot:
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(4.6, 4.6), layout="constrained")
        axis = figure.subplots()
        axis.plot(x, y, color=BLUE)
        if diagonal:
            axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        axis.set(xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1.005), aspect="equal")
    return figure


def _decisions(truth: np.ndarray, score: np.ndarray) -> Plot:
    """Net benefit of acting on the score, against acting always and never, over the probability to act from."""
    ones = np.ones(len(truth))
    places = np.linspace(0.01, 0.6, 60)
    with mpl.rc_context(STYLE):
        figure = Plot(figsize=(5.2, 4), layout="constrained")
        axis = figure.subplots()
        axis.plot(places, [net_benefit(truth, score, t)(ones) for t in places], color=BLUE, label="by the model")
        always = [net_benefit(truth, np.ones(len(truth)), t)(ones) for t in places]
        axis.plot(places, always, color=ORANGE, label="always")
        axis.axhline(0, color=GREY, label="never")
        axis.set(xlabel="act from this probability", ylabel="net benefit", ylim=(-0.05, max(0.05, 1.1 * truth.mean())))
        axis.legend()
    return figure


def refusal_lines(refused: Sequence[Refused]) -> list[tuple[str, str, str]]:
    """What is meant, of how many pictures, and the share that is refused."""
    return [
        (
            ("all pictures" if one.of == "all" else one.of) + ("" if one.reason is None else f", for {one.reason}"),
            f"{one.images:,}",
            one.share.percent,
        )
        for one in refused
    ]


def refusal_rows(refused: Sequence[Refused]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [{"of": one.of, "reason": one.reason, "images": one.images, **asdict(one.share)} for one in refused]


def row(part: str, figure: Figure) -> dict[str, Any]:
    """A figure as a row of ``figures.json``; ``images`` is the set that it is about."""
    estimate = {
        key: None if value is None or np.isnan(value) else value for key, value in asdict(figure.estimate).items()
    }
    return {"images": part, "name": figure.name, "of": figure.label, **estimate, "note": figure.note}


def decision(found: Predictions) -> str:
    """How a table of truth and answer comes to its answers, in words."""
    if found.positive is None:
        return "the most probable label"
    if found.threshold is None:
        return "the most probable label, because no threshold is known"
    return f"{found.positive} from a probability of {found.threshold:.3f}"


def lines_of(parts: dict[str, list[Figure]]) -> Iterator[tuple[str, list[str]]]:
    """Title and cells of every figure of the first part, which is the largest; a dash where another lacks it."""
    tables = [{(figure.name, figure.label): figure for figure in part} for part in parts.values()]
    for key, figure in tables[0].items():
        yield _title(figure), [_cell(table[key].estimate) if key in table else "–" for table in tables]


def _title(figure: Figure) -> str:
    words = {"auc": "AUC", "f1": "F1"}
    name = " ".join(words.get(word, word) for word in figure.name.split("_"))
    return name if figure.label is None else f"{name}, {figure.label.replace('_', ' ').replace('>=', '≥')}"


def _cell(estimate: Estimate) -> str:
    return "–" if np.isnan(estimate.value) else str(estimate)


def _text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
