from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tejido.metrics.compare import corrected_resampled_t, holm


def test_by_hand() -> None:
    # d = 1, 2, 3: mean 2, variance 1. (1/3 + 1/6) * 1 = 1/2, so t = 2 * sqrt(2); for 2 degrees of freedom
    # p = 1 - t / sqrt(2 + t^2) = 1 - sqrt(8 / 10).
    found = corrected_resampled_t([1, 2, 3], 1 / 6)
    assert found.degrees == 2
    assert found.t == pytest.approx(2 * np.sqrt(2))
    assert found.p == pytest.approx(1 - np.sqrt(0.8))


def test_without_correction_it_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=8), rng.normal(0.3, size=8)
    found, scipys = corrected_resampled_t(a - b, 0), stats.ttest_rel(a, b)
    assert (found.t, found.p) == pytest.approx((scipys.statistic, scipys.pvalue))
    corrected = corrected_resampled_t(a - b, 0.25)
    assert found.t is not None
    assert corrected.t == pytest.approx(found.t / np.sqrt(1 + 8 * 0.25))


def test_it_keeps_its_promise_where_the_plain_test_breaks_it() -> None:
    # Differences of resampled runs share training data: correlation n_test / (n_test + n_train) (Nadeau and Bengio).
    # There is nothing to find, so 5 % may reject.
    rng = np.random.default_rng(1)
    runs, ratio = 10, 0.25
    share = ratio / (1 + ratio)
    differences = np.sqrt(share) * rng.normal(size=(2000, 1)) + np.sqrt(1 - share) * rng.normal(size=(2000, runs))
    rejected = {r: np.mean([corrected_resampled_t(d, r).p < 0.05 for d in differences]) for r in (0, ratio)}  # type: ignore[operator]
    assert rejected[0] > 0.25
    assert rejected[ratio] == pytest.approx(0.05, abs=0.015)


def test_differences_that_do_not_vary_tell_nothing() -> None:
    assert corrected_resampled_t([0.1, 0.1, 0.1], 0.25).p is None
    with pytest.raises(ValueError, match="at least two pairs"):
        corrected_resampled_t([0.1], 0.25)


def test_holm_by_hand() -> None:
    # Sorted: .005 * 4, .01 * 3, .03 * 2, .04 * 1 = .02, .03, .06, .04; the last may not fall below the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, None, 0.6]) == [1.0, None, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_the_p_value_and_bonferroni_and_keeps_the_order(p: list[float]) -> None:
    adjusted = holm(p)
    for before, after in zip(p, adjusted, strict=True):
        assert after is not None
        assert before <= after <= min(1, len(p) * before)
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(np.array(adjusted, float)[order]) >= 0)
