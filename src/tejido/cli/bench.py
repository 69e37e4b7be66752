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
    from tejido.experiments.bench.input import measure
    from tejido.recipe import resolve_path

    place = folder or resolve_path("${TEJIDO_SHARED}/data/ham10000/images")
    report = measure(place, size=size, batch=batch, rounds=rounds, progress=terminal.note)
    for package in report["missing"]:
        terminal.note(f"{package} is missing; compared without it (pip install {package})")
    print(json.dumps(report, indent=2) if as_json else _table(report))


@app.command("train")
def bench_train(
    folder: Path = typer.Argument(None, metavar="[FOLDER]", help="Pictures; by default HAM10000 below TEJIDO_SHARED."),
    size: int = typer.Option(128, min=32, max=1024, help="Side in pixels."),
    batch: int = typer.Option(64, min=2, help="Images in a batch."),
    images: int = typer.Option(1024, min=2, help="Images of an epoch, drawn from the folder."),
    rounds: int = typer.Option(3, min=1, help="Rounds, in each of which every method trains an epoch."),
    network: list[str] = typer.Option(None, help="Instead of ResNet-18 and two MobileNets; may be repeated."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """How fast an epoch of training is: Tejido's against a plain torch and torchvision loop, on the same pictures.

    On a GPU both compute in bfloat16, and Tejido keeps the pictures there and changes them there.
    """
    from tejido.experiments.bench.train import NETWORKS, measure
    from tejido.recipe import resolve_path

    place = folder or resolve_path("${TEJIDO_SHARED}/data/ham10000/images")
    names = tuple(network or NETWORKS)
    report = measure(
        place, size=size, batch=batch, images=images, rounds=rounds, networks=names, progress=terminal.note
    )
    print(json.dumps(report, indent=2) if as_json else _training_table(report))


@app.command("compression")
def bench_compression(
    run: Path = typer.Argument(..., metavar="RUN", help="Folder of a finished run."),
    output: Path = typer.Option(..., "-o", "--output", metavar="DIR", help="Folder for the table and the files."),
    epochs: int = typer.Option(5, min=1, help="Of training after pruning and the like."),
    seed: int = typer.Option(0, min=0, help="Of these trainings."),
    wasm: Path = typer.Option(
        None, metavar="DIR", help="Folder in which npm install onnxruntime-web was run, to time the browser's runtime."
    ),
) -> None:
    """What every way of compression does to one network: size, work, AUC, F1, agreement, time a picture.

    Writes compression.md, compression.csv and pareto.png, and each model file that passes the gate of tejido compress.
    """
    from tejido.experiments.bench.compression import as_row, measure
    from tejido.experiments.run import Run
    from tejido.report import compression as report

    points = measure(Run.open(run), output, epochs=epochs, seed=seed, wasm=wasm, progress=terminal.note)
    rows = [as_row(point) for point in points]
    report.write(rows, output)
    print(report.markdown(rows), end="")
    for point in points:
        if point.made.problem is not None:
            terminal.note(f"{point.name}: not written; {point.made.problem}")


def _training_table(report: dict[str, Any]) -> str:
    from tejido.experiments.bench.train import TEJIDO, WAITING

    lines = [
        f"{report['images']:,} images of {report['folder']} at {report['size']} px, batches of {report['batch']}, "
        f"{report['processors']} processors, trained on: {report['device']}"
    ]
    for name, found in report["networks"].items():
        head = f"{'images/s':>10}{'range':>14}{'waiting':>9}{'augmenting':>12}{'GPU computes':>14}"
        lines += ["", f"{name:<28}{head}"]
        for method, figures in found.items():
            if method == "ratios":
                continue
            rates = figures["images per second"]
            span = f"{min(rates):,.0f}-{max(rates):,.0f}"
            cells = [figures.get(key) for key in ("waiting", "augmenting")]
            shares = ["" if cell is None else f"{statistics.median(cell):.1%}" for cell in cells]
            computes = f"{figures['computes']:.0%}" if "computes" in figures else ""
            lines.append(
                f"{method:<28}{statistics.median(rates):>10,.0f}{span:>14}{shares[0]:>9}{shares[1]:>12}{computes:>14}"
            )
        waiting = statistics.median(found[TEJIDO]["waiting"])
        lines.append(f"{TEJIDO} waits {waiting:.1%} of an epoch; wanted <= {WAITING:.0%}: {_met(waiting <= WAITING)}")
        for item in found["ratios"]:
            text = f"{TEJIDO} / {item['rival']}: {item['ratio']:.2f}"
            if item["wanted"] is not None:
                text += f"; wanted >= {item['wanted']:g}: {_met(item['ratio'] >= item['wanted'])}"
            lines.append(text)
    return "\n".join(lines)


def _met(reached: bool) -> str:
    return "met" if reached else "NOT met"


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
        met = _met(item["ratio"] >= item["wanted"])
        lines.append(f"{item['method']} / {item['rival']}: {item['ratio']:.2f}; wanted >= {item['wanted']:g}: {met}")
    return "\n".join(lines)
