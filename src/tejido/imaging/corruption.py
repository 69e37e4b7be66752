"""What happens to pictures in use, in five severities: for testing a model, never for training it.

After Hendrycks & Dietterich (2019), with what dermatoscopes and phones add: hairs, a ruler, another distance. A picture
is corrupted at its own size, before the model file sees it.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[np.uint8]
"""``uint8[H, W, 3]``."""

SEVERITIES = (1, 2, 3, 4, 5)


def corrupt(pixels: Pixels, name: str, severity: int, key: str = "") -> Pixels:
    """A corrupted copy, the same every time.

    Args:
        pixels: ``uint8[H, W, 3]``.
        name: one of ``NAMES``.
        severity: 1 (hardly visible) to 5.
        key: of the picture, such as its id; what is drawn by lot differs from key to key.

    Returns:
        ``uint8[H', W', 3]``; as large as before, but for ``nearer`` and ``fewer_pixels``.

    Raises:
        KeyError: no such corruption or severity.
    """
    change, strengths = _CORRUPTIONS[name]
    if severity not in SEVERITIES:
        raise KeyError(severity)
    rng = np.random.default_rng(zlib.crc32(f"{name} {key}".encode()))
    return np.ascontiguousarray(change(pixels, strengths[severity - 1], rng))


def _blur(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Out of focus: ``strength`` is sigma as a share of the longer side."""
    sigma = strength * max(pixels.shape)
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def _noise(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """Of the sensor: Gaussian, ``strength`` levels."""
    return _bytes(pixels + rng.normal(0, strength, pixels.shape))


def _jpeg(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Saved again as JPEG of quality ``strength``."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=int(strength))
    return np.asarray(Image.open(buffer).convert("RGB"))


def _light(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Under- and overexposed: all values times ``strength``."""
    return _bytes(pixels * strength)


def _temperature(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Under warmer (above 0) or colder light: red up and blue down by ``strength``."""
    return _bytes(pixels * np.array([1 + strength, 1.0, 1 - strength]))


def _hair(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """``strength`` dark bent hairs across the picture."""
    height, width = pixels.shape[:2]
    fine = 4  # drawn so much larger, that edges are smooth
    layer = Image.new("L", (fine * width, fine * height))
    draw = ImageDraw.Draw(layer)
    for _ in range(int(strength)):
        ends = rng.uniform(-0.1, 1.1, (3, 2)) * [fine * width, fine * height]
        along = np.linspace(0, 1, 25)[:, None]
        curve = (1 - along) ** 2 * ends[0] + 2 * along * (1 - along) * ends[1] + along**2 * ends[2]
        thick = max(1, round(fine * max(height, width) * rng.uniform(0.003, 0.007)))
        draw.line([tuple(point) for point in curve], fill=int(rng.integers(170, 240)), width=thick, joint="curve")
    opaque = np.asarray(layer.resize((width, height), Image.Resampling.BOX))[..., None] / 255
    colour = np.array([45, 30, 25]) + rng.uniform(-10, 10)
    return _bytes(pixels * (1 - opaque) + colour * opaque)


def _ruler(pixels: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
    """A scale with ticks, at ``strength`` of the height from an edge: .5 goes through the middle."""
    height, width = pixels.shape[:2]
    layer = Image.new("L", (width, height))
    draw = ImageDraw.Draw(layer)
    side = max(height, width)
    line, step = max(1, side // 250), max(3, side // 40)
    base = round(strength * height)
    draw.line([(0, base), (width, base)], fill=200, width=line)
    for number, place in enumerate(range(step // 2, width, step)):
        long = 2.4 if number % 5 == 0 else 1.4
        draw.line([(place, base), (place, base - round(long * line * 6))], fill=200, width=line)
    opaque = np.asarray(layer)[..., None] / 255
    if rng.random() < 0.5:
        opaque = opaque[::-1]
    return _bytes(pixels * (1 - opaque) + 30 * opaque)


def _rotation(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Turned by ``strength`` degrees about the middle; what was not in the picture is mirrored."""
    height, width = pixels.shape[:2]
    pad = (round(np.hypot(height, width)) - min(height, width)) // 2 + 1
    pad = min(pad, min(height, width) - 1)
    wide = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)), mode="reflect")
    turned = np.asarray(Image.fromarray(wide).rotate(strength, Image.Resampling.BILINEAR))
    return turned[pad : pad + height, pad : pad + width]


def _nearer(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Only the middle, ``strength`` of each side."""
    height, width = pixels.shape[:2]
    down, across = (round((1 - strength) / 2 * side) for side in (height, width))
    return pixels[down : height - down, across : width - across]


def _farther(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """All of it on ``strength`` of each side, in the middle; around it the picture is mirrored."""
    height, width = pixels.shape[:2]
    size = max(1, round(strength * width)), max(1, round(strength * height))
    small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    down, across = height - size[1], width - size[0]
    around = (down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0)
    return np.pad(small, around, mode="reflect")


def _fewer_pixels(pixels: Pixels, strength: float, _: np.random.Generator) -> Pixels:
    """Reduced to ``strength`` of each side."""
    height, width = (max(1, round(strength * side)) for side in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR))


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(values.round().clip(0, 255), np.uint8)


_Change = Callable[[Pixels, float, np.random.Generator], Pixels]
_CORRUPTIONS: dict[str, tuple[_Change, tuple[float, float, float, float, float]]] = {
    "blur": (_blur, (0.002, 0.004, 0.008, 0.013, 0.02)),
    "noise": (_noise, (4, 8, 14, 22, 32)),
    "jpeg": (_jpeg, (60, 40, 25, 15, 8)),
    "darker": (_light, (0.85, 0.7, 0.55, 0.42, 0.3)),
    "brighter": (_light, (1.12, 1.25, 1.4, 1.6, 1.85)),
    "warmer": (_temperature, (0.04, 0.08, 0.13, 0.19, 0.26)),
    "colder": (_temperature, (-0.04, -0.08, -0.13, -0.19, -0.26)),
    "hair": (_hair, (3, 7, 14, 25, 40)),
    "ruler": (_ruler, (0.95, 0.88, 0.78, 0.66, 0.5)),
    "rotation": (_rotation, (10, 30, 60, 90, 180)),
    "nearer": (_nearer, (0.9, 0.8, 0.7, 0.6, 0.5)),
    # No farther: from .6 on, mirrored borders would show the lesion in the middle a second time.
    "farther": (_farther, (0.95, 0.88, 0.8, 0.72, 0.65)),
    "fewer_pixels": (_fewer_pixels, (0.75, 0.5, 0.35, 0.25, 0.17)),
}
NAMES = tuple(_CORRUPTIONS)
