"""What a finished run shows: plots in its folder and a summary on the terminal."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tejido import taxonomy
from tejido.experiments.facts import figures_of, gather
from tejido.experiments.predict import of_run
from tejido.experiments.run import Run
from tejido.export.card import refusals
from tejido.export.card_figures import PARTS
from tejido.files import replacing
from tejido.metrics.evaluate import estimate_of
from tejido.report import patches, plots, several
from tejido.report.html.page import write


def write_plots(run: Run) -> None:
    """Write ``plots/*.png``: learning curves, what attention learned; ROC, reliability and others on test."""
    settings = run.recipe.training
    history = pd.read_csv(run.folder / "metrics.csv")
    _save(plots.learning_curves(history, settings.head_epochs, settings.monitor), run, "learning_curves")
    if (run.folder / "attention.csv").is_file():
        table = pd.read_csv(run.folder / "attention.csv")
        _save(plots.attention(table, settings.head_epochs), run, "attention")
    table = pd.read_parquet(run.folder / "predictions.parquet")
    test = table[table["split"] == "test"]
    positive = taxonomy.task(run.recipe.task).positive
    if positive is not None:
        _save(plots.roc(test, positive, run.read_json("metrics.json")["threshold"]), run, "roc")
        _save(plots.reliability(test, positive), run, "reliability")
    else:
        for name, figure in several.plots(test).items():
            _save(figure, run, name)
    if (run.folder / "patch_thresholds.csv").is_file():
        run.write_text("patches.md", patches.tables(run))
        _save(patches.thresholds_plot(run), run, "patch_thresholds")


def write_report(run: Run) -> None:
    """Write ``report.html``; without pictures and without parts of the images, which ``tejido evaluate`` adds."""
    found = of_run(run.folder)
    rounds = run.recipe.evaluation.bootstrap
    write(run.folder / "report.html", gather(found, figures_of(found, rounds), run.folder, rounds=rounds))


def print_summary(run: Run) -> None:
    """Print the test figures with their intervals, and the next useful command."""
    metrics = run.read_json("metrics.json")
    test = {name: part for name, part in metrics["test"].items() if name != "other"}
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="Test, with 95 % intervals by group", title_justify="left")
    table.add_column("")
    for name, part in test.items():
        table.add_column(f"{PARTS.get(name, name)}\n{part['images']:,} of {part['groups']:,} groups")
    for key in test["all"]:
        if key not in ("images", "groups"):
            cells = [str(estimate_of(part[key])) if key in part else "" for part in test.values()]
            table.add_row(key.replace("_", " "), *cells)
    console = Console()
    console.print(table)
    if "other" in metrics["test"]:
        console.print(f"Refused: {refusals(metrics['test']['other'])}.", soft_wrap=True, highlight=False)
    if metrics["validation"]["all"].get("specificity", {}).get("value") == 0:
        console.print("The threshold calls every validation image positive: this network tells nothing apart.")
    if "not_exported" in metrics:
        console.print(f"No model file: {metrics['not_exported']}.", soft_wrap=True, highlight=False)
        return
    if "disagreement" in metrics:
        return
    agreement = metrics["test_agreement"]
    console.print(
        f"The model file against the network, on {agreement['images']:,} test images: largest difference "
        f"{agreement['largest_difference']:.1e}, equal labels {agreement['equal_labels']:.2%}"
    )
    for line in (
        f"Report: {run.folder / 'report.html'}",
        f"Next: tejido classify --model {run.folder / 'model.onnx'} IMAGE...",
    ):
        console.print(line, soft_wrap=True, highlight=False)


def _save(figure: Figure, run: Run, name: str) -> None:
    with replacing(run.folder / "plots" / f"{name}.png") as temporary:
        figure.savefig(temporary, format="png")
