"""The gate before a model file is written: it must answer as the network does, and see what Pillow would show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from PIL import Image

from tejido.errors import AgreementError
from tejido.export.deployed import Deployed
from tejido.export.graph import with_square_output
from tejido.imaging.geometry import Geometry, ShortSide
from tejido.runtime.classifier import Classifier


@dataclass(frozen=True)
class Tolerance:
    """Limits of disagreement.

    ``probability``: largest |Δp| of one picture. ``labels``: smallest share of equal labels; one picture on the edge
    of the threshold is always forgiven, or a small sample could not pass. ``heatmap`` and
    ``quality``: largest mean difference of one picture. ``pixels``: largest share of resized values that are 1 off
    Pillow's; none may be further off.
    """

    probability: float = 1e-2
    labels: float = 0.995
    heatmap: float = 0.05
    quality: float = 0.01
    pixels: float = 1e-2


@dataclass(frozen=True)
class Agreement:
    """What was found on ``pictures`` pictures; see ``Tolerance``."""

    pictures: int
    probability: float
    labels: float
    heatmap: float
    quality: float
    pixels: float


def check(
    file: bytes,
    model: onnx.ModelProto,
    module: Deployed,
    pictures: Sequence[NDArray[np.uint8]],
    tolerance: Tolerance = Tolerance(),
) -> Agreement:
    """Compare a model file with the module that it came from.

    Args:
        file: the bytes about to be written.
        model: the same graph, for looking inside it.
        module: in PyTorch, with float32 weights.
        pictures: ``uint8[H, W, 3]`` of any sizes; see ``odd_sizes``.
        tolerance: limits.

    Raises:
        AgreementError: a limit is broken; the message gives the figure and the limit.
    """
    classifier = Classifier(file)
    watched, square_name = with_square_output(model)
    session = ort.InferenceSession(watched, providers=["CPUExecutionProvider"])
    rows = []
    for pixels in pictures:
        outputs = classifier.run(pixels)
        with torch.inference_mode():
            probabilities, heatmap, quality = (t.numpy() for t in module.eval()(torch.from_numpy(pixels.copy())))
        seen = session.run([square_name], {"image": pixels})[0]
        rows.append(
            (
                np.abs(outputs["probabilities"] - probabilities).max(),
                _label(classifier, outputs["probabilities"]) == _label(classifier, probabilities),
                np.abs(outputs["heatmap"] - heatmap).mean(),
                np.abs(outputs["quality"] - quality).max(),
                _off_pillow(seen, pixels, module),
            )
        )
    probability, labels, heat, quality_, pixel = (np.array(column, float) for column in zip(*rows, strict=True))
    found = Agreement(
        len(rows), probability.max(), labels.mean(), heat.max(), quality_.max(), pixel.max() if len(pixel) else 0.0
    )
    _enforce(found, tolerance)
    return found


def odd_sizes(picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """A picture at sizes that break careless preprocessing: odd, portrait, tiny, narrow, large."""
    image = Image.fromarray(picture)
    sizes = [(16, 16), (131, 97), (97, 131), (128, 128), (640, 33), (1023, 767), (2592, 1944)]
    return [np.asarray(image.resize(size, Image.Resampling.BICUBIC)) for size in sizes]


def _label(classifier: Classifier, probabilities: NDArray[np.floating]) -> int:
    metadata = classifier.metadata
    if metadata.positive is None:
        return int(probabilities.argmax())
    positive = metadata.label_names.index(metadata.positive)
    return int(probabilities[positive] >= metadata.thresholds[metadata.positive])


def _off_pillow(seen: NDArray[np.uint8], pixels: NDArray[np.uint8], module: Deployed) -> float:
    """Share of values 1 off Pillow's crop and bilinear resize; infinity where one is further off."""
    size = module.geometry.size
    reference = np.asarray(_with_pillow(Image.fromarray(pixels), module.geometry), int)
    off = np.abs(np.moveaxis(seen.reshape(3, size, size), 0, 2).astype(int) - reference)
    return float((off > 0).mean()) if off.max() <= 1 else float("inf")


def _with_pillow(image: Image.Image, geometry: Geometry) -> Image.Image:
    side = min(image.size)
    if isinstance(geometry, ShortSide):
        width, height = (geometry.short_side * length // side for length in image.size)
        return _centre(image.resize((width, height), Image.Resampling.BILINEAR), geometry.size)
    if geometry.frame == "centre_square":
        image = _centre(image, side)
    return image.resize((geometry.size, geometry.size), Image.Resampling.BILINEAR)


def _centre(image: Image.Image, side: int) -> Image.Image:
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _enforce(found: Agreement, limit: Tolerance) -> None:
    unequal = round((1 - found.labels) * found.pictures)
    allowed = max(1, int((1 - limit.labels) * found.pictures))
    broken = [
        f"{name} {value:.4g} (limit {bound:g})"
        for name, value, bound, bad in (
            ("probabilities differ by", found.probability, limit.probability, found.probability > limit.probability),
            ("share of equal labels is", found.labels, limit.labels, unequal > allowed),
            ("heatmaps differ by", found.heatmap, limit.heatmap, found.heatmap > limit.heatmap),
            ("quality differs by", found.quality, limit.quality, found.quality > limit.quality),
            ("share of pixels off Pillow's is", found.pixels, limit.pixels, found.pixels > limit.pixels),
        )
        if bad or not np.isfinite(value)
    ]
    if broken:
        raise AgreementError("the exported file does not agree with the network: " + "; ".join(broken))
