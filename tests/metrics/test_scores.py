from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr
from sklearn.metrics import f1_score, roc_auc_score

from tejido.errors import DataError
from tejido.metrics.scores import auc, by_support, correlation, f1, macro_auc, mean_of, share
from tejido.metrics.thresholds import at_sensitivity

ONES = np.ones(4)


def test_auc_by_hand() -> None:
    positive = np.array([True, False, True, False])
    assert auc(positive, np.array([0.9, 0.1, 0.4, 0.6]))(ONES) == 0.75  # 3 of 4 pairs in order
    assert auc(positive, np.array([0.5, 0.5, 0.5, 0.5]))(ONES) == 0.5
    assert np.isnan(auc(np.ones(4, bool), np.arange(4.0))(ONES))


@given(
    arrays(bool, 12),
    arrays(float, 12, elements=st.integers(0, 5).map(float)),
    arrays(float, 12, elements=st.integers(0, 3).map(float)),
)
def test_weights_count_as_copies(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> None:
    copies = weights.astype(int)
    weighted = auc(positive, score)(weights)
    p, s = np.repeat(positive, copies), np.repeat(score, copies)
    if p.all() or not p.any():
        assert np.isnan(weighted)
        return
    above = (s[p][:, None] > s[~p]).mean() + 0.5 * (s[p][:, None] == s[~p]).mean()  # Mann-Whitney
    assert weighted == pytest.approx(above)
    assert weighted == pytest.approx(roc_auc_score(positive, score, sample_weight=weights))


def test_shares_by_hand() -> None:
    hit, among = np.array([True, True, False, False]), np.array([True, False, True, True])
    assert share(hit, among)(ONES) == pytest.approx(1 / 3)
    assert share(hit, among)(np.array([2.0, 1, 0, 1])) == pytest.approx(2 / 3)
    assert np.isnan(share(hit, np.zeros(4, bool))(ONES))
    assert mean_of([share(hit, among), share(hit, hit)])(ONES) == pytest.approx(2 / 3)


def test_macro_auc_is_the_mean_over_classes() -> None:
    truth = np.array([0, 1, 2, 1])
    p = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.3, 0.4], [0.5, 0.2, 0.3]])
    by_hand = (1.0 + 0.75 + 1.0) / 3
    assert macro_auc(truth, p)(ONES) == pytest.approx(by_hand)


def test_threshold_at_a_sensitivity_by_hand() -> None:
    score = np.array([0.9, 0.8, 0.3, 0.1, 0.95])
    positive = np.array([True, True, True, True, False])
    assert at_sensitivity(positive, score, 0.5) == pytest.approx(0.55)  # between 0.8 and 0.3
    assert at_sensitivity(positive, score, 0.75) == pytest.approx(0.2)
    assert at_sensitivity(positive, score, 0.76) == 0.1  # nothing lies below
    assert at_sensitivity(positive, score, 1.0) == 0.1
    tiny = np.array([0.0, 5e-324])  # neighbours: their middle rounds to the lower one
    assert at_sensitivity(np.array([False, True]), tiny, 1.0) == 5e-324
    with pytest.raises(DataError, match="no positive"):
        at_sensitivity(np.zeros(5, bool), score, 0.5)


@given(arrays(float, 30, elements=st.floats(0, 1)), st.floats(0, 1))
def test_a_higher_threshold_would_miss_the_sensitivity(score: np.ndarray, wanted: float) -> None:
    positive = np.arange(30) < 20
    threshold = at_sensitivity(positive, score, wanted)
    assert (score[positive] >= threshold).mean() >= wanted - 1e-9
    reached = score[positive][score[positive] >= threshold].min()
    higher = score[positive][score[positive] > reached]
    if len(higher) and wanted > 0.05:
        assert (score[positive] >= higher.min()).mean() < wanted


@given(
    arrays(int, 15, elements=st.integers(0, 2)),
    arrays(int, 15, elements=st.integers(0, 2)),
    arrays(float, 15, elements=st.integers(0, 3).map(float)),
)
def test_f1_is_scikit_learns(truth: np.ndarray, chosen: np.ndarray, weights: np.ndarray) -> None:
    classes = [0, 1, 2]
    parts = [f1(chosen == c, truth == c) for c in classes]
    members = [truth == c for c in classes]
    for c in classes:
        value = parts[c](weights)
        if not weights[(truth == c) | (chosen == c)].sum():
            assert np.isnan(value)
        else:
            expected = f1_score(truth, chosen, labels=[c], average="macro", sample_weight=weights, zero_division=0)
            assert value == pytest.approx(expected)
    if weights.sum():
        expected = f1_score(truth, chosen, labels=classes, average="weighted", sample_weight=weights, zero_division=0)
        assert by_support(parts, members)(weights) == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3))
def test_correlation_is_scipys(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, float).T
    found = correlation(one, other)(np.ones(len(pairs)))
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(one, other).statistic)
