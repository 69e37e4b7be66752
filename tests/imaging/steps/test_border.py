from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.imaging.steps.border import CropBorder
from tejido.imaging.steps.registry import build

SIDE = 96


def pixel_by_pixel(image: np.ndarray, dark_share: float = 0.4) -> list[float]:
    """The square of ``CropBorder``, in pixels (left, top, right, bottom), from single pixels and plain loops."""
    grey = np.tensordot([0.299, 0.587, 0.114], image.astype(float), axes=1)
    dark = grey < dark_share * grey.mean()
    rows, columns = (np.flatnonzero(dark.mean(axis) < 0.5) for axis in (1, 0))
    whole = [0, 0, SIDE, SIDE]
    if not len(rows) or not len(columns):
        return whole
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    x, y, half = (left + right) / 2, (top + bottom) / 2, min(right - left, bottom - top) / 2
    for scale in np.linspace(1, 0.6, 33):
        reach = half * scale
        outline = []
        for i in range(SIDE):
            for j in range(SIDE):
                away = max(abs(i + 0.5 - y), abs(j + 0.5 - x))
                if reach - 2 < away <= reach:
                    outline.append(dark[i, j])
        if np.sum(outline) <= 0.02 * len(outline):
            break
    else:
        return whole
    if reach < SIDE / 4:
        return whole
    x, y = (min(max(value, reach), SIDE - reach) for value in (x, y))
    return [x - reach, y - reach, x + reach, y + reach]


def test_equals_plain_loops_on_real_pictures(framed: torch.Tensor) -> None:
    boxes = (CropBorder().box(framed, None).numpy() + 1) * SIDE / 2
    for image, found in zip(framed.numpy(), boxes, strict=True):
        assert found == pytest.approx(pixel_by_pixel(image), abs=1e-3)
    cropped = (boxes[:, 2] - boxes[:, 0]) < SIDE - 0.01
    assert cropped.tolist() == [True] * 4 + [False] * 4


def disc(radius: float, *, skin: float = 180.0) -> torch.Tensor:
    y, x = np.mgrid[0:SIDE, 0:SIDE] + 0.5 - SIDE / 2
    inside = np.hypot(x, y) <= radius * SIDE / 2
    return torch.from_numpy(np.where(inside, skin, 5.0)).float().expand(1, 3, -1, -1)


@settings(max_examples=25)
@given(st.floats(0.85, 1.35))
def test_a_round_field_leaves_its_inscribed_square(radius: float) -> None:
    left, top, right, bottom = CropBorder().box(disc(radius), None)[0].tolist()
    assert (left, top) == (pytest.approx(-right), pytest.approx(-bottom))
    assert right == pytest.approx(min(1, radius / math.sqrt(2)), abs=0.05)
    assert (build(["crop_border"])(disc(radius)) < 100).float().mean() < 0.01


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [(12, 84, [-0.75, -0.75, 0.75, 0.75]), (0, 56, [-1, -7 / 12, 1 / 6, 7 / 12]), (0, 46, [-1, -1, 1, 1])],
)
def test_black_bars_are_cut_off_to_the_pixel(left: int, right: int, expected: list[float]) -> None:
    """Where less than half would be left, the darkness is no border."""
    image = torch.zeros(1, 3, SIDE, SIDE)
    image[:, :, :, left:right] = 150
    assert CropBorder().box(image, None)[0].tolist() == pytest.approx(expected, abs=1e-4)
    if expected[0] > -1 or expected[2] < 1:
        assert torch.allclose(build(["crop_border"])(image), torch.tensor(150.0), atol=1e-3)


def test_what_is_no_border_stays() -> None:
    images = {
        "lesion": 185 - disc(0.7),  # dark in the middle
        "black": torch.zeros(1, 3, SIDE, SIDE),
        "white": torch.full((1, 3, SIDE, SIDE), 255.0),
        "spot of light": disc(0.3),
    }
    for name, image in images.items():
        assert torch.allclose(build(["crop_border"])(image), image, atol=1e-2), name
