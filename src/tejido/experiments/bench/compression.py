"""Every way of making one network smaller, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tejido.experiments.bench.latency import in_python, in_wasm
from tejido.experiments.compress import Made, make, write
from tejido.experiments.run import Run
from tejido.experiments.source import Source
from tejido.recipe.compression import Compression


@dataclass(frozen=True)
class Point:
    """One compression in figures.

    Attributes:
        name: its steps, joined.
        made: the file and what is known of it.
        python: median milliseconds a picture by its size, or empty.
        wasm: likewise.
    """

    name: str
    made: Made
    python: dict[str, float]
    wasm: dict[str, float]


def chains(epochs: int) -> list[list[str]]:
    """The compressions that are compared; those that change the network train it for so many epochs afterwards."""
    tune = f"finetune={epochs}"
    return [
        ["float32"],
        ["float16"],
        ["int8"],
        ["int8_dynamic"],
        ["int8_static"],
        [f"qat={epochs}", "int8"],
        [f"qat={epochs}", "int8_static"],
        ["prune=0.3", tune, "float16"],
        ["prune=0.5", tune, "float16"],
        ["prune=0.5", tune, "int8"],
        ["low_rank=0.5", tune, "float16"],
        ["low_rank=0.5", tune, "int8"],
    ]


def measure(
    run: Run,
    folder: Path,
    *,
    epochs: int = 5,
    seed: int = 0,
    wasm: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Point]:
    """Make every file and measure it; those that pass the gate are written, each into a folder of its own.

    Args:
        run: finished.
        folder: for the files; a training that two of them share, or that is finished there, is not repeated.
        epochs: of the trainings.
        seed: of the trainings.
        wasm: folder in which onnxruntime-web is installed, or None to leave it out.
        progress: told what is being made.
    """
    source = Source(run)
    made: dict[str, Made] = {}
    for steps in chains(epochs):
        name = " ".join(steps)
        progress(name)
        asked = Compression(run=str(run.folder), steps=steps, seed=seed)
        target = folder / name.replace(" ", "-").replace("=", "")
        made[name] = make(source, asked, folder)
        if made[name].problem is None:
            write(made[name], source, asked, target)
    progress("latency")
    python = in_python({name: one.file for name, one in made.items()})
    browser = {} if wasm is None else _in_wasm(made, folder, wasm)
    return [Point(name, one, python[name], browser.get(name, {})) for name, one in made.items()]


def _in_wasm(made: dict[str, Made], folder: Path, wasm: Path) -> dict[str, dict[str, float]]:
    """Also of files that did not pass; they lie in the folder for as long as it takes."""
    files = {name: folder / f".{number}.onnx" for number, name in enumerate(made)}
    try:
        for name, path in files.items():
            path.write_bytes(made[name].file)
        return in_wasm(files, wasm)
    finally:
        for path in files.values():
            path.unlink(missing_ok=True)


def as_row(point: Point) -> dict[str, Any]:
    """A point as a row of a table: figures of test for all and for histology-confirmed images, with intervals."""
    made = point.made
    row: dict[str, Any] = {
        "steps": point.name,
        "bytes": made.figures["bytes"],
        "parameters": made.figures["parameters"],
        "parameters_with_statistics": made.figures["parameters_with_statistics"],
        "macs": made.figures["macs"],
        "labels_kept": made.kept.labels,
        "auc_change_validation": made.kept.change,
        "passes": made.problem is None,
    }
    for part, figures in made.figures["test"].items():
        for name in ("auc", "macro_f1", "balanced_accuracy"):
            for key, value in figures.get(name, {}).items():
                row[f"{part}_{name}" if key == "value" else f"{part}_{name}_{key}"] = value
    for kind, times in (("python", point.python), ("wasm", point.wasm)):
        row |= {f"{kind}_ms_{size}": value for size, value in times.items()}
    return row
