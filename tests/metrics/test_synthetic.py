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
    alone = pd.Series(np.arange(300))
    assert synthetic.two_sample_auc(REAL, OTHER, groups, alone) == pytest.approx(0.5, abs=0.08)
    assert synthetic.two_sample_auc(REAL, FAR, groups, alone) > 0.85


def test_a_group_stays_in_a_fold_on_either_side() -> None:
    """Ten lesions of thirty images each: who has seen some of a lesion's images would know the others again."""
    lesions = pd.Series(np.arange(300) // 30)
    seen = RNG.normal(size=(10, 8))[lesions] * 3 + REAL
    others = RNG.normal(size=(10, 8))[lesions] * 3 + OTHER
    apart = synthetic.two_sample_auc(seen, others, pd.Series(range(300)), pd.Series(range(300)))
    together = synthetic.two_sample_auc(seen, others, lesions, lesions)
    assert apart > together + 0.1


def test_an_interval_covers_what_equal_distributions_give() -> None:
    alone = pd.Series(range(300))
    found = synthetic.interval(synthetic.kernel_distance, REAL, OTHER, alone, alone, rounds=50)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    away = synthetic.interval(synthetic.kernel_distance, REAL, FAR, alone, alone, rounds=50)
    assert away.low is not None
    assert away.low > 0


def test_an_interval_is_wider_where_images_come_in_groups() -> None:
    """Three images a lesion, all alike, tell as much as one; the mean's deviation is sqrt(3) times as large."""

    def means(real: np.ndarray, made: np.ndarray) -> float:
        return float(real.mean() - made.mean())

    tripled, alone = REAL[:100].repeat(3, 0), pd.Series(range(300))
    apart = synthetic.interval(means, tripled, tripled, alone, alone, rounds=400)
    together = synthetic.interval(means, tripled, tripled, alone // 3, alone // 3, rounds=400)
    assert apart.high is not None
    assert together.high is not None
    assert together.high / apart.high == pytest.approx(np.sqrt(3), rel=0.15)
    # And by hand: the difference of two means of 100 independent rows.
    by_hand = 1.97 * np.sqrt(2 * REAL[:100].mean(1).var(ddof=1) / 100)
    assert together.high == pytest.approx(by_hand, rel=0.15)


def test_nearest_is_that_of_all_pairs() -> None:
    distances, places = synthetic.nearest(FAR, REAL)
    pairs = np.linalg.norm(FAR[:, None] - REAL[None], axis=2)
    assert (places == pairs.argmin(1)).all()
    assert np.allclose(distances, pairs.min(1))
