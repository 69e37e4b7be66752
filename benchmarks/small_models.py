"""How long one core takes for an answer of each bundled small model, from pixels; beside it, its teacher.

The teacher is `skin-suspicion-accurate`, one of the two that taught `skin-suspicion`; it answers in onnxruntime and in
eager PyTorch (its network behind the same crop and resize). All take turns on the same pictures, each of 128x128 and of
600x450 pixels. Needs Linux, to stay on one core.

    .venv/bin/python benchmarks/small_models.py [--model NAME]... [--alone] [--rounds 9] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Method = Callable[[NDArray[np.uint8]], object]

LIMITS = {"128x128": 3.0, "600x450": 6.0}
"""Milliseconds a picture."""
LARGEST = 150_000
"""Bytes of a model that counts as small."""
TEACHER = "skin-suspicion-accurate"
ONNX, TORCH = "teacher, onnxruntime", "teacher, eager PyTorch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--alone", action="store_true", help="without the teacher, which needs torch")
    parser.add_argument("--model", action="append", help="name or file; by default the bundled small ones")
    parser.add_argument("--rounds", type=int, default=9, help="rounds, in each of which every method has its turn")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)), help="processor core to stay on")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    # Before numpy, onnxruntime and torch are imported: they count the cores when they start.
    os.sched_setaffinity(0, {options.core})
    report = measure(options.model or small(), options.alone, options.rounds)
    print(json.dumps(report, indent=2) if options.json else table(report))


def small() -> list[str]:
    """Names of the bundled models of at most ``LARGEST`` bytes."""
    from tejido.runtime.library import entries

    return [entry.name for entry in entries() if entry.bundled and 0 < entry.size <= LARGEST]


def measure(models: list[str], alone: bool, rounds: int) -> dict[str, Any]:
    """Median milliseconds a picture of every method, by size of the pictures."""
    import numpy as np
    from PIL import Image

    import tejido
    from tejido.runtime.decode import decode

    methods: dict[str, Method] = {name: tejido.load(name, threads=1).predict for name in models}
    if not alone:
        methods[ONNX] = tejido.load(TEACHER, threads=1).predict
        methods[TORCH] = eager(Path(__file__).parents[1] / "docs" / "results" / TEACHER)
    source, files = pictures.jpegs()
    large = [decode(data) for data in files]
    cut = [Image.fromarray(one).crop((75, 0, 525, 450)).resize((128, 128)) for one in large]
    sizes = {"128x128": [np.asarray(one) for one in cut], "600x450": large}
    found: dict[str, dict[str, float]] = {name: {} for name in methods}
    for size, given in sizes.items():
        times: dict[str, list[float]] = {name: [] for name in methods}
        for number in range(rounds + 1):
            for name, method in methods.items():
                start = time.perf_counter()
                for pixels in given:
                    method(pixels)
                if number > 0:  # the first round warms up
                    times[name].append(1000 * (time.perf_counter() - start) / len(given))
        for name, values in times.items():
            found[name][size] = statistics.median(values)
    met = {name: all(found[name][size] <= limit for size, limit in LIMITS.items()) for name in models}
    return {"pictures": source, "milliseconds": found, "limits": LIMITS, "met": met}


def eager(run: Path) -> Method:
    """The network of a run, from pixels to probabilities, as PyTorch computes it."""
    import torch

    from tejido.experiments.explain.subject import Subject

    torch.set_num_threads(1)
    subject = Subject.of_run(run)

    @torch.inference_mode()
    def predict(pixels: NDArray[np.uint8]) -> object:
        return subject.network(subject.squares([pixels])).softmax(1).tolist()

    return predict


def table(report: dict[str, Any]) -> str:
    """Milliseconds, and how many times as long the teacher takes."""
    found = report["milliseconds"]
    sizes = list(report["limits"])
    beside = [name for name in (ONNX, TORCH) if name in found]
    head = "".join(f"{size + ', ms':>13}" for size in sizes)
    lines = [f"{'one core, ' + report['pictures']:<26}{head}" + "".join(f"{name:>40}" for name in beside)]
    for name, row in found.items():
        times = "".join(f"{row[size]:>13.2f}" for size in sizes)
        ratios = (" and ".join(f"{found[other][size] / row[size]:.1f}" for size in sizes) for other in beside)
        lines.append(f"{name:<26}{times}" + "".join(f"{ratio + ' times':>40}" for ratio in ratios))
    limits = ", ".join(f"{limit:g} ms from {size}" for size, limit in report["limits"].items())
    missed = [name for name, met in report["met"].items() if not met]
    lines.append(f"limits {limits}: " + (f"NOT met by {', '.join(missed)}" if missed else "met"))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
