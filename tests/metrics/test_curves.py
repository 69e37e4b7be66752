from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from tejido.metrics.curves import average_precision, net_benefit, partial_auc, sensitivity_at

ONES = np.ones(8)
TRUTH = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
SCORE = np.array([0.9, 0.8, 0.7, 0.7, 0.4, 0.3, 0.2, 0.1])


def test_by_hand() -> None:
    # Thresholds .9 .8 .7 .4: precision 1, 1, 3/4, 4/5 at recall 1/4, 2/4, 3/4, 4/4
    assert average_precision(TRUTH, SCORE)(ONES) == pytest.approx((1 + 1 + 3 / 4 + 4 / 5) / 4)
    assert sensitivity_at(TRUTH, SCORE, 1)(ONES) == 0.5
    assert sensitivity_at(TRUTH, SCORE, 0.75)(ONES) == 1
    # Four of eight called from .5 on, one of them wrongly; a wrong one costs a third.
    assert net_benefit(TRUTH, SCORE, 0.25)(ONES) == pytest.approx(4 / 8 - 2 / 8 / 3)
    assert net_benefit(TRUTH, SCORE, 0.5)(ONES) == pytest.approx(3 / 8 - 1 / 8)


cases = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 3)), min_size=4, max_size=30)


@given(cases, st.sampled_from([0.5, 0.8, 0.9]))
def test_weighted_they_are_scikit_learns(rows: list[tuple[bool, int, int]], specificity: float) -> None:
    truth = np.array([row[0] for row in rows])
    score = np.array([row[1] for row in rows], float)
    weights = np.array([row[2] for row in rows], float)
    assume(weights[truth].sum() > 0)
    assume(weights[~truth].sum() > 0)
    kept = weights > 0  # scikit-learn also counts thresholds that no image has
    given = {"y_true": truth[kept], "y_score": score[kept], "sample_weight": weights[kept]}
    assert average_precision(truth, score)(weights) == pytest.approx(average_precision_score(**given))
    expected = roc_auc_score(**given, max_fpr=1 - specificity)
    assert partial_auc(truth, score, specificity)(weights) == pytest.approx(expected)
    fall_out, recall, _ = roc_curve(**given, drop_intermediate=False)
    assert sensitivity_at(truth, score, specificity)(weights) == pytest.approx(
        recall[fall_out <= 1 - specificity + 1e-12].max()
    )


def test_undefined_without_a_class() -> None:
    none = np.zeros(8, bool)
    assert np.isnan(average_precision(none, SCORE)(ONES))
    for truth in (none, ~none):
        assert np.isnan(partial_auc(truth, SCORE, 0.8)(ONES))
        assert np.isnan(sensitivity_at(truth, SCORE, 0.8)(ONES))
    assert np.isnan(net_benefit(TRUTH, SCORE, 0.5)(np.zeros(8)))
