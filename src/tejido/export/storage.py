"""How a model file keeps its weights: as float32, or smaller and turned back into float32 when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

Weights = Literal["float32", "float16", "int8"]
_SMALL = 256  # tensors with fewer values stay as they are: nothing to gain
_LEVELS = 127


def store(model: onnx.ModelProto, weights: Weights, *, rank: int = 1) -> None:
    """Keep the large weights of a graph in a smaller type, in place; its arithmetic stays float32.

    ``float16`` rounds every weight to 11 bits. ``int8`` rounds to 255 even levels between plus and minus the largest
    absolute weight of each output channel, and keeps that channel's scale as float32: a quarter of the size. Runtimes
    undo either once, on loading, so that neither costs time in use.

    Args:
        model: with float32 weights.
        weights: type to keep them in; ``float32`` changes nothing.
        rank: tensors of fewer axes stay as they are.
    """
    if weights == "float16":
        _replace(model, _as_float16, rank)
    elif weights == "int8":
        _replace(model, _as_int8, rank)


def rounded(values: NDArray[np.float32], axis: int = 0) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Levels and scales of ``int8`` storage: ``levels * scales`` is what the file computes with.

    Args:
        values: weights.
        axis: of the output channels.

    Returns:
        ``int8``, of the same shape; ``float32``, broadcastable to it.
    """
    others = tuple(index for index in range(values.ndim) if index != axis)
    scales = np.abs(values).max(axis=others, keepdims=True) / _LEVELS
    scales = np.where(scales > 0, scales, 1).astype(np.float32)
    return np.rint(values / scales).clip(-_LEVELS, _LEVELS).astype(np.int8), scales


Stored = tuple[list[TensorProto], list[NodeProto]]
"""Initialisers, and the nodes that make the weight of them."""


def _replace(model: onnx.ModelProto, smaller: Callable[[str, NDArray[np.float32], int], Stored], rank: int) -> None:
    graph = model.graph
    kept: list[TensorProto] = []
    nodes: list[NodeProto] = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _SMALL or len(tensor.dims) < rank:
            kept.append(tensor)
            continue
        made, undo = smaller(tensor.name, numpy_helper.to_array(tensor), _output_axis(graph, tensor.name))
        kept += made
        nodes += undo
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes += graph.node
    del graph.node[:]
    graph.node.extend(nodes)


def _as_float16(name: str, values: NDArray[np.float32], _: int) -> Stored:
    half = numpy_helper.from_array(values.astype(np.float16), f"{name}_f16")
    return [half], [helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT)]


def _as_int8(name: str, values: NDArray[np.float32], axis: int) -> Stored:
    levels, scales = rounded(values, axis)
    stored = numpy_helper.from_array(levels, f"{name}_i8")
    scale = numpy_helper.from_array(scales, f"{name}_scale")
    cast = helper.make_node("Cast", [stored.name], [f"{name}_levels"], to=TensorProto.FLOAT)
    return [stored, scale], [cast, helper.make_node("Mul", [f"{name}_levels", scale.name], [name])]


def _output_axis(graph: onnx.GraphProto, name: str) -> int:
    """The axis of a weight along which output channels lie; 0 where its use does not say."""
    for node in graph.node:
        if name not in node.input:
            continue
        if node.op_type == "ConvTranspose":
            return 1
        if node.op_type == "MatMul":
            return 1
        if node.op_type == "Gemm":
            return 0 if any(a.name == "transB" and a.i for a in node.attribute) else 1
    return 0
