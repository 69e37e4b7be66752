"""What a trained network says of validation and test, and the model file that says the same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from tejido import taxonomy
from tejido.data.context import in_words
from tejido.errors import DataError
from tejido.experiments.build import Parts
from tejido.experiments.datasets import Part
from tejido.experiments.patches import Decider, rule_of
from tejido.experiments.pictures import pixels_of
from tejido.experiments.threshold import chosen_threshold
from tejido.export.deployed import Deployed
from tejido.imaging.patches import Patches
from tejido.metrics import calibration, predictions
from tejido.metrics.bootstrap import GroupBootstrap
from tejido.metrics.calibration import Calibration
from tejido.metrics.evaluate import evaluate
from tejido.metrics.few import enough
from tejido.metrics.scores import share
from tejido.models.network import Network
from tejido.recipe import Recipe
from tejido.runtime.classifier import Classifier, Prediction
from tejido.taxonomy import Task
from tejido.training.fit import logits_of


@dataclass(frozen=True)
class Others:
    """How pictures that have none of the labels are told from those that have one.

    Attributes:
        above: the novelty from which a picture is refused; the recipe's share of labelled validation images lies above.
        parts: the images of ``val`` and ``test`` that have no label.
        labelled: novelty of the labelled images of ``val`` and ``test``, ``float64[N]``.
        unlabelled: of the others.
    """

    above: float
    parts: dict[str, Part]
    labelled: dict[str, NDArray[np.float64]]
    unlabelled: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Judged:
    """A network's answers, calibrated and with a threshold, both from validation.

    Attributes:
        recipe: of its run.
        calibrated: scale and bias of its logits.
        threshold: of the positive label, or None.
        tables: predictions of ``val`` and ``test``, one row an image.
        patches: the same, one row a patch; equal to ``tables`` where images are not cut.
        decider: from patches to images, or None.
        parts: ``val`` and ``test``, the images that have a label.
        others: what is said of those that have none, or None where the network did not learn it.
    """

    recipe: Recipe
    calibrated: Calibration
    threshold: float | None
    tables: dict[str, pd.DataFrame]
    patches: dict[str, pd.DataFrame]
    decider: Decider | None
    parts: dict[str, Part]
    others: Others | None

    def figures(self, table: pd.DataFrame) -> dict[str, Any]:
        """All figures of a table of predictions at the threshold."""
        task = taxonomy.task(self.recipe.task)
        rounds = self.recipe.evaluation.bootstrap
        return evaluate(table, positive=task.positive, threshold=self.threshold, rounds=rounds)

    def refusals(self, name: str, file: Classifier | None = None) -> dict[str, Any]:
        """For ``val`` or ``test``: shares of images without a label that are refused, and of those with one.

        Args:
            name: of the side.
            file: what this model file says, instead of the network.
        """
        others = self.others
        assert others is not None
        sides = {
            "refused": (others.parts[name], others.unlabelled[name]),
            "refused_in_error": (self.parts[name], others.labelled[name]),
        }
        found: dict[str, Any] = {"images": len(others.unlabelled[name])}
        for figure, (part, novelty) in sides.items():
            if file is not None:
                novelty = np.array([answer.novelty for answer in ask_file(file, part)], float)
            every = np.ones(len(novelty), bool)
            groups = part.rows["group_id"].reset_index(drop=True)
            bootstrap = GroupBootstrap(groups, rounds=self.recipe.evaluation.bootstrap)
            hit = share(novelty > others.above, every)
            found[figure] = asdict(bootstrap.estimate(hit, enough=enough(groups, every)))
        return found


def judge(recipe: Recipe, built: Parts, network: Network, parts: dict[str, Part]) -> Judged:
    """Ask a network about validation and test; choose calibration and thresholds on validation."""
    task = taxonomy.task(recipe.task)
    count = len(task.labels)
    sides = {name: parts[name].split() if recipe.network.other else (parts[name], None) for name in ("val", "test")}
    labelled = {name: side[0] for name, side in sides.items()}
    logits = {name: _logits(network, part) for name, part in labelled.items()}
    others = None
    if recipe.network.other:
        without = {name: part for name, (_, part) in sides.items() if part is not None}
        others = _others(logits, {name: _logits(network, part) for name, part in without.items()}, without, recipe)
        logits = {name: values[:, :count] for name, values in logits.items()}
    truth = labelled["val"].images.labels.numpy()
    calibrated = calibration.fit(logits["val"], truth, recipe.evaluation.calibration)
    patches = {name: _predictions(labelled[name], task, calibrated.apply(logits[name])) for name in logits}
    if built.grid is None:
        threshold = None
        if task.positive is not None:
            threshold = chosen_threshold(patches["val"], task.positive, recipe.evaluation)
        return Judged(recipe, calibrated, threshold, patches, patches, None, labelled, others)
    decider = Decider(recipe, task, built.grid.count)
    tables = {name: decider.images(table) for name, table in patches.items()}
    threshold = decider.threshold(tables["val"])
    return Judged(recipe, calibrated, threshold, tables, patches, decider, labelled, others)


def _others(
    labelled: dict[str, NDArray[np.floating]],
    unlabelled: dict[str, NDArray[np.floating]],
    parts: dict[str, Part],
    recipe: Recipe,
) -> Others:
    own = {name: softmax(values, axis=1)[:, -1].astype(float) for name, values in labelled.items()}
    other = {name: softmax(values, axis=1)[:, -1].astype(float) for name, values in unlabelled.items()}
    above = float(np.quantile(own["val"], 1 - recipe.evaluation.false_refusal, method="higher"))
    return Others(above, parts, own, other)


def deployed(recipe: Recipe, built: Parts, network: Network, calibrated: Calibration) -> Deployed:
    """The module that becomes a model file.

    Raises:
        RecipeError: the network reads lesion masks, and there is no segmenter.
    """
    if built.grid is None:
        labels = len(taxonomy.task(recipe.task).labels)
        return Deployed(built.geometry, network, calibrated, labels=labels, segmenter=built.segmenter)
    rule = rule_of(recipe, taxonomy.task(recipe.task))
    return Deployed(Patches(built.grid, built.geometry), network, calibrated, aggregate=rule)


def ask_file(classifier: Classifier, part: Part) -> list[Prediction]:
    """What a model file answers to every picture of a side of the split, read from its image file."""
    both = zip(pixels_of(part.pictures), _told(part), strict=True)
    return [classifier.predict(picture, **known) for picture, known in both]


def answers_of(file: list[Prediction], table: pd.DataFrame) -> pd.DataFrame:
    """``table`` with a file's probabilities in the place of its own.

    Raises:
        DataError: there are not as many answers as rows.
    """
    if len(file) != len(table):
        raise DataError("the model file did not answer every image")
    values = {name: [answer.probabilities[name] for answer in file] for name in predictions.labels_of(table)}
    return table.assign(**{predictions.PREFIX + name: column for name, column in values.items()})


def decisions(table: pd.DataFrame, task: Task, threshold: float | None) -> list[str]:
    """The label of every row of a table of predictions: the most probable one, or as the threshold says."""
    labels = predictions.labels_of(table)
    values = table[[predictions.PREFIX + label for label in labels]].to_numpy(float)
    if task.positive is None:
        return [labels[index] for index in values.argmax(1)]
    other = next(label for label in labels if label != task.positive)
    called = values[:, labels.index(task.positive)] >= threshold
    return [task.positive if call else other for call in called]


def _logits(network: Network, part: Part) -> np.ndarray:
    return logits_of(network, part.images.images, part.images.context).numpy()


def _predictions(part: Part, task: Task, probabilities: np.ndarray) -> pd.DataFrame:
    return predictions.make(part.rows, part.truth, task.label_names, probabilities)


def _told(part: Part) -> list[dict[str, Any]]:
    """What is known beside each picture, where the network was told."""
    if part.images.context is None:
        return [{}] * len(part.pictures)
    return [in_words(row) for row in part.images.context.numpy()[part.pictures.index].tolist()]
