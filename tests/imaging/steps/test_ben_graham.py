from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from tejido.errors import RecipeError
from tejido.imaging.steps.ben_graham import BenGraham


@pytest.mark.parametrize(("reading", "sigma"), [("variance", math.sqrt(96 / 10)), ("sigma", 9.6)])
def test_equals_scipy_on_real_lesions(lesions: torch.Tensor, reading: str, sigma: float) -> None:
    result = BenGraham(reading)(lesions).numpy()
    for image, changed in zip(lesions.numpy().astype(float), result, strict=True):
        blurred = np.stack([gaussian_filter(channel, sigma, mode="mirror", truncate=4.0) for channel in image])
        assert np.abs(changed - np.clip(4 * (image - blurred) + 128, 0, 255)).max() < 1e-2


def test_the_widths_that_the_thesis_speaks_of() -> None:
    """At 224 pixels: σ ≈ 4.7 by the thesis's words, 22.4 by common code. An impulse leaves 1 - 1/(2πσ²) of itself."""
    impulse = torch.zeros(1, 3, 224, 224)
    impulse[:, :, 112, 112] = 20
    for reading, sigma in (("variance", 4.733), ("sigma", 22.4)):
        peak = BenGraham(reading)(impulse)[0, 0, 112, 112].item()
        assert peak == pytest.approx(4 * 20 * (1 - 1 / (2 * math.pi * sigma**2)) + 128, abs=5e-3)


def test_what_is_even_becomes_grey() -> None:
    assert torch.allclose(BenGraham()(torch.full((1, 3, 40, 40), 217.0)), torch.tensor(128.0), atol=1e-2)


def test_a_reading_that_is_none() -> None:
    with pytest.raises(RecipeError, match=r"ben_graham\.reading is variance or sigma, not 'std'"):
        BenGraham("std")
