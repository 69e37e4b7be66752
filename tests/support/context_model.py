"""A model file built by hand that takes age, sex and site.

Its p(bright) is age / 1000 + the code of the sex / 10 + that of the site / 100; an unknown age counts 0. The picture
has no part in the answer but its existence.
"""

from __future__ import annotations

import dataclasses

import onnx
from onnx import TensorProto, helper

from tejido.runtime.metadata import KEY, Choice, Input
from tests.support.tiny_model import METADATA

INPUTS = (
    Input("age", None),
    Input("sex", (Choice("female", "female", "mujer", ()), Choice("male", "male", "hombre", ()))),
    Input(
        "site",
        (
            Choice("head_neck", "head or neck", "cabeza o cuello", ("head/neck", "face")),
            Choice("posterior_torso", "back", "espalda", ()),
        ),
    ),
)
CONTEXT_METADATA = dataclasses.replace(METADATA, name="asks", refusal=(), inputs=INPUTS)


def context_model(**changes: object) -> bytes:
    """Bytes of the model file; ``changes`` replace metadata fields."""

    def const(name: str, values: list[float], shape: list[int]) -> onnx.TensorProto:
        return helper.make_tensor(name, TensorProto.FLOAT, shape, values)

    def scalar(name: str, kind: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, [])

    nodes = [
        helper.make_node("IsNaN", ["age"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "age"], ["years"]),
        helper.make_node("Cast", ["sex"], ["sex_code"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["site"], ["site_code"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["years", "thousandth"], ["a"]),
        helper.make_node("Mul", ["sex_code", "tenth"], ["b"]),
        helper.make_node("Mul", ["site_code", "hundredth"], ["c"]),
        helper.make_node("Sum", ["a", "b", "c"], ["bright"]),
        helper.make_node("Sub", ["one", "bright"], ["dark"]),
        helper.make_node("Concat", ["dark", "bright"], ["probabilities"], axis=0),
        helper.make_node("Mul", ["three", "zero"], ["quality"]),
    ]
    graph = helper.make_graph(
        nodes,
        "asks",
        [
            helper.make_tensor_value_info("image", TensorProto.UINT8, ["height", "width", 3]),
            scalar("age", TensorProto.FLOAT),
            scalar("sex", TensorProto.INT64),
            scalar("site", TensorProto.INT64),
        ],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [2]),
            helper.make_tensor_value_info("quality", TensorProto.FLOAT, [3]),
        ],
        [
            const("zero", [0.0], [1]),
            const("one", [1.0], [1]),
            const("three", [0.0] * 3, [3]),
            const("thousandth", [0.001], [1]),
            const("tenth", [0.1], [1]),
            const("hundredth", [0.01], [1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    metadata = dataclasses.replace(CONTEXT_METADATA, **changes)  # type: ignore[arg-type]
    helper.set_model_props(model, {KEY: metadata.to_json()})
    return model.SerializeToString()
