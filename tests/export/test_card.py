from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from huggingface_hub import ModelCard

from tejido.export.card import card
from tejido.runtime.metadata import TrainingData
from tests.support.pictures import encode, noise
from tests.support.tiny_model import METADATA, tiny_model

FIGURE = {"value": 0.9, "low": 0.8, "high": 0.95}
ALL = {"all": {"images": 5, "groups": 5, "auc": FIGURE}}


def head_of(text: str) -> dict[str, Any]:
    """What stands between the first two lines of dashes."""
    nothing, head, _ = text.split("---\n", 2)
    assert nothing == ""
    found: dict[str, Any] = yaml.safe_load(head)
    return found


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


def test_programs_can_read_its_head() -> None:
    recall = {"value": 0.75, "low": None, "high": None}
    metrics = {
        "all": {"images": 20, "groups": 15, "auc": FIGURE, "recall_bright": recall, "f1_dark": {"value": None}},
        "histology": {"images": 10, "groups": 8, "auc": FIGURE | {"value": 0.81234567}},
        "other": {"images": 3, "refused": FIGURE, "refused_in_error": FIGURE},
    }
    text = card(dataclasses.replace(METADATA, name="a: 'name' --- with #signs", metrics=metrics))
    head = head_of(text)
    assert (head["license"], head["library_name"], head["pipeline_tag"]) == ("cc0-1.0", "onnx", "image-classification")
    assert {"dermoscopy", "brightness"} <= set(head["tags"])
    assert head["datasets"] == ["none"]
    assert head["metrics"] == ["recall", "roc_auc"]
    hub = ModelCard(text)
    assert hub.data.model_name == "a: 'name' --- with #signs"
    found = {(one.dataset_name, one.metric_type): one.metric_value for one in hub.data.eval_results or ()}
    assert found == {
        ("test images of none: all images", "roc_auc"): 0.9,
        ("test images of none: all images", "recall"): 0.75,
        ("test images of none: histology-confirmed only", "roc_auc"): 0.8123,
    }
    assert "auc (95 % interval 0.800 to 0.950)" in text


def test_a_licence_that_the_hub_does_not_know() -> None:
    head = head_of(card(dataclasses.replace(METADATA, licence="Ours alone", metrics=ALL)))
    assert (head["license"], head["license_name"]) == ("other", "Ours alone")


def test_what_it_says_of_its_use_can_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.onnx").write_bytes(tiny_model())
    (tmp_path / "picture.jpg").write_bytes(encode(noise(), "JPEG"))
    monkeypatch.chdir(tmp_path)
    code = card(dataclasses.replace(METADATA, metrics=ALL)).split("```python\n")[1].split("```")[0]
    known: dict[str, Any] = {}
    exec(code, known)
    assert set(known["answer"].probabilities) == {"dark", "bright"}


def test_what_is_known_of_its_archives_and_of_strangers_stands_among_the_limits() -> None:
    data = (TrainingData("ham10000", 10, 5, "CC-BY-NC-4.0", "somebody"), TrainingData("my own", 3, 3, "none", "me"))
    text = card(dataclasses.replace(METADATA, training_data=data, metrics=ALL))
    limits = text.split("## Limits")[1].split("\n## ")[0]
    assert "ham10000: Invasive squamous-cell carcinoma hardly occurs in it" in limits
    assert "does not recognise a picture of something else" in limits
    assert "my own" not in limits


def test_how_true_its_probabilities_are() -> None:
    rng = np.random.default_rng(0)
    told = rng.uniform(0.05, 0.95, 600)
    truth = np.where(rng.random(600) < told, "bright", "dark")
    names = [f"i{number}" for number in range(600)]
    table = pd.DataFrame({"image_id": names, "group_id": names, "truth": truth, "p_dark": 1 - told, "p_bright": told})
    metadata = dataclasses.replace(METADATA, metrics=ALL)
    text = card(metadata, table, rounds=100)
    values = {
        line.split(" | ")[0].removeprefix("| "): float(line.split(" | ")[1].split(" ")[0])
        for line in text.splitlines()
        if line.startswith(("| Calibration", "| Brier"))
    }
    share = (truth == "bright").mean()
    skill = 1 - np.mean((told - (truth == "bright")) ** 2) / (share * (1 - share))
    assert values["Brier skill"] == pytest.approx(skill, abs=6e-4)
    assert values["Calibration slope"] == pytest.approx(1, abs=0.25)
    assert values["Calibration error"] < 0.08
    assert "| Brier" not in card(metadata)


def test_prediction_sets_stand_on_the_card() -> None:
    sets = {"coverage": 0.9, "least": {"dark": 0.25, "bright": 0.125}, "covered": {"all": FIGURE, "dark": FIGURE}}
    text = card(dataclasses.replace(METADATA, metrics=ALL, operating={"sets": sets}))
    assert "among them for 90 % of new lesions or patients" in text
    assert "| dark | 0.250 | 0.900 (0.800–0.950) |" in text
    assert "| bright | 0.125 | – |" in text
