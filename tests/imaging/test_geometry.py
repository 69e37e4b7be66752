from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tejido.errors import RecipeError
from tejido.imaging.geometry import CentreSquare, ShortSide, Stretch, build


def with_pillow(pixels: np.ndarray, size: int, *, crop: bool) -> np.ndarray:
    image = Image.fromarray(pixels)
    if crop:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)).astype(int)


def short_side_with_pillow(pixels: np.ndarray, size: int, short: int) -> np.ndarray:
    """Resize as torchvision's ``Resize(short)`` counts, then crop as its ``CenterCrop`` would, rounded down."""
    image = Image.fromarray(pixels)
    width, height = image.size
    shape = (short, int(short * height / width)) if width <= height else (int(short * width / height), short)
    image = image.resize(shape, Image.Resampling.BILINEAR)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return np.asarray(image.crop((left, top, left + size, top + size))).astype(int)


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
        for pixels in (np.asarray(Image.open(path)), np.asarray(Image.open(path).rotate(90, expand=True))[:547]):
            pairs = (
                (CentreSquare(128), with_pillow(pixels, 128, crop=True)),
                (ShortSide(128), short_side_with_pillow(pixels, 128, 128)),
                (ShortSide(112, 128), short_side_with_pillow(pixels, 112, 128)),
            )
            for step, expected in pairs:
                off = np.abs(with_tejido(pixels, step) - expected)
                assert off.max() <= 1
                assert (off > 0).mean() < 4e-4


def test_the_short_side_is_what_it_says() -> None:
    """A picture of 60 x 90 whose halves differ: at 40 it is 40 x 60, of which the crop shows the middle."""
    pixels = np.zeros((60, 90, 3), np.uint8)
    pixels[:, :45] = 200
    for size in (40, 32):
        result = with_tejido(pixels, ShortSide(size, 40))
        assert result.shape == (size, size, 3)
        assert (result[:, : size // 2 - 2] == 200).all()
        assert (result[:, size // 2 + 2 :] == 0).all()


def test_maps_over_the_crop_are_put_back_into_the_centred_square() -> None:
    maps = torch.ones(2, 3, 8, 8)
    placed = ShortSide(64, 128).restore(maps)
    assert torch.equal(placed[:, :, 2:6, 2:6], torch.ones(2, 3, 4, 4))
    assert not placed[:, :, [0, 7]].any()
    for step in (ShortSide(64), CentreSquare(64), Stretch(64)):
        assert step.restore(maps) is maps


def test_a_short_side_that_cannot_be() -> None:
    assert isinstance(build("short_side", 64, 80), ShortSide)
    with pytest.raises(RecipeError, match=r"image\.short_side is at least image\.size, 64, not 60"):
        build("short_side", 64, 60)
    with pytest.raises(RecipeError, match=r"image\.short_side belongs to the geometry short_side, not to stretch"):
        build("stretch", 64, 80)


@pytest.mark.parametrize("step", [CentreSquare(32), ShortSide(32, 40), Stretch(32)])
def test_a_mask_goes_the_same_way(step: torch.nn.Module) -> None:
    image = torch.randint(0, 256, (3, 50, 70), dtype=torch.uint8)
    assert torch.equal(step(image[1:2]), step(image)[1:2])


def test_the_crop_is_the_centre() -> None:
    pixels = np.zeros((64, 100, 3), np.uint8)
    pixels[:, 18:82] = 200
    assert (with_tejido(pixels, CentreSquare(64)) == 200).all()
    pixels = pixels.transpose(1, 0, 2).copy()
    assert (with_tejido(pixels, CentreSquare(64)) == 200).all()


@pytest.mark.parametrize("step", [CentreSquare(32), ShortSide(32, 40), Stretch(32)])
def test_a_batch_is_its_images(step: torch.nn.Module) -> None:
    batch = torch.randint(0, 256, (3, 3, 50, 70), dtype=torch.uint8)
    assert torch.equal(step(batch), torch.stack([step(image) for image in batch]))
