from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, kstest

from tejido.imaging.augment import Augment
from tejido.imaging.mix import mix


def batch(count: int, side: int = 20, channels: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and one label each of its own, so that the labels tell which two were mixed, and how much."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (count, channels, side, side), dtype=torch.uint8, generator=generator)
    return images, torch.eye(count)


def pairs(labels: torch.Tensor) -> list[tuple[int, float]]:
    """For every image its partner and its own share; itself and 1 where they are the same."""
    found = []
    for own, row in enumerate(labels.tolist()):
        others = [k for k, value in enumerate(row) if value > 0 and k != own]
        assert len(others) <= 1
        found.append((others[0] if others else own, row[own]))
    return found


@given(st.floats(0.05, 5), st.integers(0, 999))
def test_mixup_blends_as_the_labels_say(alpha: float, seed: int) -> None:
    images, labels = batch(9)
    mixed, soft = mix(images, labels, torch.Generator().manual_seed(seed), mixup=alpha)
    assert (mixed.dtype, mixed.shape) == (torch.uint8, images.shape)
    assert torch.allclose(soft.sum(1), torch.ones(9))
    for own, (other, share) in enumerate(pairs(soft)):
        expected = share * images[own].numpy().astype(float) + (1 - share) * images[other].numpy().astype(float)
        assert np.abs(mixed[own].numpy() - expected).max() <= 0.51


@given(st.floats(0.05, 5), st.integers(0, 999))
def test_cutmix_pastes_one_rectangle_as_large_as_the_labels_say(alpha: float, seed: int) -> None:
    images, labels = batch(9, channels=4)
    mixed, soft = mix(images, labels, torch.Generator().manual_seed(seed), cutmix=alpha)
    assert mixed.dtype == torch.uint8
    assert torch.allclose(soft.sum(1), torch.ones(9))
    for own, (other, share) in enumerate(pairs(soft)):
        pasted = (mixed[own] != images[own]).any(0)
        if other == own:
            assert not pasted.any()
            continue
        assert pasted.float().mean().item() == pytest.approx(1 - share, abs=1e-5)
        assert torch.equal(pasted, pasted.any(1)[:, None] & pasted.any(0)[None, :])
        assert torch.equal(mixed[own][:, pasted], images[other][:, pasted])


def test_shares_are_beta_distributed() -> None:
    images, labels = batch(600, side=1)
    _, soft = mix(images, labels, torch.Generator().manual_seed(0), mixup=0.4)
    shares = [share for own, (other, share) in enumerate(pairs(soft)) if other != own]
    assert kstest(shares, beta(0.4, 0.4).cdf).pvalue > 0.01


def test_with_both_batches_take_one_or_the_other() -> None:
    images, labels = batch(8)
    kinds = set()
    for seed in range(20):
        mixed, _ = mix(images, labels, torch.Generator().manual_seed(seed), mixup=1.0, cutmix=1.0)
        known = {tuple(pixel) for pixel in images.permute(0, 2, 3, 1).reshape(-1, 3).tolist()}
        new = [tuple(pixel) not in known for pixel in mixed.permute(0, 2, 3, 1).reshape(-1, 3).tolist()]
        kinds.add("mixup" if np.mean(new) > 0.3 else "cutmix")
    assert kinds == {"mixup", "cutmix"}


def test_the_generator_decides_everything_and_off_means_off() -> None:
    images, labels = batch(8)
    augment = Augment(mixup=0.3, cutmix=1.0)
    assert augment.mixes
    first, again = (augment.mix(images, labels, torch.Generator().manual_seed(5)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    untouched = torch.Generator().manual_seed(5)
    assert Augment().mix(images, labels, untouched) == (images, labels)
    assert not Augment().mixes
    assert torch.equal(untouched.get_state(), torch.Generator().manual_seed(5).get_state())
