from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tejido.cli.evaluate import VIEWS as OFFERED
from tejido.cli.main import main
from tejido.errors import ModelFileError
from tejido.experiments.together import VIEWS, Together, views
from tejido.runtime.classifier import Classifier
from tests.support.experiment import prepare
from tests.support.pictures import smooth
from tests.support.tiny_model import METADATA, tiny_model

PICTURE = smooth(90, 120)


def test_the_eight_views_of_a_square() -> None:
    """All that turning and mirroring can make, each once."""
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    found = {view.tobytes() + bytes(view.shape) for view in views(pixels, 8)}
    wanted = {
        one.tobytes() + bytes(one.shape)
        for turns in range(4)
        for one in (np.rot90(pixels, turns), np.rot90(pixels[:, ::-1], turns))
    }
    assert found == wanted
    assert len(wanted) == 8
    assert np.array_equal(views(pixels, 1)[0], pixels)
    assert OFFERED == VIEWS


def test_the_mean_of_models_and_views() -> None:
    model = Classifier(tiny_model(refusal=()))
    name = METADATA.label_names[0]
    alone = model.predict(PICTURE).probabilities[name]
    assert Together([model, model]).predict(PICTURE).probabilities[name] == pytest.approx(alone)
    looks = [model.predict(np.ascontiguousarray(view)).probabilities[name] for view in views(PICTURE, 4)]
    both = Together([model], 4).predict(PICTURE)
    assert both.probabilities[name] == pytest.approx(np.mean(looks))
    assert sum(both.probabilities.values()) == pytest.approx(1)
    assert both.probabilities[both.label] == max(both.probabilities.values())


def test_refused_by_one_is_refused() -> None:
    strict = Classifier(tiny_model(refusal=(replace(METADATA.refusal[0], above=-1.0),)))
    mild = Classifier(tiny_model(refusal=()))
    answer = Together([mild, strict]).predict(PICTURE)
    assert (answer.refused, answer.reason) == (True, METADATA.refusal[0].code)


def test_other_labels_are_not_averaged() -> None:
    other = Classifier(tiny_model(task="another"))
    with pytest.raises(ModelFileError, match="do not have the same task and labels"):
        Together([Classifier(tiny_model()), other])


def test_in_the_terminal(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path, shared, lesions=60)
    asked = ["evaluate", "skin-suspicion", str(tmp_path / "manifest.parquet"), "--rounds", "100", "--json"]
    assert main([*asked, "--views", "2", "--with", "skin-suspicion"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["title"] == "skin-suspicion + skin-suspicion, 2 views"
    assert any("no threshold was given" in note for note in found["notes"])
    assert main([*asked, "--views", "2", "--threshold", "0.2"]) == 0
    names = {row["name"] for row in json.loads(capsys.readouterr().out)["figures"]}
    assert "sensitivity" in names
    for wrong in (["--views", "3"], ["--views", "2", "--robustness", "5"]):
        assert main([*asked, *wrong]) == 2
        assert "--views" in capsys.readouterr().err
