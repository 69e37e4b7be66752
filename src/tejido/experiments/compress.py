"""From a finished run to a smaller model file, step by step, and through the gate."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pandas as pd

from tejido import taxonomy
from tejido.data.tables import write_parquet
from tejido.errors import AgreementError
from tejido.experiments.describe import describe
from tejido.experiments.judge import answers_of, ask_file, deployed, judge
from tejido.experiments.kept import Kept, compare
from tejido.experiments.operating import operating
from tejido.experiments.pictures import some_of
from tejido.experiments.ranges import Inputs, inputs_of
from tejido.experiments.run import Run
from tejido.experiments.shrink import shrunk
from tejido.experiments.source import Source
from tejido.export import agreement
from tejido.export.agreement import TOLERANCE, Tolerance
from tejido.export.card import card
from tejido.export.compression import integers
from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.export.storage import store
from tejido.files import replacing
from tejido.models.inventory import count, macs_of
from tejido.models.network import Network
from tejido.recipe import resolve_path
from tejido.recipe.compression import Compression
from tejido.runtime.classifier import Classifier

PICTURES = 60
"""Validation pictures on which pixels, quality and heatmaps are compared."""


@dataclasses.dataclass(frozen=True)
class Made:
    """A compressed model, whether it passed the gate or not.

    Attributes:
        file: the model file's bytes.
        kept: what the gate found.
        problem: what speaks against the file, or None.
        figures: ``bytes``, ``parameters``, ``parameters_with_statistics``, ``macs``, and ``test``: those of
            ``metrics.evaluate``, of the file's answers on test.
        answers: the file's predictions of ``val`` and ``test``.
    """

    file: bytes
    kept: Kept
    problem: str | None
    figures: dict[str, Any]
    answers: dict[str, pd.DataFrame]


def compress(asked: Compression, folder: Path) -> Made:
    """Carry out a compression and write what came of it.

    Writes ``compression.yaml``, ``model.onnx``, ``card.md``, ``predictions.parquet`` and ``metrics.json`` into
    ``folder``. Trainings on the way keep their checkpoints below ``folder/trainings``; interrupted, they go on.

    Raises:
        AgreementError: the result is too far from the run's network, or sees other pixels than Pillow; nothing but the
            trainings is there then.
        TejidoError: the run, its data or a step are not what they must be.
    """
    source = Source(Run.open(resolve_path(asked.run)))
    made = make(source, asked, folder)
    if made.problem is not None:
        raise AgreementError(f"{made.problem}; nothing was written")
    write(made, source, asked, folder)
    return made


def make(source: Source, asked: Compression, folder: Path) -> Made:
    """A compressed model, not written yet.

    Args:
        source: the run.
        asked: how.
        folder: for the trainings.

    Raises:
        TejidoError: as ``compress``, but for the gate.
    """
    task = taxonomy.task(source.recipe.task)
    storage = asked.chain[-1].name
    if len(asked.chain) > 1:
        network = shrunk(source, asked, folder)
        judged = judge(source.recipe, source.built, network, source.parts)
        module = deployed(source.recipe, source.built, network, judged.calibrated)
        graph = export_graph(module)
    else:
        network, judged, module = source.network, source.judged, source.deployed
        graph = onnx.ModelProto()
        graph.CopyFrom(source.graph)
    described = describe(source.recipe, task, source.parts, judged, {})
    graph = _stored(graph, storage, lambda: inputs_of(source, asked, described))
    classifier = Classifier(with_metadata(graph, described))
    answers = {name: answers_of(ask_file(classifier, part), judged.tables[name]) for name, part in judged.parts.items()}
    own = source.judged
    kept = compare((own.tables["val"], own.threshold), (answers["val"], judged.threshold), task)
    test = judged.figures(answers["test"])
    if judged.others is not None:
        test["other"] = judged.refusals("test", classifier)
    derivation = described.derivation | {"compression": _noted(asked, kept)}
    said = operating(answers, task.positive, rounds=source.recipe.evaluation.bootstrap)
    file = with_metadata(graph, dataclasses.replace(described, metrics=test, derivation=derivation, operating=said))
    # a file that fails anyway need not be looked at closely
    problem = kept.broken(asked.labels, asked.auc) or _disagreement(source, module, graph, file, TOLERANCE[storage])
    return Made(file, kept, problem, _sizes(file, network) | {"test": test}, answers)


def write(made: Made, source: Source, asked: Compression, folder: Path) -> None:
    """Write a compressed model and what is known of it."""
    target = Run(folder, source.recipe)
    target.write_text("compression.yaml", asked.to_yaml())
    table = pd.concat([part.assign(split=name) for name, part in made.answers.items()], ignore_index=True)
    write_parquet(table, folder / "predictions.parquet")
    target.write_json("metrics.json", made.figures | {"validation": dataclasses.asdict(made.kept)})
    rounds = source.recipe.evaluation.bootstrap
    target.write_text("card.md", card(Classifier(made.file).metadata, made.answers["test"], rounds=rounds))
    with replacing(folder / "model.onnx") as temporary:
        temporary.write_bytes(made.file)


def _noted(asked: Compression, kept: Kept) -> dict[str, Any]:
    validation = dataclasses.asdict(kept) | {"labels_at_least": asked.labels, "auc_within": asked.auc}
    return {"steps": asked.steps, "validation": validation}


def _sizes(file: bytes, network: Network) -> dict[str, int]:
    parameters, statistics = count(network)
    return {
        "bytes": len(file),
        "parameters": parameters,
        "parameters_with_statistics": parameters + statistics,
        "macs": macs_of(network),
    }


def _disagreement(
    source: Source, module: Deployed, graph: onnx.ModelProto, file: bytes, tolerance: Tolerance
) -> str | None:
    """In what a file differs from the network that it was made of, in words, or None."""
    pictures = some_of(source.parts["val"].pictures, PICTURES)
    odd = agreement.odd_sizes(pictures[0], module.smallest)
    try:
        agreement.check(file, graph, module, [*pictures, *odd], tolerance)
    except AgreementError as error:
        return str(error)
    return None


def _stored(graph: onnx.ModelProto, storage: str, inputs: Callable[[], Inputs]) -> onnx.ModelProto:
    if storage == "int8_dynamic":
        return integers.dynamic(graph)
    if storage == "int8_static":
        return integers.static(graph, inputs())
    store(graph, storage)  # type: ignore[arg-type]
    return graph
