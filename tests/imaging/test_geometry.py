from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tejido.imaging.geometry import CentreSquare, Stretch


def with_pillow(pixels: np.ndarray, size: int, *, crop: bool) -> np.ndarray:
    image = Image.fromarray(pixels)
    if crop:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)).astype(int)


def with_tejido(pixels: np.ndarray, step: torch.nn.Module) -> np.ndarray:
    result: torch.Tensor = step(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
    assert result.dtype == torch.uint8
    return result.permute(1, 2, 0).numpy().astype(int)


@settings(deadline=None, max_examples=40)
@given(st.integers(16, 300), st.integers(16, 300), st.integers(32, 160), st.integers(0, 9))
def test_equals_pillow_at_any_size(height: int, width: int, size: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    for step, crop in ((CentreSquare(size), True), (Stretch(size), False)):
        off = np.abs(with_tejido(pixels, step) - with_pillow(pixels, size, crop=crop))
        # Noise at odd ratios is full of ties, which 22-bit and floating-point arithmetic round differently.
        assert off.max() <= 2
        assert off.mean() < 0.3


def test_equals_pillow_on_real_lesions(shared: Path) -> None:
    for path in sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))[:6]:
        pixels = np.asarray(Image.open(path))
        off = np.abs(with_tejido(pixels, CentreSquare(128)) - with_pillow(pixels, 128, crop=True))
        assert off.max() <= 1
        assert (off > 0).mean() < 3e-4


def test_the_crop_is_the_centre() -> None:
    pixels = np.zeros((64, 100, 3), np.uint8)
    pixels[:, 18:82] = 200
    assert (with_tejido(pixels, CentreSquare(64)) == 200).all()
    pixels = pixels.transpose(1, 0, 2).copy()
    assert (with_tejido(pixels, CentreSquare(64)) == 200).all()


@pytest.mark.parametrize("step", [CentreSquare(32), Stretch(32)])
def test_a_batch_is_its_images(step: torch.nn.Module) -> None:
    batch = torch.randint(0, 256, (3, 3, 50, 70), dtype=torch.uint8)
    assert torch.equal(step(batch), torch.stack([step(image) for image in batch]))
