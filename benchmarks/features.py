"""Numbers read off pictures without training anything, kept in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rich.progress import track

from tejido.files import replacing
from tejido.imaging.geometry import CentreSquare, resize
from tejido.imaging.quality import Quality
from tejido.models import zoo
from tejido.recipe import resolve_path
from tejido.training.images import decode_all

SIDE = 224
HALF = 112
"""Size of the pictures for the controls, at a quarter of the work."""
WEIGHTS = "${TEJIDO_SHARED}/weights/tf_efficientnet_lite0.safetensors"

Measure = Callable[[torch.Tensor], torch.Tensor]
"""Features of pictures: ``uint8[B, 3, 224, 224]`` to ``float32[B, F]``."""


def lite0() -> Measure:
    """Pooled features (F = 1280) of an ImageNet EfficientNet-Lite0 that never saw a lesion, at its native size."""
    network = zoo.build("tf_efficientnet_lite0", 2, weights=resolve_path(WEIGHTS)).eval()
    return lambda images: network.features(images).mean((2, 3))


def coarse(measure: Measure, size: int = 64) -> Measure:
    """The same without fine detail: pictures are first reduced to ``size`` pixels, whatever size they had."""
    return lambda images: measure(resize(resize(images, size), HALF))


def border(measure: Measure) -> Measure:
    """The same of the outer tenth of each side alone: the middle, where the lesion lies, is painted grey."""
    edge = SIDE // 10

    def outer(images: torch.Tensor) -> torch.Tensor:
        images = images.clone()
        images[..., edge:-edge, edge:-edge] = 128
        return measure(resize(images, HALF))

    return outer


def colour() -> Measure:
    """Mean and standard deviation of each channel, and the blur metric of ``tejido.imaging.quality`` (F = 7)."""
    quality = Quality()

    def seven(images: torch.Tensor) -> torch.Tensor:
        values = images.flatten(2).float()
        return torch.cat([values.mean(2), values.std(2), quality(images)[:, :1]], 1)

    return seven


def measured(table: pd.DataFrame, measure: Measure, cache: Path) -> NDArray[np.float32]:
    """Features ``float32[N, F]`` of a manifest's images, kept in a file because they take minutes.

    Args:
        table: manifest rows with ``path``, ``sha256`` and ``aspect``.
        measure: what is measured of their centred squares at 224 pixels.
        cache: file of this measure; made anew where it is of other images.
    """
    images = table["sha256"].to_numpy(str)
    if cache.is_file():
        with np.load(cache) as kept:
            if np.array_equal(kept["images"], images):
                return np.asarray(kept["features"])
    parts = []
    for start in track(range(0, len(table), 250), description=cache.name):
        rows = table.iloc[start : start + 250]
        pictures = decode_all(rows["path"], CentreSquare(SIDE), aspects=rows["aspect"])
        with torch.inference_mode():
            parts += [measure(part) for part in torch.split(pictures, 10)]
    features = torch.cat(parts).numpy()
    with replacing(cache) as temporary, temporary.open("wb") as file:
        np.savez(file, images=images, features=features)
    return features
