"""One experiment: train, calibrate and choose thresholds on validation, export, evaluate on test."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tejido import taxonomy
from tejido.data.context import in_words
from tejido.data.geometry import restored
from tejido.data.tables import write_parquet
from tejido.errors import AgreementError, DataError, RecipeError
from tejido.experiments.build import build
from tejido.experiments.datasets import Part, load_parts
from tejido.experiments.describe import describe
from tejido.experiments.distil import teaching_of
from tejido.experiments.patches import Decider, rule_of
from tejido.experiments.run import Run
from tejido.export import agreement
from tejido.export.card import card
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.export.storage import store
from tejido.files import replacing
from tejido.imaging.patches import Patches
from tejido.metrics import calibration, predictions, thresholds
from tejido.metrics.evaluate import evaluate
from tejido.models.network import Network
from tejido.recipe import Recipe
from tejido.runtime.classifier import Classifier
from tejido.runtime.decode import decode, open_image
from tejido.runtime.metadata import Metadata
from tejido.taxonomy import Task
from tejido.training.fit import fit, logits_of

GATE_PICTURES = 200


def train(run: Run) -> dict[str, Any]:
    """Carry out a run, or what is left of it after an interruption.

    Writes ``split.parquet`` (which images were used for what), ``checkpoints/``, ``metrics.csv``,
    ``predictions.parquet`` (validation and test, of the PyTorch network),
    ``model.onnx``, ``card.md`` and ``metrics.json``; with patches, also what ``Decider.report`` writes. A network that
    reads lesion masks gives no model file and no card; ``metrics.json`` says why under ``not_exported``. Nor does one
    whose file disagrees with it; that is an error, and stands under ``disagreement``.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        TejidoError: data, recipe or export are not what they must be; see the modules that raise it.
    """
    recipe = run.recipe
    task = taxonomy.task(recipe.task)
    built = build(recipe)
    geometry, grid, network = built.geometry, built.grid, built.network
    parts = load_parts(recipe, geometry, grid, masks=built.masks)
    write_parquet(_split(parts), run.folder / "split.parquet")
    teaching = teaching_of(recipe, network, parts)
    fit(network, parts["train"].images, parts["val"].images, recipe, run.folder, teaching)

    logits = {name: _logits(network, parts[name]) for name in ("val", "test")}
    calibrated = calibration.fit(logits["val"], parts["val"].images.labels.numpy())
    tables = {name: _predictions(parts[name], task, calibrated.apply(logits[name])) for name in logits}
    decider = None if grid is None else Decider(recipe, task, grid.count)
    patches = tables
    if decider is not None:
        tables = {name: decider.images(table) for name, table in patches.items()}
    write_parquet(
        pd.concat([table.assign(split=name) for name, table in tables.items()], ignore_index=True),
        run.folder / "predictions.parquet",
    )
    threshold = _threshold(task, tables["val"], recipe) if decider is None else decider.threshold(tables["val"])
    rounds = recipe.evaluation.bootstrap
    metrics = {
        name: evaluate(table, positive=task.positive, threshold=threshold, rounds=rounds)
        for name, table in tables.items()
    }
    if decider is not None:
        metrics["test"]["patches"] = decider.report(run, patches)
    result: dict[str, Any] = {
        "images": {name: len(part.rows) for name, part in parts.items()},
        "calibration": asdict(calibrated),
        "threshold": threshold,
        "validation": metrics["val"],
        "test": metrics["test"],
    }
    try:
        if grid is None:
            module = Deployed(geometry, network, calibrated)
        else:
            module = Deployed(Patches(grid, geometry), network, calibrated, aggregate=rule_of(recipe, task))
    except RecipeError as error:
        result["not_exported"] = str(error)
    else:
        metadata = describe(recipe, task, parts, calibrated, threshold, metrics["test"])
        try:
            result["agreement"] = asdict(_export(run, module, metadata, parts["val"]))
            run.write_text("card.md", card(metadata))
            result["test_agreement"] = _compare_on_test(run, parts["test"], tables["test"])
        except AgreementError as error:
            result["disagreement"] = str(error)
            (run.folder / "model.onnx").unlink(missing_ok=True)  # one of before
    run.write_json("metrics.json", result)
    return result


def _split(parts: dict[str, Part]) -> pd.DataFrame:
    columns = ["image_id", "group_id"]
    return pd.concat([part.pictures[columns].assign(split=name) for name, part in parts.items()], ignore_index=True)


def _logits(network: Network, part: Part) -> np.ndarray:
    return logits_of(network, part.images.images, part.images.context).numpy()


def _predictions(part: Part, task: Task, probabilities: np.ndarray) -> pd.DataFrame:
    return predictions.make(part.rows, part.truth, task.label_names, probabilities)


def _threshold(task: Task, val: pd.DataFrame, recipe: Recipe) -> float | None:
    if task.positive is None:
        return None
    return thresholds.of_table(val, task.positive, recipe.evaluation.sensitivity)


def _export(run: Run, module: Deployed, metadata: Metadata, val: Part) -> agreement.Agreement:
    """Write ``model.onnx`` if it agrees with the network on validation pictures and on odd sizes."""
    graph = export_graph(module)
    store(graph, run.recipe.export.weights)
    file = with_metadata(graph, metadata)
    paths = val.pictures["path"]
    pictures = [decode(str(path)) for path in paths.iloc[:: max(1, len(paths) // GATE_PICTURES)]]
    odd = agreement.odd_sizes(pictures[0], module.smallest)
    found = agreement.check(file, graph, module, [*pictures, *odd])
    with replacing(run.folder / "model.onnx") as temporary:
        temporary.write_bytes(file)
    return found


def _told(part: Part) -> list[dict[str, Any]]:
    """What is known beside each picture, where the network was told."""
    if part.images.context is None:
        return [{}] * len(part.pictures)
    return [in_words(row) for row in part.images.context.numpy()[part.pictures.index].tolist()]


def _compare_on_test(run: Run, test: Part, table: pd.DataFrame) -> dict[str, float]:
    """The written file against the run's predictions, on every test image, from its file."""
    classifier = Classifier(run.folder / "model.onnx")
    columns = [predictions.PREFIX + name for name in classifier.metadata.label_names]
    reference = table[columns].to_numpy(float)
    aspects = test.pictures["aspect"].to_numpy(float, na_value=np.nan)
    files = zip(test.pictures["path"], aspects, strict=True)
    pictures = (np.asarray(restored(open_image(str(path)), aspect)) for path, aspect in files)
    answers = [classifier.predict(picture, **known) for picture, known in zip(pictures, _told(test), strict=True)]
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
