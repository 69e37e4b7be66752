"""What a report of a model file takes from the file."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pandas as pd
import pytest

import tejido
from tejido.experiments.facts import Facts, gather
from tejido.experiments.predict import Predictions, of_run
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


def of_copy(folder: Path, *, split: bool) -> str:
    """The report of the bundled model's run, whose manifest is gone."""
    own = folder / "run"
    own.mkdir()
    for name in (
        "recipe.yaml",
        "metrics.csv",
        "metrics.json",
        "predictions.parquet",
        *(["split.parquet"] if split else []),
    ):
        shutil.copy(RESULTS / "skin-suspicion" / name, own / name)
    recipe = (own / "recipe.yaml").read_text().replace("data/ham10000_clean.parquet", "nowhere/gone.parquet")
    (own / "recipe.yaml").write_text(recipe)
    return page(gather(of_run(own), {"all": []}, own, rounds=100))


def test_the_leak_check_without_the_manifest(tmp_path: Path) -> None:
    text = of_copy(tmp_path, split=True)
    assert "No group stands on two sides of the split; counted again for this report." in text
    assert "The manifest is not at hand: labels are not counted" in text
    assert '<tr><th>train</th><td class="n">6,494</td><td class="n">4,840</td></tr>' in text


def test_a_leak_check_that_cannot_be_made_is_not_passed_over(tmp_path: Path) -> None:
    text = of_copy(tmp_path, split=False)
    assert "Whether groups stand on two sides of the split could not be checked" in text
    assert "counted again" not in text
    assert "this could not be checked" in page(gathered("skin-3"))


def test_several_labels_have_sets_and_no_thresholds() -> None:
    facts = gathered("skin-3")
    assert not facts.points
    assert facts.sets is not None
    assert set(facts.sets[0].least) == {"carcinoma", "melanoma", "benign_keratosis"}
