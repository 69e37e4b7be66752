"""From a finished run to a smaller model file, step by step, and through the gate."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray

from tejido import taxonomy
from tejido.compression import Compression, Step
from tejido.data import manifest as manifests
from tejido.data.tables import write_parquet
from tejido.errors import AgreementError, DataError, RecipeError
from tejido.experiments.build import Parts, build
from tejido.experiments.datasets import Part, load_parts
from tejido.experiments.describe import describe
from tejido.experiments.gate import Kept, compare
from tejido.experiments.judge import Judged, answers_of, ask_file, deployed, judge
from tejido.experiments.run import Run
from tejido.export import agreement
from tejido.export.agreement import Tolerance
from tejido.export.card import card
from tejido.export.compression import integers
from tejido.export.compression.fake_quantise import rounding
from tejido.export.compression.low_rank import factorise
from tejido.export.compression.prune import prune
from tejido.export.graph import export_graph, with_metadata
from tejido.export.storage import store
from tejido.files import replacing
from tejido.models.inventory import count, macs_of
from tejido.models.network import Network
from tejido.recipe import Recipe, resolve_path
from tejido.runtime.classifier import Classifier
from tejido.runtime.context import encode
from tejido.runtime.decode import decode
from tejido.runtime.metadata import Metadata
from tejido.training.distil.guides import Response, Softness
from tejido.training.fit import Teaching, fit, load_best

Inputs = Sequence[dict[str, NDArray[np.generic]]]

PICTURES = 60
"""Validation pictures on which pixels, quality and heatmaps are compared."""
TOLERANCE = {
    "float32": Tolerance(),
    "float16": Tolerance(),
    "int8": Tolerance(probability=0.1, labels=0.95, heatmap=0.1),
    "int8_dynamic": Tolerance(probability=0.5, labels=0.9, heatmap=0.3),
    "int8_static": Tolerance(probability=0.5, labels=0.9, heatmap=0.3),
}
"""How far a file may be from the network that it was made of, on these; whether it is good enough the gate says."""
ALPHA, TEMPERATURE = 0.2, 3.0
"""Of the training in ``finetune`` and ``qat``: weight of the labels, and tau of the run's network as a teacher."""


