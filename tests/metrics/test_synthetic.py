from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from tejido.metrics import synthetic

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(300, 8))
OTHER = RNG.normal(size=(300, 8))
FAR = RNG.normal(0.7, 1.5, size=(300, 8))


class Given(nn.Module):
    """Images that are their own features already."""

    num_features = 8

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images


def torchmetrics_of(kind: type, made: np.ndarray, **options: object) -> float:
    measure = kind(feature=Given(), **options)
    measure.update(torch.from_numpy(REAL), real=True)
    measure.update(torch.from_numpy(made), real=False)
    found = measure.compute()
    return float(found[0] if isinstance(found, tuple) else found)


@pytest.mark.filterwarnings("ignore:Metric .Kernel Inception Distance. will save:UserWarning")
@pytest.mark.parametrize("made", [OTHER, FAR])
def test_distances_are_torchmetricss(made: np.ndarray) -> None:
    fid = torchmetrics_of(FrechetInceptionDistance, made, input_img_size=(8,)).__float__()
    assert synthetic.frechet(REAL, made) == pytest.approx(fid, rel=1e-3)
    kid = torchmetrics_of(KernelInceptionDistance, made, subsets=1, subset_size=300)
    assert synthetic.kernel_distance(REAL, made) == pytest.approx(kid, rel=1e-4, abs=1e-6)


def test_frechet_by_hand() -> None:
    """Two normal distributions along one axis: (difference of means)^2 + (difference of deviations)^2."""
    one = np.column_stack([np.tile([-1.0, 1.0], 500), np.zeros(1000)])
    other = np.column_stack([np.tile([1.0, 5.0], 500), np.zeros(1000)])
    assert synthetic.frechet(one, other) == pytest.approx(9 + 1, rel=0.01)


def test_precision_and_recall_tell_fidelity_from_coverage() -> None:
    clusters = np.concatenate([RNG.normal(0, 0.1, (100, 2)), RNG.normal(5, 0.1, (100, 2))])
    precision, recall = synthetic.precision_recall(clusters, clusters[:100] + 1e-3)  # one of two kinds, perfectly
    assert precision > 0.95
    assert recall == pytest.approx(0.5, abs=0.05)
    assert synthetic.precision_recall(clusters, clusters + 100) == (0, 0)


def test_a_judge_that_cannot_and_one_that_can() -> None:
    groups = pd.Series(np.arange(300) // 2)
    assert synthetic.two_sample_auc(REAL, OTHER, groups) == pytest.approx(0.5, abs=0.08)
    assert synthetic.two_sample_auc(REAL, FAR, groups) > 0.85


def test_an_interval_covers_what_equal_distributions_give() -> None:
    found = synthetic.interval(synthetic.kernel_distance, REAL, OTHER, rounds=50)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    away = synthetic.interval(synthetic.kernel_distance, REAL, FAR, rounds=50)
    assert away.low is not None
    assert away.low > 0


def test_nearest_is_that_of_all_pairs() -> None:
    distances, places = synthetic.nearest(FAR, REAL)
    pairs = np.linalg.norm(FAR[:, None] - REAL[None], axis=2)
    assert (places == pairs.argmin(1)).all()
    assert np.allclose(distances, pairs.min(1))
