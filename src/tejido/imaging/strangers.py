"""Made-up pictures of nothing: what a model must learn to refuse before it has met a real stranger.

By family and number, always the same. No real picture is among them, so that real ones can test what was learned.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIDE = 192
"""Pixels a side."""

Floats = NDArray[np.float64]


def stranger(family: str, number: int) -> NDArray[np.uint8]:
    """The picture of that number, ``uint8[192, 192, 3]``.

    Args:
        family: a key of ``FAMILIES``.
        number: which one.
    """
    rng = np.random.default_rng([number, list(FAMILIES).index(family)])
    return np.rint(np.clip(FAMILIES[family](rng), 0, 255)).astype(np.uint8)


def _plain(rng: Generator) -> Floats:
    """One colour, with or without a little noise."""
    return np.full((SIDE, SIDE, 3), rng.uniform(0, 255, 3)) + rng.normal(0, rng.uniform(0, 6), (SIDE, SIDE, 1))


def _noise(rng: Generator) -> Floats:
    """Independent pixels, grey or coloured."""
    return rng.uniform(0, 255, 3) + rng.normal(0, rng.uniform(15, 90), (SIDE, SIDE, int(rng.choice([1, 3]))))


def _clouds(rng: Generator) -> Floats:
    """Noise whose spectrum falls with frequency, as that of natural scenes does; channels more or less alike."""
    frequency = np.fft.fftfreq(SIDE)
    size = np.hypot(*np.meshgrid(frequency, frequency))
    size[0, 0] = 1
    steep = rng.uniform(0.6, 2.2)

    def layer() -> Floats:
        values = np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIDE, SIDE))) / size**steep).real
        return np.asarray((values - values.mean()) / values.std())

    common, share = layer(), rng.uniform()
    channels = [rng.uniform(40, 215) + (share * common + (1 - share) * layer()) * rng.uniform(10, 60) for _ in range(3)]
    return np.stack(channels, -1)


def _gradient(rng: Generator) -> Floats:
    """From one colour to another, along a line or around a point."""
    down, across = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    way = np.cos(angle) * across + np.sin(angle) * down
    if rng.uniform() < 0.4:
        way = np.hypot(across - rng.uniform(), down - rng.uniform())
    way = (way - way.min()) / np.ptp(way)
    return _between(rng, way)


def _stripes(rng: Generator) -> Floats:
    """Stripes, soft or hard, and checks."""
    down, across = np.mgrid[0 : 1 : SIDE * 1j, 0 : 1 : SIDE * 1j]
    angle, frequency = rng.uniform(0, 2 * np.pi), rng.uniform(3, 40)
    wave = np.sin(2 * np.pi * frequency * (np.cos(angle) * across + np.sin(angle) * down))
    if rng.uniform() < 0.5:
        wave = np.sign(wave)
    if rng.uniform() < 0.4:
        wave = wave * np.sign(np.sin(2 * np.pi * frequency * (np.cos(angle) * down - np.sin(angle) * across)))
    return _between(rng, (wave + 1) / 2)


def _text(rng: Generator) -> Floats:
    """Lines of letters, mostly dark on light."""
    paper = rng.integers(200, 256, 3) if rng.uniform() < 0.7 else rng.integers(0, 256, 3)
    ink = rng.integers(0, 90, 3) if paper.sum() > 380 else rng.integers(170, 256, 3)
    picture = Image.new("RGB", (SIDE, SIDE), _colour(paper))
    draw, size = ImageDraw.Draw(picture), int(rng.integers(8, 40))
    font, top = ImageFont.load_default(size), int(rng.integers(-5, 20))
    while top < SIDE:
        letters = "".join(chr(rng.integers(97, 123)) if rng.uniform() > 0.17 else " " for _ in range(60))
        draw.text((int(rng.integers(0, 20)), top), letters, fill=_colour(ink), font=font)
        top += int(size * 1.3)
    return np.asarray(picture, np.float64)


def _shapes(rng: Generator) -> Floats:
    """Ellipses, rectangles and polygons of any colours."""
    picture = Image.new("RGB", (SIDE, SIDE), _colour(rng.integers(0, 256, 3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.integers(3, 25)):
        left, top = (int(value) for value in rng.integers(-20, SIDE, 2))
        width, height = (int(value) for value in rng.integers(5, 120, 2))
        fill, kind = _colour(rng.integers(0, 256, 3)), rng.integers(3)
        if kind == 0:
            draw.ellipse((left, top, left + width, top + height), fill=fill)
        elif kind == 1:
            draw.rectangle((left, top, left + width, top + height), fill=fill)
        else:
            corners = rng.integers(-20, SIDE + 20, (int(rng.integers(3, 6)), 2))
            draw.polygon([(int(x), int(y)) for x, y in corners], fill=fill)
    return np.asarray(picture, np.float64)


def _leaves(rng: Generator) -> Floats:
    """Discs of all sizes that cover each other, in related colours: the dead leaves of Lee, Mumford and Huang 2001."""
    pixels = np.zeros((SIDE, SIDE, 3))
    down, across = np.mgrid[:SIDE, :SIDE]
    ground, spread = rng.uniform(0, 255, 3), rng.uniform(15, 90)
    for _ in range(rng.integers(60, 250)):
        x, y = rng.uniform(0, SIDE, 2)
        radius = min(4 * rng.pareto(1.5) + 3, 70)
        left, top = (max(0, int(middle - radius)) for middle in (x, y))
        around = np.s_[top : int(y + radius) + 1, left : int(x + radius) + 1]  # beyond, nothing is within the radius
        inside = np.hypot(across[around] - x, down[around] - y) < radius
        pixels[around][inside] = ground + rng.normal(0, spread, 3)
    return pixels + rng.normal(0, rng.uniform(0, 8), (SIDE, SIDE, 1))


FAMILIES: dict[str, Callable[[Generator], Floats]] = {
    "plain": _plain,
    "noise": _noise,
    "clouds": _clouds,
    "gradient": _gradient,
    "stripes": _stripes,
    "text": _text,
    "shapes": _shapes,
    "leaves": _leaves,
}


def _between(rng: Generator, share: Floats) -> Floats:
    first, second = rng.uniform(0, 255, 3), rng.uniform(0, 255, 3)
    return np.asarray(first + (second - first) * share[..., None])


def _colour(values: NDArray[np.int64]) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in values)
    return red, green, blue
