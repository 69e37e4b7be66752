"""What a report of a model file takes from the file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

import tejido
from tejido.experiments.facts import Facts, gather
from tejido.experiments.predict import Predictions
from tejido.report.html.page import page

RESULTS = Path(__file__).parents[2] / "docs" / "results"


def gathered(name: str) -> Facts:
    """Of a bundled file and its kept answers on test, as if it had just been asked."""
    model = tejido.load(name)
    table = pd.read_parquet(RESULTS / name / "bundled" / "predictions.parquet")
    table = table[table["split"] == "test"].drop(columns="split").reset_index(drop=True)
    positive = model.metadata.positive
    threshold = None if positive is None else model.metadata.thresholds[positive]
    found = Predictions(name, table, positive, threshold, model=model)
    return gather(found, {"all": []}, None, model, rounds=100)


def test_thresholds_and_sets_are_those_of_the_file() -> None:
    facts = gathered("skin-suspicion")
    said = tejido.load("skin-suspicion").metadata.operating
    assert [(point.wanted, point.threshold) for point in facts.points] == [
        (point["wanted"], point["threshold"]) for point in said["points"]
    ]
    for point, known in zip(facts.points, said["points"], strict=True):
        # The same images as those on which the file was measured.
        assert point.sensitivity.value == pytest.approx(known["sensitivity"]["value"], abs=0.004)
        assert point.found["melanoma"].value == pytest.approx(known["found"]["melanoma"]["value"], abs=0.01)
    assert facts.sets is not None
    sets, checked = facts.sets
    assert sets.least == said["sets"]["least"]
    for label, share in said["sets"]["covered"].items():
        assert checked.coverage[label].value == pytest.approx(share["value"], abs=0.002)
    text = page(dataclasses.replace(facts, figures={"all": []}))
    assert 'id="thresholds"' in text
    assert "as the model file carries them" in text


def test_several_labels_have_sets_and_no_thresholds() -> None:
    facts = gathered("skin-3")
    assert not facts.points
    assert facts.sets is not None
    assert set(facts.sets[0].least) == {"carcinoma", "melanoma", "benign_keratosis"}
