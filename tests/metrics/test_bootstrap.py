from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

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


def coverage(groups: np.ndarray, score: Any, truth: float) -> float:
    """Share of trials whose interval holds the truth.

    Args:
        groups: of each image.
        score: a figure of all trials at once, ``[T]``, for weights of the images; the trials share their resamples.
        truth: of every trial.
    """
    bootstrap = GroupBootstrap(pd.Series(groups), rounds=400)
    intervals = [bootstrap.interval(truth, draws) for draws in bootstrap.resamples(score).T]
    return float(np.mean([one.low <= truth <= one.high for one in intervals]))  # type: ignore[operator]


def test_intervals_of_a_share_cover_as_often_as_they_say_and_those_by_image_do_not() -> None:
    rng = np.random.default_rng(2)
    trials, lesions, images = 2000, 100, 3
    chance = rng.beta(0.4, 0.6, (trials, lesions, 1))  # mean 0.4; the images of a lesion share their chance
    hits = (rng.random((trials, lesions, images)) < chance).reshape(trials, -1).T.astype(float)

    def shares(weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights @ hits / weights.sum())

    some = rng.integers(0, 3, lesions * images).astype(float)
    assert shares(some)[7] == pytest.approx(share(hits[:, 7] == 1, np.ones(len(hits), bool))(some))
    by_lesion, by_image = np.repeat(np.arange(lesions), images), np.arange(lesions * images)
    assert 0.93 <= coverage(by_lesion, shares, 0.4) <= 0.97
    assert coverage(by_image, shares, 0.4) < 0.9


def test_intervals_of_an_area_cover_as_often_as_they_say_and_those_by_image_do_not() -> None:
    rng = np.random.default_rng(3)
    trials, ill, well, images, levels = 1000, 60, 90, 3, 6
    lesions = ill + well
    cuts = np.linspace(-1.5, 2.5, levels - 1)  # a score of few values, so that its area is known and quickly counted
    sick = np.arange(lesions) < ill
    hidden = sick[:, None] + rng.normal(size=(trials, lesions, 1)) + 0.5 * rng.normal(size=(trials, lesions, images))
    score = np.searchsorted(cuts, hidden).reshape(trials, -1)
    edges = np.concatenate([[-np.inf], cuts, [np.inf]])
    chances = [np.diff(norm.cdf(edges, mean, np.hypot(1, 0.5))) for mean in (1, 0)]
    truth = float(chances[0] @ (np.cumsum(chances[1]) - chances[1] / 2))
    has = np.asarray(score.T[:, None] == np.arange(levels)[:, None], np.float32).reshape(lesions * images, -1)
    positive = np.repeat(sick, images)
    sides = [(part, has[part]) for part in (positive, ~positive)]

    def areas(weights: np.ndarray) -> np.ndarray:
        hit, other = ((weights[part].astype(np.float32) @ own).reshape(levels, trials) for part, own in sides)
        return np.asarray((hit * (np.cumsum(other, 0) - other / 2)).sum(0) / (hit.sum(0) * other.sum(0)))

    some = rng.integers(0, 3, lesions * images).astype(float)
    assert areas(some)[7] == pytest.approx(auc(positive, score[7])(some))
    by_lesion, by_image = np.repeat(np.arange(lesions), images), np.arange(lesions * images)
    assert 0.93 <= coverage(by_lesion, areas, truth) <= 0.97
    assert coverage(by_image, areas, truth) < 0.9


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
