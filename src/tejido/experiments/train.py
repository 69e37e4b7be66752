"""One experiment: train, calibrate and choose thresholds on validation, export, evaluate on test."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from tejido import taxonomy
from tejido.data.tables import write_parquet
from tejido.errors import AgreementError, RecipeError
from tejido.experiments.build import build
from tejido.experiments.datasets import Part, load_parts
from tejido.experiments.describe import describe
from tejido.experiments.distil import teaching_of
from tejido.experiments.judge import Judged, answers_of, ask_file, decisions, deployed, judge
from tejido.experiments.pictures import some_of
from tejido.experiments.run import Run
from tejido.export import agreement
from tejido.export.card import card
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.export.storage import store
from tejido.files import replacing
from tejido.metrics import predictions
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import Metadata
from tejido.training.fit import fit

GATE_PICTURES = 200


def train(run: Run) -> dict[str, Any]:
    """Carry out a run, or what is left of it after an interruption.

    Writes ``split.parquet`` (which images were used for what), ``checkpoints/``, ``metrics.csv``,
    ``predictions.parquet`` (validation and test, of the PyTorch network),
    ``model.onnx``, ``card.md`` and ``metrics.json``; with patches, also what ``Decider.report`` writes. A network that
    reads lesion masks without a segmenter gives no model file and no card; ``metrics.json`` says why under
    ``not_exported``. Nor does one whose file disagrees with it; that is an error, and stands under ``disagreement``.

    Returns:
        What ``metrics.json`` holds.

    Raises:
        TejidoError: data, recipe or export are not what they must be; see the modules that raise it.
    """
    recipe = run.recipe
    built = build(recipe)
    network = built.network
    parts = load_parts(recipe, built.geometry, built.grid, masks=built.masks, segmenter=built.segmenter)
    write_parquet(_split(parts), run.folder / "split.parquet")
    teaching = teaching_of(recipe, network, parts)
    fit(network, parts["train"].images, parts["val"].images, recipe, run.folder, teaching)

    judged = judge(recipe, built, network, parts)
    write_parquet(
        pd.concat([table.assign(split=name) for name, table in judged.tables.items()], ignore_index=True),
        run.folder / "predictions.parquet",
    )
    metrics = {name: judged.figures(table) for name, table in judged.tables.items()}
    if judged.others is not None:
        metrics["test"]["other"] = judged.refusals("test")
    if judged.decider is not None:
        metrics["test"]["patches"] = judged.decider.report(run, judged.patches)
    result: dict[str, Any] = {
        "images": {name: len(part.rows) for name, part in parts.items()},
        "calibration": asdict(judged.calibrated),
        "threshold": judged.threshold,
        "validation": metrics["val"],
        "test": metrics["test"],
    }
    try:
        module = deployed(recipe, built, network, judged.calibrated)
    except RecipeError as error:
        result["not_exported"] = str(error)
    else:
        task = taxonomy.task(recipe.task)
        metadata = describe(recipe, task, parts, judged, metrics["test"])
        try:
            result["agreement"] = asdict(_export(run, module, metadata, parts["val"]))
            rounds = recipe.evaluation.bootstrap
            run.write_text("card.md", card(metadata, judged.tables["test"], rounds=rounds))
            result["test_agreement"] = _compare_on_test(run, judged)
        except AgreementError as error:
            result["disagreement"] = str(error)
            (run.folder / "model.onnx").unlink(missing_ok=True)  # one of before
    run.write_json("metrics.json", result)
    return result


def _split(parts: dict[str, Part]) -> pd.DataFrame:
    columns = ["image_id", "group_id"]
    return pd.concat([part.pictures[columns].assign(split=name) for name, part in parts.items()], ignore_index=True)


def _export(run: Run, module: Deployed, metadata: Metadata, val: Part) -> agreement.Agreement:
    """Write ``model.onnx`` if it agrees with the network on validation pictures and on odd sizes."""
    graph = export_graph(module)
    weights = run.recipe.export.weights
    store(graph, weights)
    file = with_metadata(graph, metadata)
    pictures = some_of(val.pictures, GATE_PICTURES)
    odd = agreement.odd_sizes(pictures[0], module.smallest)
    found = agreement.check(file, graph, module, [*pictures, *odd], agreement.TOLERANCE[weights])
    with replacing(run.folder / "model.onnx") as temporary:
        temporary.write_bytes(file)
    return found


def _compare_on_test(run: Run, judged: Judged) -> dict[str, float]:
    """The written file against the run's predictions, on every test image, from its file."""
    answers = ask_file(Classifier(run.folder / "model.onnx"), judged.parts["test"])
    table = judged.tables["test"]
    columns = [name for name in table if str(name).startswith(predictions.PREFIX)]
    labels = decisions(table, taxonomy.task(run.recipe.task), judged.threshold)
    differences = (answers_of(answers, table)[columns] - table[columns]).abs()
    return {
        "images": len(answers),
        "largest_difference": float(differences.to_numpy().max()),
        "equal_labels": float(np.mean([answer.label == label for answer, label in zip(answers, labels, strict=True)])),
        "refused": float(np.mean([answer.refused for answer in answers])),
    }
