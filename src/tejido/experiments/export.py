"""A finished run's model file, in another format or with its weights kept in another way."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from tejido import taxonomy
from tejido.errors import AgreementError
from tejido.experiments.compress import make
from tejido.experiments.datasets import Part
from tejido.experiments.describe import describe
from tejido.experiments.judge import deployed
from tejido.experiments.source import Source
from tejido.export.graph import export_graph, with_metadata
from tejido.export.litert import FixedSize, Interpreter, convert
from tejido.files import replacing
from tejido.recipe.compression import Compression
from tejido.runtime.classifier import Classifier

LARGEST = 1e-3
"""Largest difference of a probability between LiteRT and ONNX, on the same pixels."""


def export_onnx(source: Source, path: Path, weights: str) -> dict[str, Any]:
    """Write the network with its weights as ``float32``, ``float16`` or ``int8``, through the gate of compressions.

    Returns:
        ``bytes``, ``labels`` and ``auc_change``, both on validation.

    Raises:
        AgreementError: the file is too far from the network; nothing is written.
    """
    asked = Compression(run=str(source.run.folder), steps=[weights])
    made = make(source, asked, path.parent)
    if made.problem is not None:
        raise AgreementError(f"{made.problem}; nothing was written")
    with replacing(path) as temporary:
        temporary.write_bytes(made.file)
    return {"bytes": len(made.file), "labels": made.kept.labels, "auc_change": made.kept.change}


def export_litert(source: Source, path: Path) -> dict[str, Any]:
    """Write a LiteRT file and, beside it as ``.json``, what it is: input, outputs, and the metadata of the model file.

    The file has float32 weights and is compared with the ONNX file on the squares of every validation and test image.

    Returns:
        ``bytes`` and ``agreement``: ``images`` and ``largest_difference`` of ``val`` and ``test``.

    Raises:
        AgreementError: a probability differs by more than ``LARGEST``; nothing is written.
        TejidoError: the format cannot express the network.
    """
    judged = source.judged
    module = deployed(source.recipe, source.built, source.network, judged.calibrated)
    file = convert(FixedSize(module))
    task = taxonomy.task(source.recipe.task)
    test = judged.figures(judged.tables["test"])
    metadata = describe(source.recipe, task, source.parts, judged, test)
    interpreter = Interpreter(file)
    reference = Classifier(with_metadata(export_graph(module), metadata))
    agreement = {name: _compare(interpreter, reference, judged.parts[name]) for name in judged.tables}
    worst = max(found["largest_difference"] for found in agreement.values())
    if not worst <= LARGEST:
        raise AgreementError(f"LiteRT differs from ONNX by {worst:.2g} (limit {LARGEST:g}); nothing was written")
    size = source.recipe.image.size
    said = {
        "format": "litert",
        "input": {
            "shape": [size, size, 3],
            "type": "uint8",
            "meaning": f"RGB after {source.recipe.image.geometry} to {size} pixels by Pillow's BILINEAR, rows first",
        },
        "outputs": dict(zip(interpreter.outputs, module.outputs, strict=True)),
        "agreement_with_onnx": agreement,
        "metadata": dataclasses.asdict(metadata),
    }
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with replacing(path) as temporary:
        temporary.write_bytes(file)
    return {"bytes": len(file), "agreement": agreement}


def _compare(interpreter: Interpreter, reference: Classifier, part: Part) -> dict[str, float]:
    largest = 0.0
    for index in range(len(part.images)):
        square = np.ascontiguousarray(part.images.images[index].permute(1, 2, 0).numpy())
        difference = interpreter.run(square)[0] - reference.run(square)["probabilities"]
        largest = max(largest, float(np.abs(difference).max()))
    return {"images": len(part.images), "largest_difference": largest}
