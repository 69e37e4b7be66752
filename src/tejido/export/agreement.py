"""The gate before a model file is written: it must answer as the network does, and see what Pillow would show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import binom

from tejido.data.geometry import Steps, rounding
from tejido.errors import AgreementError
from tejido.export.deployed import Deployed
from tejido.export.graph import with_square_output
from tejido.imaging.geometry import ShortSide
from tejido.imaging.patches import Patches
from tejido.metrics.aggregate import aggregate
from tejido.runtime.classifier import Classifier
from tejido.runtime.context import encode
from tejido.runtime.metadata import Metadata


@dataclass(frozen=True)
class Tolerance:
    """Limits of disagreement.

    ``probability``: largest |Δp| of one picture, novelty included. Where patches vote, the mean |Δp| of its patches
    instead (one on the edge of 0.5 may then vote otherwise); and the answer is what the rule makes of the file's own
    patches. Where an outline comes first, the mean over all pictures (pixels on its edge may fall on the other side,
    and then the picture is cut otherwise).
    ``labels``: smallest share of equal labels; what counts is whether the sample speaks against that share (binomial
    test, 1 %), since two pictures on the edge of the threshold say nothing in a sample of 200. ``heatmap`` and
    ``quality``: largest mean difference of one picture (where an outline comes first, of heatmaps the mean over all); 0
    where there is no heatmap. ``pixels``: largest share of resized values that are 1 off Pillow's, where what lies
    halfway may be rounded either way; none may be further off. ``mask``: largest mean share of a picture's pixels on
    the other side of the outline, where the model draws one.
    """

    probability: float = 1e-2
    labels: float = 0.995
    heatmap: float = 0.05
    quality: float = 0.01
    pixels: float = 1e-3
    mask: float = 0.01


TOLERANCE = {
    "float32": Tolerance(),
    "float16": Tolerance(),
    "int8": Tolerance(probability=0.1, labels=0.98, heatmap=0.1),
    "int8_dynamic": Tolerance(probability=0.5, labels=0.9, heatmap=0.3),
    "int8_static": Tolerance(probability=0.5, labels=0.9, heatmap=0.3),
}
"""How far a file may be from its network, by storage of its weights. The widest ones only find what is broken:
whether a compressed file is good enough, the gate of compressions says, on all of validation."""


@dataclass(frozen=True)
class Agreement:
    """What was found on ``pictures`` pictures (each counted as often as it was asked about); see ``Tolerance``."""

    pictures: int
    probability: float
    labels: float
    heatmap: float
    quality: float
    pixels: float
    mask: float = 0.0


def check(
    file: bytes,
    model: onnx.ModelProto,
    module: Deployed,
    pictures: Sequence[NDArray[np.uint8]],
    tolerance: Tolerance = Tolerance(),
) -> Agreement:
    """Compare a model file with the module that it came from.

    A model that takes age, sex and site is asked twice about every picture: with nothing known, and with everything.

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
    for pixels, context in _cases(pictures, classifier.metadata):
        outputs = classifier.run(pixels, context)
        with torch.inference_mode():
            beside = [torch.from_numpy(np.asarray(value)) for value in context.values()]
            answers = [answer.numpy() for answer in module.eval()(torch.from_numpy(pixels.copy()), *beside)]
        expected = dict(zip(module.outputs, answers, strict=True))
        seen = session.run([square_name], {"image": pixels, **context})[0]
        rows.append(
            (
                _difference(module, outputs, expected),
                _label(classifier, outputs["probabilities"]) == _label(classifier, expected["probabilities"]),
                np.abs(outputs["heatmap"] - expected["heatmap"]).mean() if "heatmap" in expected else 0.0,
                np.abs(outputs["quality"] - expected["quality"]).max(),
                _off_pillow(seen, pixels, module),
                float((outputs["mask"] != expected["mask"]).mean()) if "mask" in expected else 0.0,
            )
        )
    probability, labels, heat, quality_, pixel, mask = (np.array(column, float) for column in zip(*rows, strict=True))
    over = np.max if module.segmenter is None else np.mean
    worst = float(over(probability)), float(over(heat))
    found = Agreement(len(rows), worst[0], labels.mean(), worst[1], quality_.max(), pixel.max(), mask.mean())
    _enforce(found, tolerance)
    return found


