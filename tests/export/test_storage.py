from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx import TensorProto, helper, numpy_helper

from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.export.storage import rounded, store
from tejido.imaging.geometry import CentreSquare
from tejido.metrics.calibration import Calibration
from tejido.models import zoo
from tejido.runtime.classifier import Classifier
from tests.support.pictures import smooth
from tests.support.tiny_model import METADATA

META = dataclasses.replace(METADATA, refusal=(), input_size=64)


@pytest.fixture(scope="module")
def module() -> Deployed:
    torch.manual_seed(0)
    network = zoo.build("student_k3", 2).train()
    network(torch.randint(0, 256, (16, 3, 64, 64), dtype=torch.uint8))  # statistics that are not 0 and 1
    torch.nn.init.normal_(network.head.weight, std=0.5)
    return Deployed(CentreSquare(64), network.eval(), Calibration(0.7, (0.0, -0.5))).eval()


@pytest.fixture(scope="module")
def graph(module: Deployed) -> onnx.ModelProto:
    return export_graph(module)


def stored(graph: onnx.ModelProto, weights: str) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    store(copy, weights)  # type: ignore[arg-type]
    return copy


def answers(graph: onnx.ModelProto, pixels: np.ndarray) -> list[np.ndarray]:
    return list(ort.InferenceSession(graph.SerializeToString()).run(None, {"image": pixels}))


def test_int8_is_a_quarter_and_computes_with_what_it_keeps(module: Deployed, graph: onnx.ModelProto) -> None:
    small = stored(graph, "int8")
    large = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in small.graph.initializer}
    names = [name.removesuffix("_i8") for name in kept if name.endswith("_i8")]
    assert sum(large[name].size for name in names) > 0.98 * sum(p.numel() for p in module.network.parameters())
    saved = sum(large[name].nbytes * 3 / 4 - kept[f"{name}_scale"].nbytes for name in names)
    assert graph.ByteSize() - small.ByteSize() == pytest.approx(saved, rel=0.02)
    # The same levels as float32 weights, without any trick of storage, give the same answer.
    same = onnx.ModelProto()
    same.CopyFrom(graph)
    for tensor in same.graph.initializer:
        if tensor.name in names:
            values = kept[f"{tensor.name}_i8"].astype(np.float32) * kept[f"{tensor.name}_scale"]
            assert np.abs(values - large[tensor.name]).max() <= np.abs(large[tensor.name]).max() / 127 / 2 * 1.001
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    picture = smooth(200, 150)
    for found, expected in zip(answers(small, picture), answers(same, picture), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(answers(small, picture)[0] - answers(graph, picture)[0]).max() < 0.02


def test_float32_changes_nothing_and_metadata_survive(graph: onnx.ModelProto) -> None:
    assert stored(graph, "float32") == graph
    for weights in ("float16", "int8"):
        file = with_metadata(stored(graph, weights), META)
        assert Classifier(file).metadata == META


@given(
    arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-1e3, 1e3, width=32)),
    st.integers(0, 1),
)
def test_no_weight_moves_by_more_than_half_a_level(values: np.ndarray, axis: int) -> None:
    levels, scales = rounded(values, axis)
    assert scales.shape == tuple(side if index == axis else 1 for index, side in enumerate(values.shape))
    assert np.all(np.abs(levels * scales - values) <= scales * 0.501)
    assert np.all((levels == 0) == (np.abs(values) <= scales * 0.5)) or np.any(np.abs(values) < 1e-30)


@pytest.mark.parametrize(
    ("node", "shape", "axis"),
    [
        (("Conv", {}), (32, 16, 3, 3), 0),
        (("ConvTranspose", {}), (16, 32, 3, 3), 1),
        (("Gemm", {"transB": 1}), (32, 16), 0),
        (("Gemm", {}), (16, 32), 1),
        (("MatMul", {}), (16, 32), 1),
    ],
)
def test_scales_belong_to_output_channels(node: tuple[str, dict[str, int]], shape: tuple[int, ...], axis: int) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    kind, attributes = node
    graph = helper.make_graph(
        [helper.make_node(kind, ["x", "w"], ["y"], **attributes)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, "w")],
    )
    model = helper.make_model(graph)
    store(model, "int8")
    (scale,) = (t for t in model.graph.initializer if t.name == "w_scale")
    assert [index for index, side in enumerate(scale.dims) if side > 1] == [axis]
    assert [n.op_type for n in model.graph.node] == ["Cast", "Mul", kind]
