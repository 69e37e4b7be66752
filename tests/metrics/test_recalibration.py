from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from tejido.metrics.recalibration import Recalibration, fit, moved


def cases(
    seed: int, count: int, scale: float = 1.0, bias: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities, and truths for which ``scale`` x logit + ``bias`` would be right."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 2, count)
    right = 1 / (1 + np.exp(-(scale * logit + bias)))
    p = 1 / (1 + np.exp(-logit))
    return np.stack([1 - p, p], axis=1), (rng.random(count) < right).astype(np.int64)


def test_more_ill_people_change_the_bias_alone() -> None:
    found = fit(*cases(1, 4000, bias=1.2))
    assert found.method == "bias"
    assert found.scale == 1
    assert found.bias[1] == pytest.approx(1.2, abs=0.15)


def test_too_sure_a_model_against_scikit_learn() -> None:
    values, truth = cases(2, 3000, scale=0.5, bias=-0.4)
    found = fit(values, truth)
    assert found.method == "scale_and_bias"
    logit = np.log(values[:, 1] / values[:, 0])[:, None]
    line = LogisticRegression(C=np.inf).fit(logit, truth)
    assert found.scale == pytest.approx(line.coef_[0, 0], abs=1e-3)
    assert found.bias[1] == pytest.approx(line.intercept_[0], abs=1e-3)
    np.testing.assert_allclose(found.apply(values)[:, 1], line.predict_proba(logit)[:, 1], atol=1e-3)


def test_a_model_that_fits_is_left_alone() -> None:
    left = sum(fit(*cases(seed, 120)).method == "nothing" for seed in range(100))
    assert left >= 88  # 95 are meant; 88 or fewer by chance once in 200 times


def test_several_labels() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(3000, 4)) * 2
    bias = np.array([0.0, 1.0, -1.0, 0.5])
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    right = np.exp(logits + bias) / np.exp(logits + bias).sum(1, keepdims=True)
    truth = np.array([rng.choice(4, p=row) for row in right])
    found = fit(p, truth)
    assert found.method == "bias"
    assert found.bias == pytest.approx(bias, abs=0.2)
    assert found.apply(p).sum(1) == pytest.approx(1)


@given(st.floats(0.01, 0.99), st.floats(0.2, 4), st.floats(-3, 3), st.sampled_from([0, 1]))
def test_the_moved_threshold_decides_as_before(threshold: float, scale: float, bias: float, positive: int) -> None:
    change = Recalibration("scale_and_bias", scale, (0.0, bias))
    p = np.linspace(0.001, 0.999, 997)
    p = p[np.abs(p - threshold) > 1e-6]
    values = np.stack([1 - p, p], axis=1) if positive == 1 else np.stack([p, 1 - p], axis=1)
    after = change.apply(values)[:, positive]
    assert ((after >= moved(threshold, positive, change)) == (p >= threshold)).all()


def test_impossible_certainty_stays_finite() -> None:
    change = Recalibration("scale_and_bias", 2.0, (0.0, 1.0))
    assert np.isfinite(change.apply(np.array([[1.0, 0.0], [0.0, 1.0]]))).all()
