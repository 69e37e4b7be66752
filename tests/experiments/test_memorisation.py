"""Copies of training images among samples are found, in whatever way they were hidden, and honest samples pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from tejido.experiments.memorisation import MIRRORINGS, memorisation, verdict

RNG = torch.Generator().manual_seed(0)


def blobs(count: int) -> torch.Tensor:
    coarse = torch.rand(count, 3, 4, 4, generator=RNG)
    return (interpolate(coarse, size=32, mode="bicubic").clamp(0, 1) * 255).to(torch.uint8)


TRAIN, TEST, HONEST = blobs(300), blobs(200), blobs(100)
IDS = [f"ISIC_{number:07}" for number in range(300)]


def features(images: torch.Tensor) -> Any:
    return adaptive_avg_pool2d(images.float(), 4).flatten(1).double().numpy()


def test_honest_samples_pass() -> None:
    assert verdict(memorisation(HONEST, TRAIN, TEST, features), IDS)["verdict"] == "no copying found"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one,
        lambda one: (one.float() * 0.97).to(torch.uint8),
        lambda one: (one.float() + 4 * torch.randn(one.shape, generator=RNG)).clamp(0, 255).to(torch.uint8),
        lambda one: one.roll(1, dims=2),
        lambda one: one.flip(2),
        lambda one: one.flip(1, 2),
    ],
    ids=["exact", "darker", "noisy", "moved", "mirrored", "turned by half"],
)
def test_one_planted_copy_is_found_and_named(change: Any) -> None:
    made = HONEST.clone()
    made[0] = change(TRAIN[17])
    found = memorisation(made, TRAIN, TEST, features)
    said = verdict(found, IDS)
    assert said["verdict"] == "copies training images"
    assert said["copies"] == [{"sample": 0, "image_id": IDS[17]}]
    first = [name for name, nearest in said["nearest"].items() if nearest[0]["sample"] == 0]
    assert len(first) >= 2
    for name in first:
        assert said["nearest"][name][0]["image_id"] == IDS[17]
        shown = found[name].mirrored(made, 0)
        assert (shown.float() - TRAIN[17].float()).abs().mean() < 12  # it is shown as the training image lies


def test_distances_are_the_least_of_four_mirrorings() -> None:
    found = memorisation(HONEST[:5], TRAIN, TEST, features)["features"]
    table = np.stack([features(HONEST[:5].flip(axes)) for axes in MIRRORINGS])  # [4, 5, F]
    pairs = np.linalg.norm(table[:, :, None] - features(TRAIN)[None, None], axis=3)
    assert np.allclose(found.distances, pairs.min((0, 2)))
    assert (found.places == pairs.min(0).argmin(1)).all()
    assert (found.mirrorings == pairs.min(2).argmin(0)).all()


def test_nearness_by_one_measure_alone_is_said_and_is_no_verdict() -> None:
    """A grey picture is near to others by pixels, and no copy of any."""
    grey = torch.full((20, 3, 32, 32), 128, dtype=torch.uint8)
    grey += torch.randint(0, 3, grey.shape, generator=RNG, dtype=torch.uint8)

    def far(images: torch.Tensor) -> Any:
        return np.where(images.float().std((1, 2, 3)) < 3, 1e6, 0)[:, None] + features(images)

    said = verdict(memorisation(torch.cat([HONEST[:80], grey]), TRAIN, TEST, far), IDS)
    assert said["nearer_than_1_percent_of_real"]["pixels"] >= 0.19
    assert said["verdict"] == "nearer to training images than real ones are, by pixels alone: look at the pictures"
