from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_curve

from tejido.errors import DataError
from tejido.metrics.operating import bands, operating_points, predictive_values
from tejido.metrics.thresholds import at_least_cost, by_youden


def table(seed: int, name: str, images: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.random(images) < 0.3
    score = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(size=images))))
    kind = np.where(truth, rng.choice(["melanoma", "basal_cell_carcinoma"], images), "nevus")
    return pd.DataFrame(
        {
            "image_id": [f"{name}{n}" for n in range(images)],
            "group_id": [f"{name}{n // 2}" for n in range(images)],
            "truth": np.where(truth, "bad", "good"),
            "diagnosis": kind,
            "malignancy": np.where(truth, "malignant", "benign"),
            "p_good": 1 - score,
            "p_bad": score,
        }
    )


def test_points_are_chosen_on_validation_and_measured_on_test() -> None:
    validation, test = table(1, "v"), table(2, "t")
    points = operating_points(validation, test, "bad", (0.8, 0.95), rounds=100)
    ill, well = test[test["truth"] == "bad"], test[test["truth"] == "good"]
    for point in points:
        bad = validation[validation["truth"] == "bad"]["p_bad"]
        assert (bad >= point.threshold).mean() >= point.wanted
        assert (bad >= point.threshold).mean() < point.wanted + 0.02
        assert point.sensitivity.value == pytest.approx((ill["p_bad"] >= point.threshold).mean())
        assert point.specificity.value == pytest.approx((well["p_bad"] < point.threshold).mean())
        assert set(point.found) == {"melanoma", "basal_cell_carcinoma"}
        melanomas = ill[ill["diagnosis"] == "melanoma"]["p_bad"]
        assert point.found["melanoma"].value == pytest.approx((melanomas >= point.threshold).mean())
    assert points[0].threshold > points[1].threshold


def test_a_group_in_validation_and_test_is_refused() -> None:
    rows = table(1, "v")
    with pytest.raises(DataError, match="group v0 is in validation and in test"):
        operating_points(rows, rows, "bad")


def test_predictive_values_of_a_worked_case() -> None:
    # Of 1,000, 100 are ill: 90 found, 10 missed; of 900 well ones, 180 alarmed, 720 not.
    positive, negative = predictive_values(0.9, 0.8, 0.1)
    assert positive == pytest.approx(90 / 270)
    assert negative == pytest.approx(720 / 730)
    assert np.isnan(predictive_values(0.0, 1.0, 0.1)[0])
    assert predictive_values(0.9, 0.8, 0.0) == (0.0, 1.0)


def test_bands_hold_every_image_once() -> None:
    rows = table(3, "x", 1000)
    found = bands(rows, "bad", rounds=100)
    assert len(found) == 10
    assert sum(band.images for band in found) == 1000
    assert all(band.images == 100 for band in found)
    for first, second in pairwise(found):
        assert first.high < second.low
    for band in found:
        part = rows[(rows["p_bad"] >= band.low) & (rows["p_bad"] <= band.high)]
        assert band.positive.value == pytest.approx((part["truth"] == "bad").mean())
        assert band.groups == part["group_id"].nunique()


def test_few_groups_have_no_interval() -> None:
    test = table(2, "t")
    kept = test[(test["truth"] == "good") | (test["diagnosis"] == "melanoma") | (test.index % 20 == 0)]
    for point in operating_points(table(1, "v"), kept, "bad", (0.8,), rounds=100):
        assert point.sensitivity.low is not None
        assert point.found["melanoma"].low is not None
        assert not np.isnan(point.found["basal_cell_carcinoma"].value)
        assert point.found["basal_cell_carcinoma"].low is None
    few = test[(test["truth"] == "good") | (test.index < 20)]
    (point,) = operating_points(table(1, "v"), few, "bad", (0.8,), rounds=100)
    assert point.sensitivity.low is point.specificity.low is None
    assert all(band.groups < 10 and band.positive.low is None for band in bands(test.head(80), "bad", rounds=50))


def test_equal_scores_are_in_one_band() -> None:
    rows = table(4, "x", 100).assign(p_bad=0.5, p_good=0.5)
    (band,) = bands(rows, "bad", rounds=100)
    assert (band.low, band.high, band.images) == (0.5, 0.5, 100)


@given(st.integers(0, 10_000), st.integers(2, 60), st.booleans())
def test_youdens_threshold_against_the_roc_curve(seed: int, images: int, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    truth = np.zeros(images, bool)
    truth[: rng.integers(1, images)] = True
    score = rng.random(images)
    score = score.round(1) if coarse else score
    fall_out, recall, _ = roc_curve(truth, score, drop_intermediate=False)
    threshold = by_youden(truth, score)
    called = score >= threshold
    assert called[truth].mean() - called[~truth].mean() == pytest.approx((recall - fall_out).max())


def test_the_cheapest_threshold_against_trying_all() -> None:
    rng = np.random.default_rng(5)
    truth = rng.random(80) < 0.4
    score = (truth * 0.5 + rng.random(80)).round(2)
    for miss in (0.2, 1, 3.5, 20):

        def cost(threshold: float, miss: float = miss) -> float:
            (_, alarm), (missed, _) = confusion_matrix(truth, score >= threshold)
            return float(miss * missed + alarm)

        assert cost(at_least_cost(truth, score, miss)) == pytest.approx(min(map(cost, np.unique(score))))
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="cannot cost"):
            at_least_cost(truth, score, wrong)
    with pytest.raises(DataError, match="positive and negative"):
        by_youden(np.ones(3, bool), np.arange(3.0))
