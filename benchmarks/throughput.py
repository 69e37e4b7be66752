"""How many pictures a second one processor core answers, from JPEG bytes to probabilities, with one warm model.

Beside it, interleaved in the same run: the same kind of network in eager PyTorch with torchvision's preprocessing, and
the two parts that bound it, decoding the JPEG and running the graph. Needs Linux, to stay on one core.

    .venv/bin/python benchmarks/throughput.py [--model skin-suspicion] [--images FOLDER] [--rounds 9] [--json]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pictures

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 60.0
TEJIDO, TORCH = "tejido, JPEG bytes to answer", "PyTorch eager + torchvision"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="skin-suspicion", help="name or file of the model")
    parser.add_argument("--images", type=Path, help="folder of JPEG files")
    parser.add_argument("--rounds", type=int, default=9, help="rounds, in each of which every method has its turn")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)), help="processor core to stay on")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    # Before numpy, onnxruntime and torch are imported: they count the cores when they start.
    os.sched_setaffinity(0, {options.core})
    source, files = pictures.jpegs(options.images)
    result = measure(str(options.model), files, options.rounds)
    report = {
        "pictures": source,
        "images per second": result,
        "ratio to PyTorch": result[TEJIDO]["median"] / result[TORCH]["median"],
        "limit": LIMIT,
        "met": result[TEJIDO]["median"] >= LIMIT,
    }
    print(json.dumps(report, indent=2) if options.json else table(report))


def measure(model: str, files: list[bytes], rounds: int) -> dict[str, dict[str, float]]:
    """Images per second of every method: median, slowest and fastest round."""
    import tejido
    from tejido.runtime.decode import decode

    classifier = tejido.load(model, threads=1)
    decoded = dict(zip(files, map(decode, files), strict=True))
    methods: dict[str, Callable[[bytes], object]] = {
        TEJIDO: classifier.predict,
        TORCH: torch_method(classifier.metadata.input_size, len(classifier.metadata.labels)),
        "decoding the JPEG alone": decode,
        "running the graph alone": lambda data: classifier.run(decoded[data]),
    }
    rates: dict[str, list[float]] = {name: [] for name in methods}
    for number in range(rounds + 1):
        for name, method in methods.items():
            start = time.perf_counter()
            for data in files:
                method(data)
            if number > 0:  # the first round warms up
                rates[name].append(len(files) / (time.perf_counter() - start))
    return {
        name: {"median": statistics.median(values), "slowest": min(values), "fastest": max(values)}
        for name, values in rates.items()
    }


def torch_method(size: int, labels: int) -> Callable[[bytes], object]:
    """Decode, crop, resize, normalise and run, as it is usually written."""
    import torch
    from PIL import Image
    from timm.models.efficientnet import _gen_mobilenet_v1
    from torchvision import transforms

    torch.set_num_threads(1)
    network = _gen_mobilenet_v1("mobilenetv1_100", 0.5, pad_type="same", num_classes=labels).eval()
    normalise = transforms.Compose(
        [
            transforms.Resize(size),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )

    @torch.inference_mode()
    def predict(data: bytes) -> object:
        with Image.open(io.BytesIO(data)) as file:
            image = file.convert("RGB")
        square = transforms.functional.center_crop(image, min(image.size))
        return network(normalise(square)[None]).softmax(1).tolist()

    return predict


def table(report: dict[str, object]) -> str:
    rates = report["images per second"]
    assert isinstance(rates, dict)
    lines = [f"{'one core, ' + str(report['pictures']):<34} {'images/s':>9} {'range':>13}"]
    for name, row in rates.items():
        span = f"{row['slowest']:.0f}-{row['fastest']:.0f}"
        lines.append(f"{name:<34} {row['median']:>9.1f} {span:>13}")
    lines.append(f"{report['ratio to PyTorch']:.2f} times PyTorch; limit >= {LIMIT:g} images/s: ")
    return "\n".join(lines) + ("met" if report["met"] else "NOT met")


if __name__ == "__main__":
    main()
