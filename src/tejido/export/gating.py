"""A gate built into a model file: graph surgery that leaves everything else as it was."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from onnx import TensorProto, compose, helper

from tejido.errors import ModelFileError
from tejido.export.graph import OPSET, square_of
from tejido.export.storage import store
from tejido.models.gate import NAMES, Gate

OUTPUT = "gate"
_PREFIX = "gate_"


class Insides:
    """What a gate reads inside a model file, of any picture.

    Args:
        file: the model file's bytes.

    Raises:
        ModelFileError: it judges patches, or its head cannot be found.
    """

    def __init__(self, file: bytes) -> None:
        graph = onnx.load_from_string(file)
        self.square, self.vector = places(graph)
        graph.graph.output.append(helper.make_tensor_value_info(self.square, TensorProto.UINT8, None))
        graph.graph.output.append(helper.make_tensor_value_info(self.vector, TensorProto.FLOAT, None))
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        self._session = ort.InferenceSession(
            graph.SerializeToString(), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
        self._unknown = _unknown(self._session)

    def __call__(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The square ``uint8[3, S, S]`` and the vector ``float32[F]`` of a picture ``uint8[H, W, 3]``."""
        feed = {"image": np.ascontiguousarray(pixels), **self._unknown}
        square, vector = self._session.run([self.square, self.vector], feed)
        return square.reshape(3, *square.shape[-2:]), vector.ravel()


def places(graph: onnx.ModelProto) -> tuple[str, str]:
    """Names of the square that the network sees, and of the vector of image features that its head reads.

    Raises:
        ModelFileError: it judges patches, or its head cannot be found.
    """
    makers = {name: node for node in graph.graph.node for name in node.output}
    name = "probabilities"
    while name in makers and makers[name].op_type not in ("Gemm", "MatMul"):
        name = makers[name].input[0]
    if name not in makers:
        raise ModelFileError("its head cannot be found in its graph: a gate is for files whose head is not in int8")
    vector = makers[name].input[0]
    if vector in makers and makers[vector].op_type == "Concat":  # image features, and then age, sex and site
        vector = makers[vector].input[0]
    return square_of(graph), vector


def with_gate(graph: onnx.ModelProto, gate: Gate, shape: tuple[int, ...], features: int) -> onnx.ModelProto:
    """A copy of a model file's graph that also says what a gate says.

    Args:
        graph: of the file.
        gate: fitted.
        shape: of the square in the graph, such as ``(1, 3, S, S)``.
        features: length of the vector.

    Returns:
        The graph with one more output, ``gate`` of length ``len(NAMES)``.

    Raises:
        ModelFileError: it has a gate already, judges patches, or its head cannot be found.
    """
    if OUTPUT in {output.name for output in graph.graph.output}:
        raise ModelFileError("it has a gate already; start from the file that has none")
    square, vector = places(graph)
    part = _exported(gate, shape, features)
    inputs = [item.name for item in part.graph.input]
    (output,) = (item.name for item in part.graph.output)
    base = onnx.ModelProto()
    base.CopyFrom(graph)
    kept = [item.name for item in base.graph.output]
    base.graph.output.append(helper.make_tensor_value_info(square, TensorProto.UINT8, list(shape)))
    base.graph.output.append(helper.make_tensor_value_info(vector, TensorProto.FLOAT, [1, features]))
    base.ir_version = part.ir_version = max(base.ir_version, part.ir_version)
    merged = compose.merge_models(
        base, part, io_map=[(square, inputs[0]), (vector, inputs[1])], outputs=[*kept, output]
    )
    _rename(merged, output, OUTPUT)
    return merged


class _Single(torch.nn.Module):
    """A gate of one picture, with the shapes that the graph has."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def forward(self, square: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.gate(square.reshape(1, 3, *square.shape[-2:]), vector.reshape(1, -1))
        return found.reshape(len(NAMES))


def _exported(gate: Gate, shape: tuple[int, ...], features: int) -> onnx.ModelProto:
    example = (torch.zeros(shape, dtype=torch.uint8), torch.zeros(1, features))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the exporter
        program = torch.onnx.export(
            _Single(gate).eval(), example, opset_version=OPSET, dynamo=True, external_data=False, verbose=False
        )
    assert program is not None
    part = program.model_proto
    for item in (part, part.graph, *part.graph.node, *part.graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""
    del part.graph.value_info[:]
    _shorten(part.graph)
    store(part, "float16", rank=2)  # a gate's matrices are fitted as they are kept
    return compose.add_prefix(part, _PREFIX)


def _shorten(graph: onnx.GraphProto) -> None:
    """Number nodes and values: half of a gate's graph would be the names that the exporter gives them."""
    held = [*graph.input, *graph.initializer]
    made = [name for node in graph.node for name in node.output]
    short = {name: f"{number:x}" for number, name in enumerate(dict.fromkeys([*(one.name for one in held), *made]))}
    for item in (*held, *graph.output):
        item.name = short[item.name]
    for number, node in enumerate(graph.node):
        node.name = f"{number:x}"
        for names in (node.input, node.output):
            names[:] = [short.get(name, name) for name in names]  # one that is left out has no name


def _rename(graph: onnx.ModelProto, name: str, new: str) -> None:
    for node in graph.graph.node:
        for place, one in enumerate(node.output):
            if one == name:
                node.output[place] = new
    for item in graph.graph.output:
        if item.name == name:
            item.name = new


def _unknown(session: ort.InferenceSession) -> dict[str, NDArray[Any]]:
    """Age, sex and site, for a file that takes them: not known."""
    kinds: dict[str, NDArray[Any]] = {
        "tensor(float)": np.array(np.nan, np.float32),
        "tensor(int64)": np.array(0, np.int64),
    }
    return {item.name: kinds[item.type] for item in session.get_inputs() if item.name != "image"}
