"""``tejido bench``: measurements that anyone can repeat."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app

app = new_app()


@app.callback()
def bench() -> None:
    """Measure on this machine."""


@app.command("input")
def bench_input(
    folder: Path = typer.Argument(None, metavar="[FOLDER]", help="Pictures; by default HAM10000 below TEJIDO_SHARED."),
    size: int = typer.Option(128, min=16, max=1024, help="Side in pixels."),
    batch: int = typer.Option(64, min=1, help="Images in a batch."),
    rounds: int = typer.Option(3, min=1, help="Rounds, in each of which every method has its turn."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """How fast pictures reach training: the packed cache, a torch DataLoader and tf.data, on the same pictures.

    The comparison with tf.data needs TensorFlow (pip install tensorflow), which Tejido does not use otherwise.
    """
    from tejido.experiments.bench_input import measure
    from tejido.recipe import resolve_path

    place = folder or resolve_path("${TEJIDO_SHARED}/data/ham10000/images")
    report = measure(place, size=size, batch=batch, rounds=rounds, progress=terminal.note)
    for package in report["missing"]:
        terminal.note(f"{package} is missing; compared without it (pip install {package})")
    print(json.dumps(report, indent=2) if as_json else _table(report))


def _table(report: dict[str, Any]) -> str:
    rates: dict[str, list[float]] = report["images per second"]
    lines = [
        f"{report['images']:,} images of {report['folder']} to {report['size']} px, {report['processors']} processors",
        f"{'':<32}{'images/s':>10}{'range':>20}",
    ]
    for method, values in rates.items():
        span = f"{min(values):,.0f}-{max(values):,.0f}"
        lines.append(f"{method:<32}{statistics.median(values):>10,.0f}{span:>20}")
    for item in report["ratios"]:
        met = "met" if item["ratio"] >= item["wanted"] else "NOT met"
        lines.append(f"{item['method']} / {item['rival']}: {item['ratio']:.2f}; wanted >= {item['wanted']:g}: {met}")
    return "\n".join(lines)
