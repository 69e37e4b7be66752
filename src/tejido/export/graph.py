"""From a torch module to the bytes of a self-describing ONNX file."""

from __future__ import annotations

import logging
import warnings
from typing import Any, Protocol

import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from tejido.runtime.metadata import KEY, Metadata

OPSET = 18


class Exportable(Protocol):
    """A module that takes a picture of any size."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what ``forward`` takes: the picture, then age, sex and site or none of them."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what ``forward`` returns."""

    @property
    def smallest(self) -> tuple[int, int]:
        """Least width and height of a picture, in pixels."""

    def eval(self) -> nn.Module:
        """The module, as it answers."""


def export_graph(module: Exportable) -> onnx.ModelProto:
    """Trace ``module`` for pictures of any size that it can judge."""
    width, height = module.smallest
    example = torch.zeros(height + 134, width + 184, 3, dtype=torch.uint8)
    beside = (torch.tensor(50.0), torch.tensor(1), torch.tensor(1))[: len(module.inputs) - 1]
    sizes: dict[str, Any] = dict.fromkeys(module.inputs)
    sizes["image"] = {0: torch.export.Dim("height", min=height), 1: torch.export.Dim("width", min=width)}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the exporter
        program = torch.onnx.export(
            module.eval(),
            (example, *beside),
            input_names=list(module.inputs),
            output_names=list(module.outputs),
            dynamic_shapes=sizes,
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _resize_as_pillow(model)
    _strip_debug(model)
    return model


def with_metadata(model: onnx.ModelProto, metadata: Metadata) -> bytes:
    """The file's bytes, with its metadata inside."""
    helper.set_model_props(model, {KEY: metadata.to_json()})
    model.producer_name, model.producer_version = "tejido", metadata.tejido_version
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def with_square_output(model: onnx.ModelProto) -> tuple[bytes, str]:
    """A copy that also returns what the geometry step makes, and the name of that output; for comparing with Pillow."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    name = square_of(copy)
    copy.graph.output.append(helper.make_tensor_value_info(name, TensorProto.UINT8, None))
    return copy.SerializeToString(), name


def square_of(model: onnx.ModelProto) -> str:
    """Name of what the resize, and perhaps a crop after it, hands to the first cast to float."""
    resized: set[str] = set()
    for node in model.graph.node:
        if node.op_type == "Resize" or (node.op_type in ("Reshape", "Slice", "Unsqueeze") and node.input[0] in resized):
            resized.add(node.output[0])
        elif node.op_type == "Cast" and node.input[0] in resized:
            return str(node.input[0])
    raise ValueError("the graph has no resize")


def _resize_as_pillow(model: onnx.ModelProto) -> None:
    """Without ``exclude_outside`` the weights at the borders are not renormalised and borders differ by up to 9."""
    for node in model.graph.node:
        if node.op_type == "Resize" and any(a.name == "antialias" and a.i for a in node.attribute):
            kept = [attribute for attribute in node.attribute if attribute.name != "exclude_outside"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("exclude_outside", 1)])


def _strip_debug(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes about source lines: it is large and holds paths of the exporting machine."""
    del model.metadata_props[:]
    model.doc_string = ""
    del model.functions[:]
    graph = model.graph
    del graph.metadata_props[:]
    del graph.value_info[:]
    graph.doc_string = ""
    for item in [*graph.node, *graph.input, *graph.output, *graph.initializer]:
        del item.metadata_props[:]
        item.doc_string = ""
