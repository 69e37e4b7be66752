"""One experiment: train, calibrate and choose thresholds on validation, export, evaluate on test."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import torch

from tejido import taxonomy
from tejido.data.geometry import restored
from tejido.data.tables import write_parquet
from tejido.errors import DataError
from tejido.experiments.datasets import Part, load_parts
from tejido.experiments.describe import describe
from tejido.experiments.run import Run
from tejido.export import agreement
from tejido.export.card import card
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, store_float16, with_metadata
from tejido.files import replacing
from tejido.imaging.geometry import GEOMETRIES
from tejido.metrics import calibration, predictions, thresholds
from tejido.metrics.evaluate import evaluate
from tejido.models import zoo
from tejido.recipe import Recipe, resolve_path
from tejido.runtime.classifier import Classifier
from tejido.runtime.decode import decode, open_image
from tejido.runtime.metadata import Metadata
from tejido.taxonomy import Task
from tejido.training.fit import fit, logits_of

GATE_PICTURES = 200


def train(run: Run) -> dict[str, Any]:
    """Carry out a run, or what is left of it after an interruption.

    Writes ``checkpoints/``, ``metrics.csv``, ``predictions.parquet`` (validation and test, of the PyTorch network),
    ``model.onnx``, ``card.md`` and ``metrics.json``.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        TejidoError: data, recipe or export are not what they must be; see the modules that raise it.
    """
    recipe = run.recipe
    task = taxonomy.task(recipe.task)
    geometry = GEOMETRIES[recipe.image.geometry](recipe.image.size)
    weights = None if recipe.network.weights is None else resolve_path(recipe.network.weights)
    torch.manual_seed(recipe.seed)
    network = zoo.build(recipe.network.name, len(task.labels), weights=weights, dropout=recipe.network.dropout)
    network.to(memory_format=torch.channels_last)
    parts = load_parts(recipe, geometry)
    fit(network, parts["train"].images, parts["val"].images, recipe, run.folder)

    logits = {name: logits_of(network, parts[name].images.images).numpy() for name in ("val", "test")}
    calibrated = calibration.fit(logits["val"], parts["val"].images.labels.numpy())
    tables = {name: _predictions(parts[name], task, calibrated.apply(logits[name])) for name in logits}
    write_parquet(
        pd.concat([table.assign(split=name) for name, table in tables.items()], ignore_index=True),
        run.folder / "predictions.parquet",
    )
    threshold = _threshold(task, tables["val"], recipe)
    rounds = recipe.evaluation.bootstrap
    metrics = {
        name: evaluate(table, positive=task.positive, threshold=threshold, rounds=rounds)
        for name, table in tables.items()
    }
    module = Deployed(geometry, network, calibrated)
    metadata = describe(recipe, task, parts, calibrated, threshold, metrics["test"])
    found = _export(run, module, metadata, parts["val"])
    run.write_text("card.md", card(metadata))
    result = {
        "calibration": asdict(calibrated),
        "threshold": threshold,
        "validation": metrics["val"],
        "test": metrics["test"],
        "agreement": asdict(found),
        "test_agreement": _compare_on_test(run, parts["test"], tables["test"]),
    }
    run.write_json("metrics.json", result)
    return result


def _predictions(part: Part, task: Task, probabilities: np.ndarray) -> pd.DataFrame:
    return predictions.make(part.rows, part.truth, task.label_names, probabilities)


def _threshold(task: Task, val: pd.DataFrame, recipe: Recipe) -> float | None:
    if task.positive is None:
        return None
    score = val[predictions.PREFIX + task.positive].to_numpy(float)
    positive = (val["truth"] == task.positive).to_numpy(bool)
    return thresholds.at_sensitivity(positive, score, recipe.evaluation.sensitivity)


def _export(run: Run, module: Deployed, metadata: Metadata, val: Part) -> agreement.Agreement:
    """Write ``model.onnx`` if it agrees with the network on validation pictures and on odd sizes."""
    graph = export_graph(module)
    if run.recipe.export.weights == "float16":
        store_float16(graph)
    file = with_metadata(graph, metadata)
    sample = val.rows["path"].iloc[:: max(1, len(val.rows) // GATE_PICTURES)]
    pictures = [decode(str(path)) for path in sample]
    found = agreement.check(file, graph, module, [*pictures, *agreement.odd_sizes(pictures[0])])
    with replacing(run.folder / "model.onnx") as temporary:
        temporary.write_bytes(file)
    return found


def _compare_on_test(run: Run, test: Part, table: pd.DataFrame) -> dict[str, float]:
    """The written file against the run's predictions, on every test image, from its file."""
    classifier = Classifier(run.folder / "model.onnx")
    columns = [predictions.PREFIX + name for name in classifier.metadata.label_names]
    reference = table[columns].to_numpy(float)
    aspects = test.rows["aspect"].to_numpy(float, na_value=np.nan)
    files = zip(test.rows["path"], aspects, strict=True)
    pictures = (restored(open_image(str(path)), aspect) for path, aspect in files)
    answers = [classifier.predict(np.asarray(picture)) for picture in pictures]
    file = np.array([list(answer.probabilities.values()) for answer in answers])
    if len(file) != len(reference):
        raise DataError("the model file did not answer every test image")
    positive = classifier.metadata.positive
    names = classifier.metadata.label_names
    if positive is None:
        labels = [names[index] for index in reference.argmax(1)]
    else:
        other = next(name for name in names if name != positive)
        called = reference[:, names.index(positive)] >= classifier.metadata.thresholds[positive]
        labels = [positive if call else other for call in called]
    equal = [answer.label == label for answer, label in zip(answers, labels, strict=True)]
    return {
        "images": len(file),
        "largest_difference": float(np.abs(file - reference).max()),
        "equal_labels": float(np.mean(equal)),
        "refused": float(np.mean([answer.refused for answer in answers])),
    }
