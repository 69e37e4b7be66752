from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy.ndimage import gaussian_filter

from tejido.errors import RecipeError
from tejido.imaging.augment import Augment

NOTHING = Augment(
    rotation=0, zoom=1, shift=0, flip=False, brightness=0, contrast=0, saturation=0, temperature=0, blur=0, sharpen=0,
    jpeg=0,
)  # fmt: skip


def only(**changes: Any) -> Augment:
    return Augment(**(NOTHING.__dict__ | changes))


@pytest.fixture
def batch() -> torch.Tensor:
    return torch.randint(0, 256, (8, 3, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def run(augment: Augment, batch: torch.Tensor, seed: int = 0) -> torch.Tensor:
    return augment(batch, torch.Generator().manual_seed(seed))


def test_switched_off_it_changes_nothing(batch: torch.Tensor) -> None:
    assert torch.equal(run(NOTHING, batch), batch)


def test_the_generator_decides_everything(batch: torch.Tensor) -> None:
    assert torch.equal(run(Augment(), batch, 1), run(Augment(), batch, 1))
    assert not torch.equal(run(Augment(), batch, 1), run(Augment(), batch, 2))
    before = torch.random.get_rng_state()
    run(Augment(), batch)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    "change",
    [{name: value} for name, value in Augment().__dict__.items() if name not in ("stain", "policy", "mixup", "cutmix")]
    + [{"blur": 1.0}, {"sharpen": 1.0}, {"jpeg": 1.0}, {"stain": 0.1}, {"policy": "trivial"}, {"policy": "rand"}],
    ids=str,
)
def test_every_change_alone_changes_pixels_and_keeps_the_type(change: dict[str, Any], batch: torch.Tensor) -> None:
    smooth = torch.nn.functional.avg_pool2d(batch.float(), 5, 1, 2).to(torch.uint8)
    result = run(only(**change), smooth, seed=3)
    assert (result.dtype, result.shape) == (torch.uint8, batch.shape)
    assert not torch.equal(result, smooth)


def test_what_is_off_by_default_draws_nothing(batch: torch.Tensor) -> None:
    """Otherwise models that were trained before it existed could not be trained again to the same bits."""
    used, expected = torch.Generator().manual_seed(9), torch.Generator().manual_seed(9)
    Augment()(batch, used)
    for numbers in (8, 8, 8, 16, 8, 24, 8, 8, 8, 8, 8, 8):  # angle, scale, mirror, shift, colours, sharpness, JPEG
        torch.rand(numbers, generator=expected)
    torch.randint(40, 96, (8,), generator=expected)  # JPEG quality
    assert torch.equal(used.get_state(), expected.get_state())


@pytest.mark.parametrize("change", [{"policy": "trivial"}, {"policy": "rand"}, {"stain": 0.2}], ids=str)
def test_what_is_drawn_comes_from_the_generator_alone(change: dict[str, Any], batch: torch.Tensor) -> None:
    before = torch.random.get_rng_state()
    first = run(only(**change), batch, 1)
    torch.manual_seed(12345)
    assert torch.equal(first, run(only(**change), batch, 1))
    assert not torch.equal(first, run(only(**change), batch, 2))
    torch.random.set_rng_state(before)
    run(only(**change), batch, 1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_mask_moves_with_its_image_and_keeps_two_values(batch: torch.Tensor) -> None:
    mask = torch.zeros(8, 1, 48, 48, dtype=torch.uint8)
    mask[:, :, 8:30, 14:40] = 255
    augmented = run(Augment(stain=0.1), torch.cat([batch, mask], 1), 3)
    assert torch.equal(augmented[:, :3], run(Augment(stain=0.1), batch, 3))
    moved = run(only(rotation=180, zoom=1.3, shift=0.05, flip=True), mask.expand(-1, 3, -1, -1), 3)[:, :1]
    assert set(augmented[:, 3:].unique().tolist()) == {0, 255}
    assert torch.equal((augmented[:, 3:] == 255)[moved != 128], (moved > 128)[moved != 128])
    assert not torch.equal(augmented[:, 3:], mask)


def test_what_a_mask_cannot_follow_is_refused() -> None:
    Augment(cutmix=1.0, stain=0.1).check_mask()
    with pytest.raises(RecipeError, match=r"augmentation\.mixup cannot be used with an image step that reads"):
        Augment(mixup=0.2).check_mask()
    with pytest.raises(RecipeError, match=r"augmentation\.policy cannot"):
        Augment(policy="trivial").check_mask()


def test_a_flip_mirrors(batch: torch.Tensor) -> None:
    result = run(only(flip=True), batch)
    mirrored = [torch.equal(one, other.flip(-1)) for one, other in zip(result, batch, strict=True)]
    same = [torch.equal(one, other) for one, other in zip(result, batch, strict=True)]
    assert all(a or b for a, b in zip(mirrored, same, strict=True))
    assert any(mirrored)
    assert any(same)


def test_colour_equals_pillow_done_one_after_the_other(shared: Path) -> None:
    """Brightness, contrast and saturation as one affine map against Pillow's three steps, at gains read back."""
    image = Image.open(shared / "data" / "ham10000" / "images" / "ISIC_0024306.jpg")
    batch = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None]
    augment = only(brightness=0.2, contrast=0.2, saturation=0.2)
    generator = torch.Generator().manual_seed(5)
    result = augment(batch, torch.Generator().manual_seed(5))[0].permute(1, 2, 0).numpy().astype(int)
    torch.rand(5, generator=generator)  # angle, scale, mirror, shift x and y
    brightness = 1 + (torch.rand(1, generator=generator).item() * 2 - 1) * 0.2
    torch.rand(3, generator=generator)  # temperature
    contrast, saturation = (1 + (torch.rand(1, generator=generator).item() * 2 - 1) * 0.2 for _ in range(2))
    bright = ImageEnhance.Brightness(image).enhance(brightness)
    values = np.asarray(bright, float)
    values = values.mean() + (values - values.mean()) * contrast
    grey = (values @ [0.299, 0.587, 0.114])[:, :, None]
    values = grey + (values - grey) * saturation
    assert np.abs(result - np.clip(values, 0, 255)).max() <= 3


def test_blur_equals_scipy() -> None:
    impulse = torch.zeros(1, 3, 33, 33)
    impulse[:, :, 16, 16] = 255
    generator = torch.Generator().manual_seed(0)
    result = only(blur=1.0)._sharpness(impulse, generator)[0, 0].numpy()
    generator = torch.Generator().manual_seed(0)
    torch.rand(1, generator=generator)
    sigma = 0.3 + 1.2 * torch.rand(1, generator=generator).item()
    reference = gaussian_filter(impulse[0, 0].numpy(), sigma, radius=4)
    assert np.abs(result - reference).max() < 0.05


def test_rotation_keeps_the_mean_and_fills_no_black_corners() -> None:
    grey = torch.full((8, 3, 48, 48), 100, dtype=torch.uint8)
    assert torch.equal(run(only(rotation=180, zoom=1.3, shift=0.1), grey), grey)
