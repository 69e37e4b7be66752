from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tejido.imaging.steps.macenko import Macenko, _leading

REFERENCE = np.array([[0.5626, 0.2159], [0.7201, 0.8012], [0.4062, 0.5581]])


def with_numpy(image: np.ndarray) -> np.ndarray:
    """Macenko et al. 2009 with an eigensolver, NumPy's percentiles and least squares."""
    density = -np.log((image.reshape(3, -1).astype(float) + 1) / 240)
    tissue = density[:, (density >= 0.15).all(0)]
    if tissue.shape[1] < 0.05 * density.shape[1]:
        return image
    _, vectors = np.linalg.eigh(np.cov(tissue))
    plane = vectors[:, [2, 1]]
    plane *= np.sign(plane.sum(0))
    across, along = plane.T @ tissue
    low, high = np.percentile(np.arctan2(along, across), [1, 99])
    ends = [plane @ [np.cos(angle), np.sin(angle)] for angle in (low, high)]
    stains = np.stack(sorted(ends, key=lambda stain: -stain[0]), axis=1)
    amounts = np.linalg.lstsq(stains, density, rcond=None)[0]
    most = np.percentile(amounts[:, (density >= 0.15).all(0)], 99, axis=1)
    mixed = REFERENCE @ (amounts * (np.array([1.9705, 1.0308]) / most)[:, None])
    return np.clip(240 * np.exp(-mixed) - 1, 0, 255).reshape(image.shape)


def test_equals_numpy_on_real_tissue(tissue: torch.Tensor) -> None:
    result = Macenko()(tissue).numpy()
    for image, normalised in zip(tissue.numpy(), result, strict=True):
        assert np.abs(normalised - with_numpy(image)).max() < 0.1
    changed = np.abs(result - tissue.numpy()).mean((1, 2, 3)) > 5
    assert changed.sum() >= 6


def stained(matrix: np.ndarray, seed: int) -> np.ndarray:
    """Tissue with known stains: half of the pixels nearly pure, the others mixed."""
    generator = np.random.default_rng(seed)
    amounts = generator.uniform(0.3, 2, (2, 64 * 64))
    amounts[0, :1024] *= 0.01
    amounts[1, 1024:2048] *= 0.01
    return np.clip(240 * np.exp(-matrix @ amounts) - 1, 0, 255).reshape(3, 64, 64)


def test_two_slides_of_the_same_tissue_look_alike() -> None:
    other = np.array([[0.75, 0.12], [0.58, 0.93], [0.32, 0.35]])
    pairs = torch.from_numpy(np.stack([stained(REFERENCE, 0), stained(0.7 * other, 0)])).float()
    before = (pairs[0] - pairs[1]).abs().mean()
    first, second = Macenko()(pairs)
    assert (first - second).abs().mean() < 0.1 * before


@given(st.integers(0, 10_000), st.floats(0.02, 0.9))
def test_the_leading_eigenvector(seed: int, second: float) -> None:
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(3, 3)))[0]
    matrix = torch.from_numpy(axes @ np.diag([1, second, second / 3]) @ axes.T).float()
    found = _leading(matrix[None])[0].numpy()
    assert abs(found @ axes[:, 0]) == pytest.approx(1, abs=1e-5)


def test_what_cannot_be_normalised_stays() -> None:
    generator = torch.Generator().manual_seed(0)
    white = torch.rand(1, 3, 48, 48, generator=generator) * 10 + 240
    speck = white.clone()
    speck[:, :, :8, :8] = torch.rand(1, 3, 8, 8, generator=generator) * 100 + 50
    flat = torch.tensor([180.0, 90.0, 150.0]).reshape(1, 3, 1, 1).expand(1, 3, 48, 48)
    black = torch.zeros(1, 3, 48, 48)
    for image in (white, speck, flat, black):
        assert torch.equal(Macenko()(image), image)
