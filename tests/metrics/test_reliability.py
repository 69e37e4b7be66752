from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss
from torch import from_numpy
from torchmetrics.functional.classification import binary_calibration_error

from tejido.metrics import reliability

RNG = np.random.default_rng(0)
P = RNG.beta(1, 3, 4000)
Y = RNG.random(4000) < P
BOTH = np.column_stack([1 - P, P])
ONES = np.ones(4000)
WEIGHTS = RNG.integers(0, 4, 4000).astype(float)
THREE = RNG.dirichlet([1, 2, 3], 4000)
KIND = np.array([RNG.choice(3, p=row) for row in THREE])


@pytest.mark.parametrize("weights", [ONES, WEIGHTS])
def test_proper_scores_are_scikit_learns(weights: np.ndarray) -> None:
    assert reliability.brier(Y.astype(int), BOTH)(weights) == pytest.approx(
        brier_score_loss(Y, P, sample_weight=weights)
    )
    assert reliability.brier(KIND, THREE)(weights) == pytest.approx(
        brier_score_loss(KIND, THREE, sample_weight=weights)
    )
    for truth, values in ((Y.astype(int), BOTH), (KIND, THREE)):
        expected = sklearn_log_loss(truth, values, sample_weight=weights)
        assert reliability.log_loss(truth, values)(weights) == pytest.approx(expected)


def test_skill_is_nought_for_who_knows_only_the_shares() -> None:
    share = Y.mean()
    ignorant = np.tile([1 - share, share], (4000, 1))
    assert reliability.brier_skill(Y.astype(int), ignorant)(ONES) == pytest.approx(0, abs=1e-12)
    assert reliability.brier_skill(Y.astype(int), np.eye(2)[Y.astype(int)])(ONES) == 1
    assert reliability.brier_skill(KIND, THREE)(ONES) > 0.05
    assert np.isnan(reliability.brier_skill(np.zeros(10, int), np.tile([0.5, 0.5], (10, 1)))(np.ones(10)))


def test_calibration_error_by_hand_and_as_torchmetrics() -> None:
    p, y = np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 1, 1, 1], bool)
    assert reliability.calibration_error(y, p, bins=2)(np.ones(4)) == pytest.approx((0.4 + 0.1) / 2)
    # Bins of equal width and of equal number are the same for scores that are spread evenly.
    even = (np.arange(1500) + 0.5) / 1500
    truth = RNG.random(1500) < even**2
    expected = float(
        binary_calibration_error(from_numpy(np.maximum(even, 1 - even)), from_numpy((even >= 0.5) == truth).int())
    )
    top = reliability.calibration_error((even >= 0.5) == truth, np.maximum(even, 1 - even))(np.ones(1500))
    assert top == pytest.approx(expected, abs=0.02)
    assert reliability.calibration_error(Y, P)(ONES) < 0.03
    assert reliability.calibration_error(Y, P**2)(ONES) > 0.1


@pytest.mark.parametrize("weights", [ONES, WEIGHTS])
@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_slope_is_that_of_a_regression(weights: np.ndarray, power: float) -> None:
    logits = power * np.log(P / (1 - P))
    changed = 1 / (1 + np.exp(-logits))
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(logits[:, None], Y, sample_weight=weights).coef_[0, 0]
    assert reliability.calibration_slope(Y, changed)(weights) == pytest.approx(fitted, rel=1e-3)
    assert fitted == pytest.approx(1 / power, rel=0.15)


@pytest.mark.parametrize(
    ("truth", "probability"),
    [
        (np.zeros(20, bool), np.linspace(0.1, 0.9, 20)),
        (np.arange(20) >= 10, np.linspace(0.1, 0.9, 20)),  # parted by the score: the slope has no end
        (np.arange(20) % 2 == 0, np.full(20, 0.3)),
    ],
)
def test_slopes_that_do_not_exist(truth: np.ndarray, probability: np.ndarray) -> None:
    assert np.isnan(reliability.calibration_slope(truth, probability)(np.ones(20)))


def test_certainty_is_finite() -> None:
    certain = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert np.isfinite(reliability.log_loss(np.array([1, 0]), certain)(np.ones(2)))
