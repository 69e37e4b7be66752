"""A model file, loaded and ready to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort

from tejido.errors import ModelFileError
from tejido.runtime.decode import decode
from tejido.runtime.limits import check_pixels
from tejido.runtime.metadata import KEY, Metadata

if TYPE_CHECKING:
    from numpy.typing import NDArray

_REQUIRED_OUTPUTS = {"probabilities", "quality"}


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes:
        label: name of the label given (see ``Metadata.positive``); to be ignored where ``refused``.
        probabilities: calibrated probability of every label, in the model's order; they sum to 1.
        heatmap: what raised the score of ``label``: ``float32[h, w]`` in 0..1 over the frame that
            ``Metadata.frame`` names, or None where the model has none.
        refused: the picture cannot be judged.
        reason: code of the refusal rule that held (``blur``, ``darkness``, ``glare`` ...), else None.
        model: name of the model.
        quality: measures of the capture in 0..1, higher is worse.
    """

    label: str
    probabilities: dict[str, float]
    heatmap: NDArray[np.float32] | None
    refused: bool
    reason: str | None
    model: str
    quality: dict[str, float] = field(default_factory=dict)


class Classifier:
    """Runs one model file. Safe to share between threads.

    Args:
        model: path of a ``.onnx`` model file, or its bytes.
        threads: processor threads for one picture; 0 lets the runtime choose.

    Raises:
        ModelFileError: the file is missing, damaged, not a Tejido model, or of another schema version.
    """

    def __init__(self, model: str | Path | bytes, *, threads: int = 1) -> None:
        data = model if isinstance(model, bytes) else _read(Path(model))
        self._session = _open(data, threads)
        text = self._session.get_modelmeta().custom_metadata_map.get(KEY)
        if text is None:
            raise ModelFileError("an ONNX file without Tejido's metadata")
        self.metadata = Metadata.from_json(text)
        self._outputs = [output.name for output in self._session.get_outputs()]
        inputs = [item.name for item in self._session.get_inputs()]
        missing = _REQUIRED_OUTPUTS - set(self._outputs)
        if missing or inputs != ["image"]:
            raise ModelFileError("its graph does not have the inputs and outputs of a Tejido classifier")

    def predict(self, image: str | Path | bytes | NDArray[np.uint8]) -> Prediction:
        """Classify one picture.

        Args:
            image: path, bytes of an image file, or decoded RGB ``uint8[H, W, 3]``, of any size; never resized or
                normalised by the caller.

        Raises:
            ImageError: the picture cannot be read or has an impossible size.
        """
        pixels = check_pixels(image) if isinstance(image, np.ndarray) else decode(image)
        outputs = self.run(pixels)
        return self._answer(outputs)

    def run(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The graph's outputs, by name, for ``uint8[H, W, 3]`` RGB pixels."""
        values = self._session.run(self._outputs, {"image": pixels})
        return dict(zip(self._outputs, values, strict=True))

    def _answer(self, outputs: dict[str, NDArray[np.float32]]) -> Prediction:
        meta = self.metadata
        names = meta.label_names
        probabilities = {name: float(p) for name, p in zip(names, outputs["probabilities"], strict=True)}
        label = _decide(meta, probabilities)
        heatmaps = outputs.get("heatmap")
        reason = next((rule.code for rule in meta.refusal if outputs[rule.output].flat[rule.index] > rule.above), None)
        return Prediction(
            label=label,
            probabilities=probabilities,
            heatmap=None if heatmaps is None else heatmaps[names.index(label)],
            refused=reason is not None,
            reason=reason,
            model=meta.name,
            quality={name: float(value) for name, value in zip(meta.quality, outputs["quality"], strict=True)},
        )


def _decide(meta: Metadata, probabilities: dict[str, float]) -> str:
    if meta.positive is None:
        return max(probabilities, key=probabilities.__getitem__)
    if probabilities[meta.positive] >= meta.thresholds[meta.positive]:
        return meta.positive
    return next(name for name in probabilities if name != meta.positive)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such model file") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from None


def _open(data: bytes, threads: int) -> ort.InferenceSession:
    options: Any = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        # From bytes, never from a path: a model file cannot make the runtime open other files beside it.
        return ort.InferenceSession(data, sess_options=options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime raises its own private exception types
        raise ModelFileError("damaged, or not an ONNX model file") from error
