"""The three figures of calibration against scikit-learn and a count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from tejido.metrics.calibrated import calibration_of

LABELS = ["a", "b", "c"]


def table(probabilities: np.ndarray, truth: np.ndarray, labels: list[str]) -> pd.DataFrame:
    names = [f"i{place}" for place in range(len(truth))]
    values = {f"p_{label}": probabilities[:, place] for place, label in enumerate(labels)}
    return pd.DataFrame({"image_id": names, "group_id": names, "truth": np.array(labels)[truth], **values})


def slope(event: np.ndarray, told: np.ndarray) -> float:
    logit = np.log(told / (1 - told))[:, None]
    return float(LogisticRegression(C=np.inf, tol=1e-10).fit(logit, event).coef_[0, 0])


@pytest.mark.parametrize("positive", [None, "b"])
def test_of_several_labels_and_of_two(positive: str | None) -> None:
    rng = np.random.default_rng(3)
    labels = LABELS if positive is None else LABELS[:2]
    values = rng.dirichlet(np.ones(len(labels)), 450).clip(0.01)
    values /= values.sum(1, keepdims=True)
    truth = np.array([rng.choice(len(labels), p=row) for row in values])
    found = calibration_of(table(values, truth, labels), positive, rounds=200)
    told = values.max(1) if positive is None else values[:, 1]
    event = truth == (values.argmax(1) if positive is None else 1)
    order = np.argsort(told, kind="stable")
    bins = np.array_split(order, 15)
    error = np.mean([abs(told[one].mean() - event[one].mean()) for one in bins])
    shares = np.bincount(truth) / len(truth)
    scale = 1 if positive is None else 0.5
    ignorant = scale * (shares * (1 - shares)).sum()
    brier = brier_score_loss(truth, values, labels=range(len(labels)), scale_by_half=False) * scale
    assert found["calibration_error"].value == pytest.approx(error)
    assert found["calibration_slope"].value == pytest.approx(slope(event, told), rel=1e-4)
    assert found["brier_skill"].value == pytest.approx(1 - brier / ignorant)
    for estimate in found.values():
        assert estimate.low is not None
        assert estimate.low < estimate.high  # type: ignore[operator]


def test_one_label_alone_is_undefined() -> None:
    values = np.full((20, 2), 0.5)
    found = calibration_of(table(values, np.zeros(20, int), ["a", "b"]), "b", rounds=20)
    assert np.isnan(found["calibration_slope"].value)
    assert np.isnan(found["brier_skill"].value)
