from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from tejido.errors import DataError
from tejido.metrics.delong import compare, variances

RNG = np.random.default_rng(0)


def by_all_pairs(positive: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equations 4 to 6 of DeLong et al. 1988, pair by pair."""
    x, y = scores[:, positive], scores[:, ~positive]
    won = (x[:, :, None] > y[:, None, :]) + 0.5 * (x[:, :, None] == y[:, None, :])
    v10, v01 = won.mean(2), won.mean(1)
    areas = won.mean((1, 2))
    s10 = (v10 - areas[:, None]) @ (v10 - areas[:, None]).T / (x.shape[1] - 1)
    s01 = (v01 - areas[:, None]) @ (v01 - areas[:, None]).T / (y.shape[1] - 1)
    return areas, s10 / x.shape[1] + s01 / y.shape[1]


rows = st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 5)), min_size=6, max_size=30)


@given(rows)
def test_it_is_what_the_paper_says(found: list[tuple[bool, int, int]]) -> None:
    positive = np.array([row[0] for row in found])
    scores = np.array([[row[1] for row in found], [row[2] for row in found]], float)
    if min(positive.sum(), (~positive).sum()) < 2:
        with pytest.raises(DataError, match="too few for a variance"):
            variances(positive, scores)
        return
    areas, covariance = variances(positive, scores)
    expected = by_all_pairs(positive, scores)
    assert np.allclose(areas, expected[0])
    assert np.allclose(covariance, expected[1])
    assert areas[0] == pytest.approx(roc_auc_score(positive, scores[0]))


def test_no_difference_and_a_large_one() -> None:
    positive = RNG.random(400) < 0.4
    good, bad = positive + RNG.normal(0, 0.7, 400), positive + RNG.normal(0, 3, 400)
    same = compare(positive, good, 2 * good)
    assert (same.difference, same.p) == (0, 1)
    found = compare(positive, good, bad)
    assert found.low > 0
    assert found.p < 1e-6
    assert compare(positive, bad, good).difference == -found.difference


def test_it_is_right_as_often_as_it_says() -> None:
    """Two scores that are equally good: 5 % of 600 tests are below 0.05."""
    low = 0
    for _ in range(600):
        positive = np.arange(120) < 50
        shared = positive + RNG.normal(0, 1, 120)
        low += compare(positive, shared + RNG.normal(0, 0.7, 120), shared + RNG.normal(0, 0.7, 120)).p < 0.05
    assert 0.025 < low / 600 < 0.08
