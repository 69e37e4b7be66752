"""Computing in int8: onnxruntime's dynamic and static quantisation of a finished graph."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

_KINDS = ["Conv", "Gemm", "MatMul"]


def dynamic(model: onnx.ModelProto) -> onnx.ModelProto:
    """Weights as int8, activations rounded anew for every picture by their own range."""
    with _files(model) as (source, target):
        quantize_dynamic(source, target, op_types_to_quantize=_KINDS, weight_type=QuantType.QInt8, per_channel=True)
        return onnx.load(target)


def static(model: onnx.ModelProto, inputs: Sequence[dict[str, NDArray[np.generic]]]) -> onnx.ModelProto:
    """Weights as int8, activations as uint8 by ranges measured beforehand, in the QDQ form.

    Args:
        model: with float32 weights.
        inputs: what the graph takes, of each calibration picture.
    """
    with _files(model) as (source, target):
        quantize_static(
            source,
            target,
            _Reader(inputs),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=_KINDS,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
        return onnx.load(target)


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, inputs: Sequence[dict[str, NDArray[np.generic]]]) -> None:
        self._rest: Iterator[dict[str, NDArray[np.generic]]] = iter(inputs)

    def get_next(self) -> dict[str, NDArray[np.generic]] | None:
        return next(self._rest, None)


@contextmanager
def _files(model: onnx.ModelProto) -> Iterator[tuple[str, str]]:
    """The graph as a file, and a place for the result; onnxruntime's functions work on files."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source, target = (Path(folder) / name for name in ("source.onnx", "target.onnx"))
        onnx.save(model, source)
        logging.disable(logging.WARNING)  # advice to preprocess, which the exporter did
        try:
            yield str(source), str(target)
        finally:
            logging.disable(logging.NOTSET)