class Source:
    """A finished run, loaded once for any number of compressions.

    Args:
        run: finished, with its checkpoint.

    Raises:
        DataError: the run is not finished, or its data are not there.
        RecipeError: its network reads lesion masks, so it has no model file.
    """

    def __init__(self, run: Run) -> None:
        run.read_json("metrics.json")
        self.run = run
        self.recipe: Recipe = run.recipe
        self.built: Parts = build(self.recipe)
        if self.built.masks:
            raise RecipeError(f"{run.folder}: its network reads lesion masks and has no model file to compress")
        self.parts: dict[str, Part] = load_parts(self.recipe, self.built.geometry, self.built.grid)
        self.network: Network = load_best(self.built.network, run.folder / "checkpoints" / "best.ckpt")
        self.judged: Judged = judge(self.recipe, self.built, self.network, self.parts)


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
    *before, storage = asked.chain
    network = copy.deepcopy(source.network)
    for number, step in enumerate(before, start=1):
        _apply(source, asked, network, number, step, folder)
    judged = judge(source.recipe, source.built, network, source.parts) if before else source.judged
    module = deployed(source.recipe, source.built, network.eval(), judged.calibrated)
    graph = export_graph(module)
    task = taxonomy.task(source.recipe.task)
    described = describe(source.recipe, task, source.parts, judged, {})
    graph = _stored(graph, storage.name, lambda: _inputs(source, asked, described))
    file = with_metadata(graph, described)
    classifier = Classifier(file)
    answers = {name: answers_of(ask_file(classifier, part), judged.tables[name]) for name, part in judged.parts.items()}
    own = source.judged
    kept = compare((own.tables["val"], own.threshold), (answers["val"], judged.threshold), task)
    test = judged.figures(answers["test"])
    if judged.others is not None:
        test["other"] = judged.refusals("test", classifier)
    derivation = described.derivation | {
        "compression": {
            "steps": asked.steps,
            "validation": dataclasses.asdict(kept) | {"labels_at_least": asked.labels, "auc_within": asked.auc},
        }
    }
    file = with_metadata(graph, dataclasses.replace(described, metrics=test, derivation=derivation))
    paths = source.parts["val"].pictures["path"]
    pictures = [decode(str(path)) for path in paths.iloc[:: max(1, len(paths) // PICTURES)]]
    odd = agreement.odd_sizes(pictures[0], module.smallest)
    problem = kept.broken(asked.labels, asked.auc)
    if problem is None:  # a file that fails anyway need not be looked at
        try:
            agreement.check(file, graph, module, [*pictures, *odd], TOLERANCE[storage.name])
        except AgreementError as error:
            problem = str(error)
    parameters, statistics = count(network)
    figures = {
        "bytes": len(file),
        "parameters": parameters,
        "parameters_with_statistics": parameters + statistics,
        "macs": macs_of(network),
        "test": test,
    }
    return Made(file, kept, problem, figures, answers)


def write(made: Made, source: Source, asked: Compression, folder: Path) -> None:
    """Write a compressed model and what is known of it."""
    target = Run(folder, source.recipe)
    target.write_text("compression.yaml", asked.to_yaml())
    table = pd.concat([part.assign(split=name) for name, part in made.answers.items()], ignore_index=True)
    write_parquet(table, folder / "predictions.parquet")
    target.write_json("metrics.json", made.figures | {"validation": dataclasses.asdict(made.kept)})
    target.write_text("card.md", card(Classifier(made.file).metadata))
    with replacing(folder / "model.onnx") as temporary:
        temporary.write_bytes(made.file)


def _apply(source: Source, asked: Compression, network: Network, number: int, step: Step, folder: Path) -> None:
    """Carry out a step that changes the network, in place."""
    assert step.value is not None
    if step.name == "prune":
        prune(network, step.value)
    elif step.name == "low_rank":
        factorise(network.body, step.value)
    else:
        so_far = [source.recipe.sha256(), *asked.steps[:number], asked.rate, asked.seed]
        name = hashlib.sha256(repr(so_far).encode()).hexdigest()[:12]
        target = folder / "trainings" / f"{number}-{step.name}-{name}"
        if step.name == "finetune":
            _train(source, asked, network, int(step.value), target)
        else:
            with rounding(network.body):
                _train(source, asked, network, int(step.value), target)


def _train(source: Source, asked: Compression, network: Network, epochs: int, folder: Path) -> None:
    """A short training from where the network is, with the run's network as a teacher beside the labels."""
    settings = source.recipe.training.model_copy(
        update={"head_epochs": 0, "epochs": epochs, "rate": asked.rate, "body_rate": asked.rate, "patience": epochs}
    )
    recipe = source.recipe.model_copy(update={"training": settings, "seed": asked.seed, "distillation": None})
    guide = Response([copy.deepcopy(source.network)], Softness(TEMPERATURE))
    parts = source.parts
    fit(network, parts["train"].images, parts["val"].images, recipe, folder, Teaching(guide, ALPHA, 1 - ALPHA))


def _stored(graph: onnx.ModelProto, storage: str, inputs: Callable[[], Inputs]) -> onnx.ModelProto:
    if storage == "int8_dynamic":
        return integers.dynamic(graph)
    if storage == "int8_static":
        return integers.static(graph, inputs())
    store(graph, storage)  # type: ignore[arg-type]
    return graph


def _inputs(source: Source, asked: Compression, metadata: Metadata) -> Inputs:
    """What the graph takes, of the pictures from which ranges of activations are taken; nothing known beside them.

    Raises:
        DataError: they are images of validation or test, or others of their groups.
    """
    rows = source.parts["train"].pictures
    if asked.calibration is not None:
        path = resolve_path(asked.calibration)
        rows = manifests.read(path)
        for name in ("val", "test"):
            own = source.parts[name].pictures
            known = rows["sha256"].isin(own["sha256"]) | rows["image_id"].isin(own["image_id"])
            known |= rows["group_id"].isin(own["group_id"])
            if known.any():
                raise DataError(
                    f"{path}: {known.sum():,} of {len(rows):,} images are in the run's {name} set or share a group "
                    "with it; calibrate on others"
                )
    chosen = np.random.default_rng(asked.seed).permutation(len(rows))[: asked.pictures]
    nothing = encode(metadata, {})
    return [{"image": decode(str(path)), **nothing} for path in rows["path"].iloc[np.sort(chosen)]]
