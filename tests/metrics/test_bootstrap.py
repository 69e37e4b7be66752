from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tejido.metrics.bootstrap import Estimate, GroupBootstrap
from tejido.metrics.scores import auc, share


def test_weights_are_whole_groups() -> None:
    groups = pd.Series(["a", "a", "b", "c", "c", "c"])
    seen: list[np.ndarray] = []

    def score(weights: np.ndarray) -> float:
        seen.append(weights)
        return 0.0

    GroupBootstrap(groups, rounds=50).resamples(score)
    for weights in seen:
        assert weights[0] == weights[1]
        assert weights[3] == weights[4] == weights[5]
        assert weights[0] + weights[2] + weights[3] == 3  # three groups drawn


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA])
def test_an_image_without_a_group_is_refused(nothing: object) -> None:
    with pytest.raises(ValueError, match="1 images have no group"):
        GroupBootstrap(pd.Series(["a", nothing, "b"], dtype=object), rounds=10)


def test_the_interval_of_a_mean_equals_theory() -> None:
    rng = np.random.default_rng(0)
    hit = rng.random(2000) < 0.3
    estimate = GroupBootstrap(pd.Series(np.arange(2000))).estimate(share(hit, np.ones(2000, bool)))
    error = 1.96 * np.sqrt(hit.mean() * (1 - hit.mean()) / 2000)
    assert estimate.low == pytest.approx(hit.mean() - error, abs=0.003)
    assert estimate.high == pytest.approx(hit.mean() + error, abs=0.003)


def test_copies_of_an_image_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(1)
    hit = np.repeat(rng.random(200) < 0.5, 10)
    everything = np.ones(2000, bool)
    honest = GroupBootstrap(pd.Series(np.repeat(np.arange(200), 10))).estimate(share(hit, everything))
    naive = GroupBootstrap(pd.Series(np.arange(2000))).estimate(share(hit, everything))
    assert width(honest) == pytest.approx(np.sqrt(10) * width(naive), rel=0.1)


def test_grouped_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(2)
    groups = pd.Series(np.repeat(np.arange(150), 3))
    covered = 0
    for trial in range(200):
        chance = np.clip(rng.beta(2, 2, 150), 0, 1)  # mean 0.5; the images of a group share their chance
        hit = rng.random(450) < np.repeat(chance, 3)
        estimate = GroupBootstrap(groups, rounds=300, seed=trial).estimate(share(hit, np.ones(450, bool)))
        covered += estimate.low <= 0.5 <= estimate.high  # type: ignore[operator]
    assert 0.90 <= covered / 200 <= 0.99


def test_differences_are_paired() -> None:
    rng = np.random.default_rng(3)
    truth = rng.random(300) < 0.4
    score = truth + rng.normal(size=300)
    bootstrap = GroupBootstrap(pd.Series(np.arange(300)), rounds=200)
    same = bootstrap.difference(auc(truth, score), auc(truth, score))
    assert (same.value, same.low, same.high) == (0, None, None)
    better = bootstrap.difference(auc(truth, score + 2 * truth), auc(truth, score))
    assert better.low is not None
    assert better.low > 0


def test_an_interval_of_no_width_is_not_claimed() -> None:
    everything = np.ones(5, bool)
    estimate = GroupBootstrap(pd.Series(np.arange(5)), rounds=100).estimate(share(everything, everything))
    assert (estimate.value, estimate.low) == (1.0, None)


def test_a_figure_that_most_resamples_cannot_define_has_no_interval() -> None:
    truth = np.array([True] + [False] * 30)
    estimate = GroupBootstrap(pd.Series(np.arange(31))).estimate(auc(truth, np.arange(31.0)))
    assert (estimate.value, estimate.low, estimate.high) == (0.0, None, None)
    assert str(estimate) == "0.000"
    assert str(Estimate(0.5, 0.4, 0.6)) == "0.500 (0.400–0.600)"


def width(estimate: Estimate) -> float:
    assert estimate.high is not None
    assert estimate.low is not None
    return estimate.high - estimate.low
