from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from scipy.ndimage import uniform_filter1d

from tejido.imaging.quality import Quality


def measure(pixels: np.ndarray) -> np.ndarray:
    batch = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
    result: torch.Tensor = Quality()(batch)
    return result[0].numpy()


def crete(grey: np.ndarray) -> float:
    """Crété et al. 2007, equations 1 to 7, with SciPy."""
    worst = 0.0
    for axis in (0, 1):
        again = uniform_filter1d(grey, 9, axis=axis, mode="nearest")
        before = np.abs(np.diff(grey, axis=axis))
        after = np.abs(np.diff(again, axis=axis))
        variation = np.maximum(0, before - after)
        worst = max(worst, (before.sum() - variation.sum()) / before.sum())
    return worst


def lesion(shared: Path, blur: float = 0) -> np.ndarray:
    image = Image.open(shared / "data" / "ham10000" / "images" / "ISIC_0024306.jpg").resize((128, 128))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(blur)))


def test_blur_equals_the_paper(shared: Path) -> None:
    pixels = lesion(shared)
    grey = pixels.astype(float) @ [0.299, 0.587, 0.114] / 255
    assert measure(pixels)[0] == pytest.approx(crete(grey), abs=1e-4)


def test_blur_grows_with_blur(shared: Path) -> None:
    values = [measure(lesion(shared, sigma))[0] for sigma in (0, 1, 2, 4, 8)]
    assert values == sorted(values)
    assert values[-1] > 0.8


def test_darkness_and_glare_by_hand() -> None:
    half = np.zeros((40, 40, 3), np.uint8)
    half[:10] = 255
    blur, darkness, glare = measure(half)
    assert (darkness, glare) == (pytest.approx(0.75, abs=1e-5), pytest.approx(0.25))
    assert 0 <= blur <= 1
    red = np.zeros((40, 40, 3), np.uint8)
    red[:, :, 0] = 255
    assert measure(red)[1:] == pytest.approx([1 - 0.299, 0.0], abs=1e-5)


def test_a_uniform_picture_is_as_blurred_as_can_be() -> None:
    assert measure(np.full((40, 40, 3), 90, np.uint8))[0] == 1.0


def test_a_batch_is_its_images() -> None:
    batch = torch.randint(0, 256, (4, 3, 40, 40), dtype=torch.uint8)
    together = Quality()(batch)
    assert torch.allclose(together, torch.cat([Quality()(image[None]) for image in batch]), atol=1e-6)
