from __future__ import annotations

import dataclasses

from tejido.export.card import card
from tests.support.tiny_model import METADATA

FIGURE = {"value": 0.9, "low": 0.8, "high": 0.95}


def test_every_fact_stands_on_the_card() -> None:
    metrics = {
        "all": {"images": 2000, "groups": 1490, "auc": FIGURE, "sensitivity_melanoma": FIGURE | {"low": None}},
        "histology": {"images": 1066, "groups": 614, "auc": FIGURE},
    }
    text = card(dataclasses.replace(METADATA, metrics=metrics))
    assert "| auc | 0.900 (0.800–0.950) | 0.900 (0.800–0.950) |" in text
    assert "| sensitivity melanoma | 0.900 | – |" in text
    assert "| images (groups) | 2,000 (1,490) | 1,066 (614) |" in text
    assert "“bright” from a probability of 0.500" in text
    assert "darkness above 0.95, glare above 0.95" in text
    assert "dark (oscura), bright (clara)" in text
    assert METADATA.recipe_sha256 in text


def test_thresholds_scores_and_the_gate_stand_on_the_card() -> None:
    point = {"wanted": 0.9, "threshold": 0.2, "sensitivity": FIGURE, "specificity": FIGURE | {"value": None}}
    operating = {
        "points": [point | {"found": {"basal_cell_carcinoma": FIGURE}}],
        "bands": [{"low": 0.01, "high": 0.1, "images": 1200, "groups": 900, "positive": FIGURE | {"high": None}}],
    }
    gate = {"false_refusal": 0.05, "learned_from": {"histology: idc": 2100, "made up: text": 150}}
    text = card(dataclasses.replace(METADATA, metrics={"all": {"images": 5, "groups": 5, "auc": FIGURE}},
                                    operating=operating, derivation={"gate": gate}))  # fmt: skip
    assert "| 0.90 | 0.200 | 0.900 (0.800–0.950) | – | 0.900 (0.800–0.950) |" in text
    assert "specificity | basal cell carcinoma |" in text
    assert "| 0.010 to 0.100 | 1,200 | 0.900 |" in text
    assert "may refuse 5 % of its own validation images" in text
    assert "histology: idc (2,100), made up: text (150)" in text


def test_a_task_without_a_positive_label_and_without_histology() -> None:
    metrics = {"all": {"images": 5, "groups": 5, "auc": FIGURE}}
    text = card(dataclasses.replace(METADATA, positive=None, thresholds={}, refusal=(), metrics=metrics))
    assert "the most probable label" in text
    assert "Refuses: nothing" in text
    assert "| | all images |" in text
