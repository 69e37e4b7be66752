"""From a finished teacher to a student's model file, on real pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tejido import recipe as recipes
from tejido.cli.main import main
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.errors import DataError, RecipeError
from tejido.experiments.build import build
from tejido.experiments.datasets import load_parts
from tejido.experiments.distil import teaching_of
from tejido.experiments.run import Run
from tejido.runtime.classifier import Classifier
from tejido.training.fit import Teaching
from tests.support.experiment import prepare, trained


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    return prepare(tmp_path_factory.mktemp("tiny"), shared, lesions=120)


@pytest.fixture(scope="module")
def teacher(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    # in float32: after one epoch a probability may turn on the last digits of a float16
    options = ["network.name=student_k2", "training.epochs=1", "export.weights=float32"]
    return trained(tmp_path_factory.mktemp("teacher"), recipe, *options).folder


def test_from_a_recipe_to_a_model_file(
    recipe: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    taught = [f"distillation.teachers=[{teacher}]", "distillation.views=1"]
    assert main(["distill", str(recipe), "training.epochs=2", *taught]) == 0
    (folder,) = (tmp_path / "runs" / "tiny").iterdir()
    assert json.loads((folder / "metrics.json").read_text())["agreement"]["labels"] >= 0.995
    assert "train_guide" in pd.read_csv(folder / "metrics.csv")
    derivation = Classifier(folder / "model.onnx").metadata.derivation
    sha = Run.open(teacher).recipe.sha256()
    assert derivation == {"teachers": [{"name": "tiny", "network": "student_k2", "recipe_sha256": sha}]}
    assert f"- Distilled from: tiny (student_k2, recipe sha256 `{sha}`)" in (folder / "card.md").read_text()
    assert len(list((teacher / "answers").iterdir())) == 1
    # resumed by its own verb only
    assert main(["distill", "--resume", str(folder)]) == 0
    assert main(["train", "--resume", str(folder)]) == 1


def test_each_verb_has_its_recipes(recipe: Path, teacher: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["distill", str(recipe)]) == 1
    assert "it has no distillation section; use tejido train" in capsys.readouterr().err
    assert main(["train", str(recipe), f"distillation.teachers=[{teacher}]"]) == 1
    assert "it has a distillation section; use tejido distill" in capsys.readouterr().err


def teaching(recipe: Path, *overrides: str) -> Teaching | None:
    asked = recipes.load(recipe, overrides)
    parts = build(asked)
    return teaching_of(asked, parts.network, load_parts(asked, parts.geometry))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task=skin-malignancy"], r"the teacher answers skin-suspicion \(.*\), the student skin-malignancy \("),
        (["image.size=64"], r"image\.size is 48 for the teacher and 64 for the student"),
        (["image.steps=[max_rgb]"], r"image\.steps is \[\] for the teacher and \['max_rgb'\] for the student"),
        (["image.geometry=stretch"], r"image\.geometry is centre_square for the teacher and stretch for"),
        (["network.metadata=true"], r"teacher and student must both read metadata, or neither"),
    ],
)
def test_a_teacher_of_other_things_is_refused(recipe: Path, teacher: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        teaching(recipe, f"distillation.teachers=[{teacher}]", *overrides)


def test_a_teacher_that_knows_the_answers_is_refused(recipe: Path, teacher: Path, tmp_path: Path) -> None:
    table = manifests.read(recipe.parent / "manifest.parquet")
    splits.write(splits.split_by_group(table, seed=9), tmp_path / "other.parquet")
    told = f"distillation.teachers=[{teacher}]"
    with pytest.raises(DataError, match=r"the teacher was trained on \d+ of the student's \d+ val images or on"):
        teaching(recipe, told, f"data.split={tmp_path}/other.parquet")
    assert teaching(recipe, told) is not None


def test_what_is_no_teacher(recipe: Path, teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: not a run"):
        teaching(recipe, "distillation.teachers=[nowhere]")
    unfinished = Run.create(tmp_path / "unfinished", Run.open(teacher).recipe)
    with pytest.raises(DataError, match=r"split\.parquet is missing"):
        teaching(recipe, f"distillation.teachers=[{unfinished.folder}]")
    (unfinished.folder / "split.parquet").write_bytes((teacher / "split.parquet").read_bytes())
    with pytest.raises(DataError, match=r"best\.ckpt: no such checkpoint"):
        teaching(recipe, f"distillation.teachers=[{unfinished.folder}]")
