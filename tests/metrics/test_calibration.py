from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from tejido.metrics import calibration
from tejido.metrics.calibration import Calibration


def test_binary_calibration_equals_an_unpenalised_logistic_regression() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(3000) < 0.2).astype(int)
    margin = 2.5 * truth + rng.normal(size=3000)
    logits = np.stack([-margin / 2, margin / 2], axis=1)
    fitted = calibration.fit(logits, truth)
    reference = LogisticRegression(C=np.inf).fit(margin[:, None], truth)
    ours = fitted.apply(logits)[:, 1]
    assert ours == pytest.approx(reference.predict_proba(margin[:, None])[:, 1], abs=1e-3)
    assert ours.mean() == pytest.approx(truth.mean(), abs=1e-4)


def test_it_recovers_the_scale_and_the_prior_that_were_hidden() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(40_000, 3)) * 2
    truth_model = Calibration(0.5, (0.0, 1.0, -0.5))
    p = truth_model.apply(logits)
    truth = (p.cumsum(1) < rng.random((40_000, 1))).sum(1)
    fitted = calibration.fit(logits, truth)
    assert fitted.scale == pytest.approx(0.5, abs=0.02)
    assert fitted.bias == pytest.approx((0.0, 1.0, -0.5), abs=0.05)


def drawn(model: Calibration, images: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and truths as likely as the model says."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(images, len(model.bias))) * 2
    return logits, (model.apply(logits).cumsum(1) < rng.random((images, 1))).sum(1)


def test_temperature_is_the_best_single_scale_and_keeps_every_label() -> None:
    logits, truth = drawn(Calibration(0.4, (0.0, 0.8, -0.3)), 5000, 3)

    def loss(scale: float) -> float:
        return float(log_loss(truth, Calibration(scale, (0.0, 0.0, 0.0)).apply(logits)))

    fitted = calibration.fit(logits, truth, "temperature")
    assert fitted.bias == (0.0, 0.0, 0.0)
    assert fitted.scale == pytest.approx(minimize_scalar(loss, bounds=(0.01, 10), method="bounded").x, rel=1e-3)
    assert (fitted.apply(logits).argmax(1) == logits.argmax(1)).all()


def test_vector_scaling_recovers_a_scale_and_a_bias_of_every_label() -> None:
    logits, truth = drawn(Calibration((0.4, 1.0, 1.6), (0.0, 0.8, -0.3)), 40_000, 4)
    fitted = calibration.fit(logits, truth, "vector")
    assert fitted.scale == pytest.approx((0.4, 1.0, 1.6), abs=0.04)
    assert fitted.bias == pytest.approx((0.0, 0.8, -0.3), abs=0.06)
    # The more is free, the better it fits what it was fitted on.
    found = [calibration.fit(logits, truth, method) for method in ("temperature", "scale_and_bias", "vector")]
    losses = [log_loss(truth, one.apply(logits)) for one in found]
    assert losses[0] > losses[1] > losses[2]


def test_probabilities_sum_to_one() -> None:
    p = Calibration(3.0, (0.0, 100.0)).apply(np.array([[500.0, -500.0], [0.0, 0.0]]))
    assert np.isfinite(p).all()
    assert p.sum(1) == pytest.approx(1)


@pytest.mark.parametrize("balance", ["oversample", "weights"])
@pytest.mark.parametrize("priors", [(0.9, 0.1), (0.85, 0.12, 0.03)])
def test_it_undoes_the_priors_that_balanced_training_pretends(balance: str, priors: tuple[float, ...]) -> None:
    """The bias found is the logarithm of the true priors against equal ones (Saerens et al. 2002)."""
    rng = np.random.default_rng(2)
    classes, centres = len(priors), np.eye(len(priors)) * 2

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        truth = rng.choice(classes, count, p=priors)
        return centres[truth] + rng.normal(size=(count, classes)), truth

    (seen, labels), (val, truth) = draw(40_000), draw(20_000)
    model = LogisticRegression(C=np.inf, class_weight="balanced" if balance == "weights" else None)
    if balance == "oversample":
        rows = rng.choice(len(labels), 60_000, p=(1 / np.bincount(labels) / classes)[labels])
        seen, labels = seen[rows], labels[rows]
    margin = model.fit(seen, labels).decision_function(val)
    logits = np.stack([np.zeros_like(margin), margin], 1) if classes == 2 else margin
    prevalence = np.bincount(truth) / len(truth)
    pretended = Calibration(1.0, (0.0,) * classes).apply(logits).mean(0)
    assert pretended[0] < priors[0] - 0.05
    fitted = calibration.fit(logits, truth)
    assert fitted.apply(logits).mean(0) == pytest.approx(prevalence, abs=1e-4)
    assert fitted.scale == pytest.approx(1, abs=0.05)
    assert fitted.bias == pytest.approx(tuple(np.log(np.array(priors) / priors[0])), abs=0.15)