def odd_sizes(picture: NDArray[np.uint8], smallest: tuple[int, int] = (16, 16)) -> list[NDArray[np.uint8]]:
    """A picture at sizes that break careless preprocessing: odd, portrait, tiny, narrow, large.

    Args:
        picture: ``uint8[H, W, 3]``.
        smallest: width and height that the model can judge; no size is smaller.
    """
    image = Image.fromarray(picture)
    sizes = [(16, 16), (131, 97), (97, 131), (128, 128), (640, 33), (1023, 767), (2592, 1944)]
    fitting = [(max(width, smallest[0]), max(height, smallest[1])) for width, height in sizes]
    return [np.asarray(image.resize(size, Image.Resampling.BICUBIC)) for size in dict.fromkeys(fitting)]


def _label(classifier: Classifier, probabilities: NDArray[np.floating]) -> int:
    metadata = classifier.metadata
    if metadata.positive is None:
        return int(probabilities.argmax())
    positive = metadata.label_names.index(metadata.positive)
    return int(probabilities[positive] >= metadata.thresholds[metadata.positive])


def _cases(
    pictures: Sequence[NDArray[np.uint8]], metadata: Metadata
) -> Iterator[tuple[NDArray[np.uint8], dict[str, NDArray[np.generic]]]]:
    """Every picture with nothing known beside it and, where something can be, with all of it: in turn every choice."""
    for number, pixels in enumerate(pictures):
        yield pixels, encode(metadata, {})
        if metadata.inputs:
            # Shifted from input to input, so that two that are muddled up do not go unnoticed.
            known: dict[str, float | str | None] = {
                item.name: 7.0 * number % 100
                if item.choices is None
                else item.choices[(number + place) % len(item.choices)].name
                for place, item in enumerate(metadata.inputs)
            }
            yield pixels, encode(metadata, known)


def _difference(
    module: Deployed, outputs: dict[str, NDArray[np.float32]], expected: dict[str, NDArray[np.floating]]
) -> float:
    """See ``Tolerance.probability``; the heatmap of a model with patches holds their probabilities."""
    rule, answer = module.aggregate, outputs["probabilities"]
    if rule is None:
        names = ("probabilities", "novelty") if module.refuses else ("probabilities",)
        return max(float(np.abs(outputs[name] - expected[name]).max()) for name in names)
    patches = outputs["heatmap"].reshape(len(answer), -1).T
    together = aggregate(patches[None], rule.rule, positive=rule.positive, top_k=rule.top_k)[0]
    if rule.rule == "vote":
        difference = np.abs(outputs["heatmap"] - expected["heatmap"]).mean()
    else:
        difference = np.abs(answer - expected["probabilities"]).max()
    return float(max(difference, np.abs(answer - together).max()))


def _off_pillow(seen: NDArray[np.uint8], pixels: NDArray[np.uint8], module: Deployed) -> float:
    """Share of values 1 off the tables' geometry, which is Pillow's; infinity where one is further off.

    A value that lies halfway may be rounded either way.
    """
    grid, geometry = None, module.geometry
    if isinstance(geometry, Patches):
        grid, geometry = geometry.grid, geometry.geometry
    short_side = geometry.short_side if isinstance(geometry, ShortSide) else None
    steps = Steps(geometry.name, geometry.size, grid, short_side)
    picture = Image.fromarray(pixels)
    values = np.moveaxis(seen.reshape(-1, 3, geometry.size, geometry.size), 1, 3)
    if np.array_equal(values, steps(picture)):
        return 0.0
    least, largest = (bound.astype(int) for bound in rounding(steps, picture))
    off = np.maximum(least - values, values - largest).clip(0)
    return float((off > 0).mean()) if off.max() <= 1 else float("inf")


def _enforce(found: Agreement, limit: Tolerance) -> None:
    unequal = round((1 - found.labels) * found.pictures)
    allowed = max(1, int(binom.ppf(0.99, found.pictures, 1 - limit.labels)))
    broken = [
        f"{name} {value:.4g} (limit {bound:g})"
        for name, value, bound, bad in (
            ("probabilities differ by", found.probability, limit.probability, found.probability > limit.probability),
            ("share of equal labels is", found.labels, limit.labels, unequal > allowed),
            ("heatmaps differ by", found.heatmap, limit.heatmap, found.heatmap > limit.heatmap),
            ("quality differs by", found.quality, limit.quality, found.quality > limit.quality),
            ("share of pixels off Pillow's is", found.pixels, limit.pixels, found.pixels > limit.pixels),
            ("outlines differ in a share of", found.mask, limit.mask, found.mask > limit.mask),
        )
        if bad or not np.isfinite(value)
    ]
    if broken:
        raise AgreementError("the exported file does not agree with the network: " + "; ".join(broken))
