from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import grey_closing, maximum_filter, uniform_filter

from tejido.errors import RecipeError
from tejido.imaging.steps.hair import RemoveHair


def with_scipy(image: np.ndarray, radius: int, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture without hairs, and where they were."""
    grey = np.tensordot(np.float32([0.299, 0.587, 0.114]), image, axes=1)
    hat = grey_closing(grey, size=(2 * radius + 1,) * 2) - grey
    hair = maximum_filter(np.clip((hat - threshold) / 8, 0, 1), size=3).astype(float)
    window = {"size": 4 * radius + 1, "mode": "constant"}
    skin = uniform_filter(1 - hair, **window)
    filled = np.stack([uniform_filter(channel * (1 - hair), **window) for channel in image.astype(float)])
    count = skin * (4 * radius + 1) ** 2
    share = hair * np.minimum(count, 1)
    return share * filled / np.maximum(skin, 1e-9) + (1 - share) * image, hair


@pytest.mark.parametrize(("width", "threshold", "radius"), [(0.04, 15, 1), (0.11, 8, 5)])
def test_equals_scipy_on_hairy_lesions(hairy: torch.Tensor, width: float, threshold: float, radius: int) -> None:
    result = RemoveHair(width, threshold)(hairy).numpy()
    for image, cleaned in zip(hairy.numpy(), result, strict=True):
        expected, hair = with_scipy(image, radius, threshold)
        off = np.abs(cleaned - expected).max(0)
        assert 0.05 < (hair > 0).mean() < 0.95
        assert off.max() < 1e-2


def test_a_hair_on_even_skin_is_gone_and_a_lesion_stays() -> None:
    image = torch.full((1, 3, 100, 100), 180.0)
    image[:, :, 30:60, 30:60] = 80
    clean = image.clone()
    for i in range(100):
        image[:, :, i, max(0, 70 - i) : max(0, 72 - i)] = 30  # across skin and lesion
    result = RemoveHair()(image)
    off = (result - clean).abs()[0, 0]
    assert off[5:25, 5:95].max() < 1e-3
    assert off[80:].max() < 1e-3
    assert off[40:50, 40:50].max() < 20  # in the lesion, its own colour
    assert torch.equal(RemoveHair()(clean)[:, :, 32:58, 32:58], clean[:, :, 32:58, 32:58])


def test_a_picture_without_hair_stays_to_the_last_bit(lesions: torch.Tensor) -> None:
    assert torch.equal(RemoveHair(threshold=255)(lesions), lesions)


def test_options_out_of_range() -> None:
    with pytest.raises(RecipeError, match=r"remove_hair\.width is a number from 0\.01 to 0\.25, not 5"):
        RemoveHair(width=5)
    with pytest.raises(RecipeError, match=r"remove_hair\.threshold"):
        RemoveHair(threshold=0)
