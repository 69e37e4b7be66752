from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy.ndimage import gaussian_filter

from tejido.imaging.augment import Augment

NOTHING = Augment(
    rotation=0, zoom=1, shift=0, flip=False, brightness=0, contrast=0, saturation=0, temperature=0, blur=0, sharpen=0,
    jpeg=0,
)  # fmt: skip


def only(**changes: float) -> Augment:
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
    [{name: value} for name, value in Augment().__dict__.items()] + [{"blur": 1.0}, {"sharpen": 1.0}, {"jpeg": 1.0}],
    ids=str,
)
def test_every_change_alone_changes_pixels_and_keeps_the_type(change: dict[str, float], batch: torch.Tensor) -> None:
    smooth = torch.nn.functional.avg_pool2d(batch.float(), 5, 1, 2).to(torch.uint8)
    result = run(only(**change), smooth, seed=3)
    assert (result.dtype, result.shape) == (torch.uint8, batch.shape)
    assert not torch.equal(result, smooth)


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
