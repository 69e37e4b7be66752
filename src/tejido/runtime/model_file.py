"""A model file, loaded: what all kinds of models have in common."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import onnxruntime as ort

from tejido.errors import ModelFileError
from tejido.runtime.context import encode
from tejido.runtime.metadata import KEY, Metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_PURPOSE = {"classification": "classifies pictures", "segmentation": "outlines lesions"}


class ModelFile:
    """Runs one model file. Safe to share between threads.

    Args:
        model: path of a ``.onnx`` model file, or its bytes.
        threads: processor threads for one picture; 0 lets the runtime choose.

    Raises:
        ModelFileError: the file is missing, damaged, not a Tejido model, of another schema version or another kind.
    """

    kind: ClassVar[str | None] = None
    """What a subclass is for; None takes any."""

    def __init__(self, model: str | Path | bytes, *, threads: int = 1) -> None:
        data = model if isinstance(model, bytes) else _read(Path(model))
        self._session, text = _open(data, threads)
        if text is None:
            raise ModelFileError("an ONNX file without Tejido's metadata")
        self.metadata = Metadata.from_json(text)
        if self.kind not in (None, self.metadata.kind):
            raise ModelFileError(f"it {_PURPOSE[self.metadata.kind]}, and something else was wanted of it")
        try:
            self._outputs = [output.name for output in self._session.get_outputs()]
            _check_graph(self._session, self.metadata)
        except UnicodeDecodeError as error:  # the runtime gives names out unchecked
            raise ModelFileError("damaged: a name in its graph is not text") from error

    def encode(self, **given: float | str | None) -> dict[str, NDArray[np.generic]]:
        """What is told beside the picture as the graph's tensors (see ``runtime.context``).

        Raises:
            ContextError: the model takes no such thing, or does not know the word.
        """
        return encode(self.metadata, given)

    def run(
        self, pixels: NDArray[np.uint8], context: Mapping[str, NDArray[np.generic]] | None = None
    ) -> dict[str, NDArray[Any]]:
        """The graph's outputs, by name.

        Args:
            pixels: ``uint8[H, W, 3]``, RGB.
            context: as ``encode`` gives it; None where nothing is known.

        Raises:
            ModelFileError: the graph fails on these pixels.
        """
        beside = self.encode() if context is None else context
        try:
            values = self._session.run(self._outputs, {"image": pixels, **beside})
        except Exception as error:  # the runtime raises its own private exception types
            raise ModelFileError(f"the model {self.metadata.name!r} fails on a picture of {size(pixels)}") from error
        return dict(zip(self._outputs, values, strict=True))

    def check_numbers(self, outputs: Mapping[str, NDArray[Any]], *names: str) -> None:
        """See that these outputs, and those that decide about refusal, are finite.

        Raises:
            ModelFileError: one is not.
        """
        for name in (*names, "quality", *(rule.output for rule in self.metadata.refusal)):
            if not np.isfinite(outputs[name]).all():
                raise ModelFileError(f"the model {self.metadata.name!r} answers with {name} that are not numbers")

    def reason(self, outputs: Mapping[str, NDArray[Any]]) -> str | None:
        """Code of the first refusal rule that holds, or None."""
        rules = self.metadata.refusal
        return next((rule.code for rule in rules if outputs[rule.output].flat[rule.index] > rule.above), None)

    def quality(self, outputs: Mapping[str, NDArray[Any]]) -> dict[str, float]:
        """Measures of the capture, by name."""
        return {name: float(value) for name, value in zip(self.metadata.quality, outputs["quality"], strict=True)}


def size(pixels: NDArray[np.uint8]) -> str:
    """Width and height, for messages."""
    return "x".join(map(str, pixels.shape[1::-1]))


def _check_graph(session: ort.InferenceSession, metadata: Metadata) -> None:
    """Raise unless the graph has the inputs and outputs that the metadata speaks of."""
    inputs = [(item.name, item.type, len(item.shape)) for item in session.get_inputs()]
    kinds = {item.name: "float" if item.choices is None else "int64" for item in metadata.inputs}
    if inputs != [("image", "tensor(uint8)", 3), *((name, f"tensor({kind})", 0) for name, kind in kinds.items())]:
        beside = "".join(f", {name} {kind}[]" for name, kind in kinds.items())
        raise ModelFileError(
            f"its graph does not have the {'inputs' if kinds else 'one input'} image uint8[H, W, 3]{beside}"
        )
    shapes = {item.name: item.shape for item in session.get_outputs()}
    wanted = {"quality": [len(metadata.quality)]}
    if metadata.kind == "classification":
        wanted = {"probabilities": [len(metadata.labels)], **wanted}
        wanted |= {"gate": [len(metadata.gate)]} if metadata.gate else {}
    if any(shapes.get(name) != shape for name, shape in wanted.items()):
        raise ModelFileError(f"its graph does not have the outputs {wanted}")
    if "mask" in shapes or metadata.kind == "segmentation":
        kinds_of = {item.name: item.type for item in session.get_outputs()}
        if kinds_of.get("mask") != "tensor(uint8)" or len(shapes["mask"]) != 2:
            raise ModelFileError("its graph does not have the output mask uint8[H, W]")
    if "heatmap" in shapes and (len(shapes["heatmap"]) != 3 or shapes["heatmap"][0] != len(metadata.labels)):
        raise ModelFileError("its heatmap does not have one layer for each label")
    for rule in metadata.refusal:
        shape = shapes.get(rule.output)
        sizes = [side for side in shape or [] if isinstance(side, int)]
        if shape is None or rule.index >= math.prod(sizes):
            raise ModelFileError(f"its refusal rule {rule.code!r} looks at an output that does not exist")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such model file") from None
    except (OSError, ValueError) as error:  # ValueError: a name no file can have, such as one with a NUL
        raise ModelFileError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def _open(data: bytes, threads: int) -> tuple[ort.InferenceSession, str | None]:
    """The session, and the text of its metadata."""
    options: Any = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        # From bytes, never from a path: a model file cannot make the runtime open other files beside it.
        # Without the fallback, which would try a damaged file twice and print about it on standard output.
        session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"], enable_fallback=0)
        return session, session.get_modelmeta().custom_metadata_map.get(KEY)
    except Exception as error:  # the runtime raises its own private exception types
        raise ModelFileError("damaged, or not an ONNX model file") from error
