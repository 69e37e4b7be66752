"""How long a model file takes for one picture, on one thread: in Python, and in the browser's runtime under Node."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tejido.errors import TejidoError
from tejido.runtime.classifier import Classifier

SIZES = ((128, 128), (600, 450))
"""Width and height of the pictures, in pixels."""
_SCRIPT = Path(__file__).with_name("latency.mjs")


def in_python(files: dict[str, bytes], *, rounds: int = 50) -> dict[str, dict[str, float]]:
    """Median milliseconds from pixels to answer, onnxruntime on one thread.

    Args:
        files: model files by name; in every round each has its turn, so that all meet the same machine.
        rounds: of measuring.

    Returns:
        By name, ``{"128x128": ..., "600x450": ...}``.
    """
    classifiers = {name: Classifier(file, threads=1) for name, file in files.items()}
    found: dict[str, dict[str, float]] = {name: {} for name in files}
    for width, height in SIZES:
        picture = _picture(width, height)
        times: dict[str, list[float]] = {name: [] for name in files}
        for number in range(rounds + 3):
            for name, classifier in classifiers.items():
                start = time.perf_counter()
                classifier.run(picture)
                if number >= 3:  # the first ones find their memory
                    times[name].append(time.perf_counter() - start)
        for name, values in times.items():
            found[name][f"{width}x{height}"] = 1000 * statistics.median(values)
    return found


def in_wasm(files: dict[str, Path], modules: Path, *, rounds: int = 50) -> dict[str, dict[str, float]]:
    """The same in WebAssembly, as a browser computes; see ``in_python``.

    Args:
        files: model files by name.
        modules: folder in which ``npm install onnxruntime-web`` was run.
        rounds: of measuring.

    Raises:
        TejidoError: there is no Node or no onnxruntime-web, or a file does not run there.
    """
    node = shutil.which("node")
    if node is None:
        raise TejidoError("node is missing, which runs WebAssembly outside a browser")
    if not (modules / "node_modules" / "onnxruntime-web").is_dir():
        raise TejidoError(f"{modules}: onnxruntime-web is missing; run npm install onnxruntime-web there")
    asked = {"files": {name: str(path.resolve()) for name, path in files.items()}, "sizes": SIZES, "rounds": rounds}
    process = subprocess.run(  # noqa: S603
        [node, str(_SCRIPT), str(modules.resolve())], input=json.dumps(asked), capture_output=True, text=True
    )
    if process.returncode:
        lines = process.stderr.strip().splitlines() or ["no message"]
        raise TejidoError(f"onnxruntime-web fails: {next((line for line in lines if 'rror' in line), lines[-1])}")
    found: dict[str, dict[str, float]] = json.loads(process.stdout)
    return found


def _picture(width: int, height: int) -> NDArray[np.uint8]:
    """Noise; how long a network takes does not depend on what it sees."""
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
