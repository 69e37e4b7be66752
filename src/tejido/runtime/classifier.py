"""Model files that classify."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tejido.errors import ImageError
from tejido.runtime.decode import decode
from tejido.runtime.limits import check_pixels
from tejido.runtime.model_file import ModelFile, size
from tejido.runtime.possible import Possible, possible

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tejido.runtime.metadata import Metadata


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
        gate: what kind of picture it is, by the names of ``Metadata.gate``: probabilities of modalities, of any but the
            model's own (``foreign``), and how strange it is among its own, where 1 is the limit; empty without a gate.
        mask: the lesion, ``bool[H, W]`` of the picture's size, where the model outlines it first; else None.
        novelty: how little the picture is like what the model has labels for, or None where the model cannot say.
        possible: labels that cannot be excluded, or None where the model file does not say.
    """

    label: str
    probabilities: dict[str, float]
    heatmap: NDArray[np.float32] | None = field(compare=False)
    refused: bool
    reason: str | None
    model: str
    quality: dict[str, float] = field(default_factory=dict)
    novelty: float | None = None
    gate: dict[str, float] = field(default_factory=dict)
    mask: NDArray[np.bool_] | None = field(default=None, compare=False)
    possible: Possible | None = None


class Classifier(ModelFile):
    """A model file that gives a picture one of several labels. Safe to share between threads.

    Args and errors as ``ModelFile``.
    """

    kind = "classification"

    @property
    def has_mask(self) -> bool:
        """Whether the model outlines the lesion before it judges it."""
        return "mask" in self._outputs

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

    def _answer(self, outputs: dict[str, NDArray[np.float32]]) -> Prediction:
        meta = self.metadata
        names = meta.label_names
        self.check_numbers(outputs, "probabilities")
        probabilities = {name: float(p) for name, p in zip(names, outputs["probabilities"], strict=True)}
        label = _decide(meta, probabilities)
        heatmaps = outputs.get("heatmap")
        reason = self.reason(outputs)
        return Prediction(
            label=label,
            probabilities=probabilities,
            heatmap=None if heatmaps is None else heatmaps[names.index(label)],
            refused=reason is not None,
            reason=reason,
            model=meta.name,
            quality=self.quality(outputs),
            novelty=float(outputs["novelty"].flat[0]) if "novelty" in outputs else None,
            gate={name: float(value) for name, value in zip(meta.gate, outputs["gate"], strict=True)}
            if meta.gate
            else {},
            mask=outputs["mask"].astype(bool) if "mask" in outputs else None,
            possible=possible(meta, probabilities),
        )


def _decide(meta: Metadata, probabilities: dict[str, float]) -> str:
    if meta.positive is None:
        return max(probabilities, key=probabilities.__getitem__)
    if probabilities[meta.positive] >= meta.thresholds[meta.positive]:
        return meta.positive
    return next(name for name in probabilities if name != meta.positive)


def _check_patches(pixels: NDArray[np.uint8], metadata: Metadata) -> None:
    patches = metadata.patches
    if patches is not None and (pixels.shape[1] < patches.width or pixels.shape[0] < patches.height):
        patch = f"{patches.width}x{patches.height}"
        raise ImageError(f"{size(pixels)} pixels are smaller than a patch of {patch}, which {metadata.name!r} looks at")
