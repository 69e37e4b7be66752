from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tejido.errors import RecipeError
from tejido.imaging.steps.illuminant import GreyWorld, MaxRgb, ShadesOfGray
from tejido.imaging.steps.step import Step


def by_the_formula(image: np.ndarray, p: float) -> np.ndarray:
    """uba2020: e_c = (mean I_c^p)^(1/p), or the largest value; e to length 1; I'_c = I_c / (√3 e_c)."""
    values = image.astype(float)
    flat = values.reshape(3, -1)
    light = flat.max(1) if math.isinf(p) else (flat**p).mean(1) ** (1 / p)
    light /= np.linalg.norm(light)
    return np.clip(values / (math.sqrt(3) * light[:, None, None]), 0, 255)


@pytest.mark.parametrize(
    ("step", "p"), [(MaxRgb(), math.inf), (ShadesOfGray(), 6), (ShadesOfGray(p=3), 3), (GreyWorld(), 1)]
)
def test_equals_the_formula_on_real_lesions(lesions: torch.Tensor, step: Step, p: float) -> None:
    result: torch.Tensor = step(lesions)
    for image, corrected in zip(lesions.numpy(), result.numpy(), strict=True):
        assert np.abs(corrected - by_the_formula(image, p)).max() < 1e-2


def test_by_hand() -> None:
    """Light (200, 100, 100): its length is 100 √6, so the gains are √6/(2√3) = 1/√2 and √6/√3 = √2."""
    image = torch.tensor([200.0, 100.0, 100.0]).reshape(1, 3, 1, 1).expand(1, 3, 4, 4)
    for step in (MaxRgb(), ShadesOfGray(), GreyWorld()):
        assert torch.allclose(step(image), torch.tensor(200 / math.sqrt(2)), atol=1e-3)


@given(st.floats(1, 30), st.tuples(*[st.floats(0.2, 1)] * 3), st.integers(0, 99))
def test_the_colour_of_the_light_does_not_matter(p: float, light: tuple[float, ...], seed: int) -> None:
    """Another light scales the channels; apart from the brightness, the result is the same (von Kries)."""
    image = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) * 90 + 5
    step = ShadesOfGray(p=p)
    plain: torch.Tensor = step(image)
    lit: torch.Tensor = step(image * torch.tensor(light).reshape(1, 3, 1, 1))
    ratio = lit / plain
    assert torch.allclose(ratio, ratio.mean().expand_as(ratio), rtol=1e-3)


def test_grey_world_makes_the_mean_grey(lesions: torch.Tensor) -> None:
    means = GreyWorld()(lesions / 4).mean((2, 3))
    assert torch.allclose(means, means.mean(1, keepdim=True).expand(-1, 3), rtol=1e-3)


@pytest.mark.parametrize("step", [MaxRgb(), ShadesOfGray(), ShadesOfGray(p=100), GreyWorld()])
def test_a_white_light_changes_nothing_and_darkness_stays_dark(step: Step) -> None:
    grey = torch.randint(0, 255, (1, 1, 8, 8)).float().expand(1, 3, 8, 8)
    assert torch.allclose(step(grey), grey, atol=1e-2)
    assert torch.equal(step(torch.zeros(1, 3, 8, 8)), torch.zeros(1, 3, 8, 8))
    red = torch.zeros(1, 3, 8, 8)
    red[:, 0] = 200
    result: torch.Tensor = step(red)
    assert result.isfinite().all()
    assert not result[:, 1:].any()


@pytest.mark.parametrize("p", [0.5, 101, float("nan"), "six", True, None])
def test_a_power_that_is_none(p: object) -> None:
    with pytest.raises(RecipeError, match=r"shades_of_gray\.p is a number from 1 to 100"):
        ShadesOfGray(p=p)  # type: ignore[arg-type]
