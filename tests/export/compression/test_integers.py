from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from tejido.export.compression.integers import dynamic, static
from tests.export.test_storage import graph, module  # noqa: F401
from tests.support.pictures import smooth


def answers(model: onnx.ModelProto, pixels: np.ndarray) -> np.ndarray:
    return np.asarray(ort.InferenceSession(model.SerializeToString()).run(None, {"image": pixels})[0])


@pytest.mark.parametrize("kind", ["dynamic", "static"])
def test_it_computes_in_int8_and_answers_nearly_the_same(kind: str, graph: onnx.ModelProto) -> None:  # noqa: F811
    before = graph.SerializeToString()
    pictures = [np.roll(smooth(200, 150), 60 * turn, axis=turn % 3) for turn in range(6)]
    made = dynamic(graph) if kind == "dynamic" else static(graph, [{"image": picture} for picture in pictures])
    kinds = {node.op_type for node in made.graph.node}
    assert ("ConvInteger" if kind == "dynamic" else "QuantizeLinear") in kinds
    assert made.ByteSize() < 0.5 * graph.ByteSize()
    differences = [np.abs(answers(made, picture) - answers(graph, picture)).max() for picture in pictures]
    assert 0 < max(differences) < 0.1
    assert graph.SerializeToString() == before
    assert [output.name for output in made.graph.output] == [output.name for output in graph.graph.output]
