"""A complete model file of a few hundred bytes, built by hand, whose answers can be computed in one's head.

Its two labels are ``dark`` and ``bright``; p(bright) is the mean of all samples / 255. The heatmap is the first row
of a 2x2 grid: 1 for the label's own mean. Quality is (0, 1 - mean, mean).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tejido.runtime.metadata import KEY, Label, Metadata, RefusalRule, TrainingData

METADATA = Metadata(
    name="tiny",
    task="brightness",
    labels=(Label("dark", "dark", "oscura"), Label("bright", "bright", "clara")),
    positive="bright",
    thresholds={"bright": 0.5},
    calibration={"method": "none"},
    refusal=(RefusalRule("darkness", "quality", 1, 0.95), RefusalRule("glare", "quality", 2, 0.95)),
    modality="dermoscopy",
    frame="centre_square",
    input_size=16,
    quality=("blur", "darkness", "glare"),
    training_data=(TrainingData("none", 0, 0, "CC0-1.0", "nobody"),),
    split={"kind": "none"},
    metrics={"auc": {"value": 0.5, "low": 0.4, "high": 0.6}},
    intended_use={"en": "tests", "es": "pruebas"},
    licence="CC0-1.0",
    recipe_sha256="0" * 64,
    created="2026-01-01",
    tejido_version="0.1.0",
)


def tiny_model(**changes: object) -> bytes:
    """Bytes of the model file; ``changes`` replace metadata fields."""
    return with_metadata(dataclasses.replace(METADATA, **changes).to_json())  # type: ignore[arg-type]


def outlining_model(**changes: object) -> bytes:
    """A model that only outlines: its mask is where the mean of a pixel's samples is at least 128."""
    lesion = {
        "kind": "segmentation",
        "labels": (Label("lesion", "lesion", "lesión"),),
        "positive": None,
        "frame": "whole",
    }
    metadata = dataclasses.replace(METADATA, **{**lesion, "thresholds": {}, **changes})  # type: ignore[arg-type]
    return with_metadata(metadata.to_json(), heatmap=False, mask=True, classes=False)


def with_metadata(text: str | None, *, heatmap: bool = True, mask: bool = False, classes: bool = True) -> bytes:
    """The same graph with any metadata text, or none at all; without its heatmap, with a mask, without classes."""

    def const(name: str, values: list[float], shape: list[int]) -> onnx.TensorProto:
        return helper.make_tensor(name, TensorProto.FLOAT, shape, values)

    nodes = [
        helper.make_node("Cast", ["image"], ["samples"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["samples"], ["mean255"], keepdims=0),
        helper.make_node("Div", ["mean255", "n255"], ["mean"]),
        helper.make_node("Reshape", ["mean", "shape1"], ["bright"]),
        helper.make_node("Sub", ["one", "bright"], ["dark"]),
        helper.make_node("Concat", ["dark", "bright"], ["probabilities"], axis=0),
        helper.make_node("Concat", ["zero", "dark", "bright"], ["quality"], axis=0),
        helper.make_node("Reshape", ["probabilities", "shape211"], ["column"]),
        helper.make_node("Mul", ["column", "grid"], ["heatmap"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["height", "width", 3])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [2]),
            helper.make_tensor_value_info("heatmap", TensorProto.FLOAT, [2, 2, 2]),
            helper.make_tensor_value_info("quality", TensorProto.FLOAT, [3]),
        ],
        [
            const("n255", [255.0], []),
            const("one", [1.0], [1]),
            const("zero", [0.0], [1]),
            const("grid", [1.0, 0.0, 0.0, 0.0], [1, 2, 2]),
            numpy_helper.from_array(np.array([1], dtype="int64"), "shape1"),
            numpy_helper.from_array(np.array([2, 1, 1], dtype="int64"), "shape211"),
        ],
    )
    if not heatmap:
        del graph.node[-2:], graph.output[1:2], graph.initializer[-1:], graph.initializer[3:4]
    if not classes:
        del graph.node[5:6], graph.output[0:1]
    if mask:
        graph.initializer.extend(
            [const("half", [128.0], []), numpy_helper.from_array(np.array([2], dtype="int64"), "channels")]
        )
        graph.node.extend(
            [
                helper.make_node("ReduceMean", ["samples", "channels"], ["grey"], keepdims=0),
                helper.make_node("GreaterOrEqual", ["grey", "half"], ["bright_pixels"]),
                helper.make_node("Cast", ["bright_pixels"], ["mask"], to=TensorProto.UINT8),
            ]
        )
        graph.output.append(helper.make_tensor_value_info("mask", TensorProto.UINT8, ["height", "width"]))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if text is not None:
        helper.set_model_props(model, {KEY: text})
    return model.SerializeToString()
