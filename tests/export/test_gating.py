"""A gate in a model file: everything else stays, and it says what PyTorch says."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import onnx
import pytest
import torch

from tejido.errors import ModelFileError
from tejido.experiments.describe import _inputs
from tejido.export.deployed import Deployed
from tejido.export.gating import OUTPUT, Insides, places, with_gate
from tejido.export.graph import export_graph, with_metadata
from tejido.imaging.geometry import CentreSquare, ShortSide, Stretch
from tejido.metrics.calibration import Calibration
from tejido.models.gate import NAMES
from tejido.runtime.classifier import Classifier
from tejido.runtime.metadata import Metadata, RefusalRule
from tests.support.gated_model import random_gate
from tests.support.pictures import noise, smooth
from tests.support.small_network import small_network
from tests.support.tiny_model import METADATA

PICTURES = [noise(150, 200), smooth(60, 90), smooth(64, 64)]
GEOMETRIES = {one.name: one for one in (CentreSquare(64), ShortSide(64, 80), Stretch(64))}
META = dataclasses.replace(METADATA, refusal=(), input_size=64)


@cache
def traced(geometry: str, *, metadata: bool) -> onnx.ModelProto:
    network = small_network(0.3, metadata=metadata)
    return export_graph(Deployed(GEOMETRIES[geometry], network, Calibration(0.7, (0.0, 0.3))))


def file_of(geometry: str, *, metadata: bool = False) -> tuple[onnx.ModelProto, Metadata]:
    graph = onnx.ModelProto()
    graph.CopyFrom(traced(geometry, metadata=metadata))
    said = dataclasses.replace(META, frame="whole" if geometry == "stretch" else "centre_square")
    return graph, dataclasses.replace(said, inputs=_inputs()) if metadata else said


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_answers_stay_and_the_gate_is_pytorchs(geometry: str) -> None:
    graph, metadata = file_of(geometry)
    look = Insides(graph.SerializeToString())
    gate = random_gate(len(look(PICTURES[0])[1]))
    gated = dataclasses.replace(metadata, gate=NAMES)
    file = with_metadata(with_gate(graph, gate, (1, 3, 64, 64), 32), gated)
    before, after = Classifier(with_metadata(graph, metadata)), Classifier(file)
    for pixels in PICTURES:
        old, new = before.run(pixels), after.run(pixels)
        assert set(new) == {*old, OUTPUT}
        for name, value in old.items():
            np.testing.assert_array_equal(value, new[name])
        square, vector = look(pixels)
        expected = gate(torch.from_numpy(square[None].copy()), torch.from_numpy(vector[None].copy()))[0].numpy()
        np.testing.assert_allclose(new[OUTPUT], expected, atol=1e-4)
        answer = after.predict(pixels)
        assert list(answer.gate) == list(NAMES)
        assert sum(answer.gate[name] for name in NAMES[:4]) == pytest.approx(1, abs=1e-5)
    strange = after.predict(PICTURES[0]).gate["strange"]
    rule = RefusalRule("novelty", OUTPUT, NAMES.index("strange"), strange - 0.01)
    strict = dataclasses.replace(gated, refusal=(rule,))
    refusing = Classifier(with_metadata(with_gate(graph, gate, (1, 3, 64, 64), 32), strict))
    assert refusing.predict(PICTURES[0]).reason == "novelty"


def test_a_network_that_is_told_age_sex_and_site() -> None:
    graph, metadata = file_of("centre_square", metadata=True)
    look = Insides(graph.SerializeToString())
    _, vector = look(PICTURES[0])
    assert len(vector) == 32  # of the picture alone
    gated = dataclasses.replace(metadata, gate=NAMES)
    after = Classifier(with_metadata(with_gate(graph, random_gate(32), (1, 3, 64, 64), 32), gated))
    first, second = (after.predict(PICTURES[0], age=age).gate for age in (None, 70.0))
    assert first == second


def test_what_cannot_have_a_gate() -> None:
    graph, _ = file_of("centre_square")
    gated = with_gate(graph, random_gate(32), (1, 3, 64, 64), 32)
    assert places(gated) == places(graph)
    with pytest.raises(ModelFileError, match="has a gate already"):
        with_gate(gated, random_gate(32), (1, 3, 64, 64), 32)
    headless = onnx.ModelProto()
    headless.CopyFrom(graph)
    for node in headless.graph.node:
        if node.op_type in ("Gemm", "MatMul"):
            node.op_type = "MatMulInteger"
    with pytest.raises(ModelFileError, match="its head cannot be found"):
        places(headless)


def test_metadata_that_speaks_of_a_gate_that_is_not_there() -> None:
    graph, metadata = file_of("centre_square")
    with pytest.raises(ModelFileError, match="does not have the outputs"):
        Classifier(with_metadata(graph, dataclasses.replace(metadata, gate=NAMES)))
