"""A model file that fits a place: recalibrated on its confirmed cases, and checked on those left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from sklearn.model_selection import GroupKFold

from tejido.errors import AgreementError, DataError, ModelFileError
from tejido.experiments.predict import of_model
from tejido.export.graph import with_metadata
from tejido.files import replacing
from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.named import indices_of, values_of
from tejido.metrics.recalibration import Method, Recalibration, fit, moved
from tejido.metrics.reliability import brier, log_loss
from tejido.runtime.classifier import Classifier

LEAST_CASES = 50
LEAST_GROUPS = 10
"""Of every label."""
FOLDS = 5
LARGEST = 1e-3
"""Difference of a probability that rounding may make."""


@dataclass(frozen=True)
class Recalibrated:
    """What came of it.

    Attributes:
        method: what the cases spoke for.
        cases: that were answered.
        groups: lesions or patients among them.
        figures: log loss and Brier score, each as it is (``before``), with what other groups' cases speak for
            (``after``, five times a fifth), and their ``difference``; below 0 is better.
    """

    method: Method
    cases: int
    groups: int
    figures: dict[str, dict[str, Estimate]]


def recalibrate(
    model: Path,
    manifest: Path,
    output: Path,
    *,
    rounds: int = 2000,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Recalibrated:
    """Write a copy of a model file whose probabilities fit the cases of a manifest.

    A binary model gives the same labels as before: its threshold moves along. Where the cases speak for no change,
    nothing is written.

    Args:
        model: the file.
        manifest: confirmed cases of the place where it is to be used, none of which trained it.
        output: where the copy is written.
        rounds: of the bootstrap.
        progress: called with how many pictures are done, and of how many.

    Raises:
        DataError: fewer than 50 answered cases, or fewer than ten groups of a label.
        ModelFileError: not a classifier whose calibration can be changed.
        TejidoError: a table or a picture cannot be read.
    """
    classifier = Classifier(model)
    metadata = classifier.metadata
    graph = onnx.load(model)
    places = _places(graph)
    table = of_model(classifier, manifest, progress=progress).table
    _check(table, metadata.label_names)
    change = fit(values_of(table), indices_of(table))
    result = _judged(table, change.method, rounds)
    if change.method == "nothing":
        return result
    scale, bias = (numpy_helper.to_array(one).astype(float) for one in places)
    _put(places[0], np.asarray(scale * change.scale))
    _put(places[1], bias * change.scale + np.array(change.bias))
    facts = {"method": change.method, "cases": result.cases, "groups": result.groups, "date": _today()}
    file = with_metadata(
        graph,
        replace(
            metadata,
            thresholds={
                name: moved(value, metadata.label_names.index(name), change)
                for name, value in metadata.thresholds.items()
            },
            calibration={**metadata.calibration, "local": facts},
            derivation={**metadata.derivation, "recalibrated": facts},
            operating={},  # of other probabilities than these
        ),
    )
    _agree(Classifier(file), manifest, table, change)
    with replacing(output) as temporary:
        temporary.write_bytes(file)
    return result


def _places(graph: onnx.ModelProto) -> tuple[TensorProto, TensorProto]:
    """Where the file keeps scale and bias of its logits."""
    named = {tensor.name: tensor for tensor in graph.graph.initializer}
    try:
        return named["scale"], named["bias"]
    except KeyError:
        raise ModelFileError("its calibration cannot be changed: there is no scale and bias in its graph") from None


def _put(tensor: TensorProto, values: NDArray[np.float64]) -> None:
    tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), tensor.name))


def _check(table: pd.DataFrame, labels: tuple[str, ...]) -> None:
    if len(table) < LEAST_CASES:
        raise DataError(
            f"{len(table):,} answered cases are too few to say how probable anything is; {LEAST_CASES} are needed"
        )
    groups = table.groupby("truth", observed=True)["group_id"].nunique()
    for label in labels:
        if groups.get(label, 0) < LEAST_GROUPS:
            raise DataError(
                f"only {groups.get(label, 0)} lesions or patients are {label!r}; {LEAST_GROUPS} of every label are "
                "needed"
            )


def _judged(table: pd.DataFrame, method: Method, rounds: int) -> Recalibrated:
    """The same procedure on four fifths of the groups, judged on the fifth; whatever came of all cases together."""
    values, truth = values_of(table), indices_of(table)
    after = np.empty_like(values)
    for known, new in GroupKFold(FOLDS, shuffle=True, random_state=0).split(values, groups=table["group_id"]):
        after[new] = fit(values[known], truth[known]).apply(values[new])
    bootstrap = GroupBootstrap(table["group_id"], rounds=rounds)
    figures = {}
    for name, measure in (("log_loss", log_loss), ("brier", brier)):
        old, new_ = measure(truth, values), measure(truth, after)
        figures[name] = {
            "before": bootstrap.estimate(old),
            "after": bootstrap.estimate(new_),
            "difference": bootstrap.difference(new_, old),
        }
    return Recalibrated(method, len(table), int(table["group_id"].nunique()), figures)


def _agree(model: Classifier, manifest: Path, table: pd.DataFrame, change: Recalibration) -> None:
    """The file says what was computed, and gives the same labels where it is binary.

    Raises:
        AgreementError: it does not.
    """
    again = of_model(model, manifest).table
    off = np.abs(values_of(again) - change.apply(values_of(table))).max()
    if len(again) != len(table) or off > LARGEST:
        raise AgreementError(f"the recalibrated file does not answer as computed; probabilities differ by {off:.2g}")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
