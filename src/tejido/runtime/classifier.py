"""A model file, loaded and ready to answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort

from tejido.errors import ImageError, ModelFileError
from tejido.runtime.context import encode
from tejido.runtime.decode import decode
from tejido.runtime.limits import check_pixels
from tejido.runtime.metadata import KEY, Metadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_REQUIRED_OUTPUTS = {"probabilities", "quality"}


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture; two are equal when everything but the heatmap is.

    Attributes:
        label: name of the label given (see ``Metadata.positive``); to be ignored where ``refused``.
        probabilities: calibrated probability of every label, in the model's order; they sum to 1.
        heatmap: what raised the score of ``label``: ``float32[h, w]`` in 0..1 over the frame that
            ``Metadata.frame`` names, or None where the model has none.
        refused: the picture cannot be judged.
        reason: code of the refusal rule that held (``blur``, ``darkness``, ``glare`` ...), else None.
        model: name of the model.
        quality: measures of the capture in 0..1, higher is worse.
        novelty: how little the picture is like what the model has labels for, or None where the model cannot say.
    """

    label: str
    probabilities: dict[str, float]
    heatmap: NDArray[np.float32] | None = field(compare=False)
    refused: bool
    reason: str | None
    model: str
    quality: dict[str, float] = field(default_factory=dict)
    novelty: float | None = None


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
        self._session, text = _open(data, threads)
        if text is None:
            raise ModelFileError("an ONNX file without Tejido's metadata")
        self.metadata = Metadata.from_json(text)
        try:
            self._outputs = [output.name for output in self._session.get_outputs()]
            _check_graph(self._session, self.metadata)
        except UnicodeDecodeError as error:  # the runtime gives names out unchecked
            raise ModelFileError("damaged: a name in its graph is not text") from error

    @property
    def has_heatmap(self) -> bool:
        """Whether the model can show what influenced the score."""
        return "heatmap" in self._outputs

    def predict(
        self,
        image: str | Path | bytes | NDArray[np.uint8],
        *,
        age: float | None = None,
        sex: str | None = None,
        site: str | None = None,
    ) -> Prediction:
        """Classify one picture.

        Args:
            image: path, bytes of an image file, or decoded RGB ``uint8[H, W, 3]``, of any size; never resized or
                normalised by the caller.
            age: in years, for a model that takes it (``Metadata.inputs``); None where it is unknown.
            sex: a word of the model's vocabulary, likewise.
            site: place on the body, a word of the model's vocabulary, likewise.

        Raises:
            ContextError: the model takes no such thing, or does not know the word.
            ImageError: the picture cannot be read, has an impossible size, or is smaller than a patch of the model.
            ModelFileError: the model fails on this picture, or its answer is not a number.
        """
        context = self.encode(age=age, sex=sex, site=site)
        pixels = check_pixels(image) if isinstance(image, np.ndarray) else decode(image)
        _check_patches(pixels, self.metadata)
        outputs = self.run(pixels, context)
        return self._answer(outputs)

    def encode(self, **given: float | str | None) -> dict[str, NDArray[np.generic]]:
        """What is told beside the picture as the graph's tensors (see ``runtime.context``).

        Raises:
            ContextError: the model takes no such thing, or does not know the word.
        """
        return encode(self.metadata, given)

    def run(
        self, pixels: NDArray[np.uint8], context: Mapping[str, NDArray[np.generic]] | None = None
    ) -> dict[str, NDArray[np.float32]]:
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
            raise ModelFileError(f"the model {self.metadata.name!r} fails on a picture of {_size(pixels)}") from error
        return dict(zip(self._outputs, values, strict=True))

    def _answer(self, outputs: dict[str, NDArray[np.float32]]) -> Prediction:
        meta = self.metadata
        names = meta.label_names
        for name in (*_REQUIRED_OUTPUTS, *(rule.output for rule in meta.refusal)):
            if not np.isfinite(outputs[name]).all():
                raise ModelFileError(f"the model {meta.name!r} answers with {name} that are not numbers")
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
            novelty=float(outputs["novelty"].flat[0]) if "novelty" in outputs else None,
        )


def _decide(meta: Metadata, probabilities: dict[str, float]) -> str:
    if meta.positive is None:
        return max(probabilities, key=probabilities.__getitem__)
    if probabilities[meta.positive] >= meta.thresholds[meta.positive]:
        return meta.positive
    return next(name for name in probabilities if name != meta.positive)


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
    wanted = {"probabilities": [len(metadata.labels)], "quality": [len(metadata.quality)]}
    if any(shapes.get(name) != shape for name, shape in wanted.items()):
        raise ModelFileError(f"its graph does not have the outputs {wanted}")
    if "heatmap" in shapes and (len(shapes["heatmap"]) != 3 or shapes["heatmap"][0] != len(metadata.labels)):
        raise ModelFileError("its heatmap does not have one layer for each label")
    for rule in metadata.refusal:
        shape = shapes.get(rule.output)
        sizes = [side for side in shape or [] if isinstance(side, int)]
        if shape is None or rule.index >= math.prod(sizes):
            raise ModelFileError(f"its refusal rule {rule.code!r} looks at an output that does not exist")


def _check_patches(pixels: NDArray[np.uint8], metadata: Metadata) -> None:
    patches = metadata.patches
    if patches is not None and (pixels.shape[1] < patches.width or pixels.shape[0] < patches.height):
        patch = f"{patches.width}x{patches.height}"
        raise ImageError(
            f"{_size(pixels)} pixels are smaller than a patch of {patch}, which {metadata.name!r} looks at"
        )


def _size(pixels: NDArray[np.uint8]) -> str:
    return "x".join(map(str, pixels.shape[1::-1]))


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
