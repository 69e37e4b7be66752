from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import auc as area
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score, roc_curve

from tejido.errors import DataError
from tejido.metrics.challenge import CHALLENGES, challenge

RNG = np.random.default_rng(0)


def table(labels: list[str], images: int = 300) -> pd.DataFrame:
    truth = RNG.integers(0, len(labels), images)
    values = RNG.dirichlet(np.ones(len(labels)), images)
    values = (values + 0.5 * np.eye(len(labels))[truth]) / 1.5
    rows = pd.DataFrame(values, columns=[f"p_{label}" for label in labels])
    return rows.assign(
        image_id=[f"i{n}" for n in range(images)],
        group_id=[f"g{n}" for n in range(images)],
        truth=np.array(labels)[truth],
    )


TWO = table(["benign", "malignant"])
MALIGNANT = (TWO["truth"] == "malignant").to_numpy()
SCORE = TWO["p_malignant"].to_numpy()
ONES = np.ones(300)


def test_binary_ones() -> None:
    assert challenge("isic2016", TWO, "malignant")(ONES) == pytest.approx(average_precision_score(MALIGNANT, SCORE))
    assert challenge("isic2020", TWO, "malignant")(ONES) == pytest.approx(roc_auc_score(MALIGNANT, SCORE))


def test_2024_is_the_area_above_a_sensitivity_of_eighty_percent() -> None:
    """By the drawing: the curve's points, cut off below 0.8."""
    fall_out, recall, _ = roc_curve(MALIGNANT, SCORE, drop_intermediate=False)
    fine = np.linspace(0, 1, 200_001)
    height = np.maximum(np.interp(fine, fall_out, recall) - 0.8, 0)
    found = challenge("isic2024", TWO, "malignant")(ONES)
    assert found == pytest.approx(area(fine, height), abs=1e-4)
    assert 0 < found < 0.2
    perfect = TWO.assign(p_malignant=MALIGNANT.astype(float), p_benign=(~MALIGNANT).astype(float))
    assert challenge("isic2024", perfect, "malignant")(ONES) == pytest.approx(0.2)


def test_several_labels() -> None:
    three = table(["melanoma", "seborrheic_keratosis", "nevus"])
    labels = ["melanoma", "seborrheic_keratosis", "nevus"]
    values = three[[f"p_{label}" for label in labels]].to_numpy()
    expected = balanced_accuracy_score(three["truth"], np.array(labels)[values.argmax(1)])
    for name in ("isic2018", "isic2019"):
        assert challenge(name, three)(ONES) == pytest.approx(expected)
    areas = [roc_auc_score(three["truth"] == label, three[f"p_{label}"]) for label in labels[:2]]
    assert challenge("isic2017", three)(ONES) == pytest.approx(np.mean(areas))


@pytest.mark.parametrize(
    ("name", "positive", "message"),
    [
        ("isic2015", None, "there is no challenge 'isic2015'"),
        ("isic2017", None, "the predictions have no melanoma"),
        ("isic2020", None, "isic2020 needs the malignant label; the predictions have: benign, malignant"),
        ("isic2024", "melanoma", "needs the malignant label"),
    ],
)
def test_tables_of_another_task(name: str, positive: str | None, message: str) -> None:
    assert len(CHALLENGES) == 6
    with pytest.raises(DataError, match=message):
        challenge(name, TWO, positive)
