"""A tiny run of a network that is told age, sex and site, from recipe to answer."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pandas as pd
import pytest

import tejido
from tejido import recipe as recipes
from tejido.cli.main import main
from tejido.context import SITES
from tejido.experiments.datasets import load_parts
from tejido.experiments.run import Run
from tejido.imaging.geometry import CentreSquare
from tejido.models import zoo
from tejido.training.fit import fit, logits_of
from tests.support.experiment import prepare, trained

TOLD = (
    "network.metadata=true",
    "image.size=32",
    "training.epochs=2",
    "training.head_epochs=1",
    "evaluation.calibration=vector",
)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    return prepare(tmp_path_factory.mktemp("tiny"), shared)


@pytest.fixture(scope="module")
def run(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained(tmp_path_factory.mktemp("work"), recipe, *TOLD)


def test_the_model_file_is_told_what_training_was(run: Run, recipe: Path) -> None:
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["test_agreement"]["largest_difference"] <= 1e-2
    classifier = tejido.load(run.folder / "model.onnx")
    assert [item.name for item in classifier.metadata.inputs] == ["age", "sex", "site"]
    calibration = classifier.metadata.calibration
    assert "vector scaling" in calibration["method"]
    assert list(calibration["scale"]) == list(metrics["calibration"]["scale"])
    assert len(calibration["scale"]) == len(calibration["bias"]) == 2
    manifest = pd.read_parquet(recipe.parent / "manifest.parquet").set_index("image_id")
    test = pd.read_parquet(run.folder / "predictions.parquet").query("split == 'test'").set_index("image_id")
    changed = []
    for image_id, row in test.iterrows():
        facts = manifest.loc[image_id]
        told = {name: None if pd.isna(facts[name]) else facts[name] for name in ("age", "sex", "site")}
        path = recipe.parent / facts["path"]
        assert classifier.predict(path, **told).probabilities["suspicious"] == pytest.approx(
            row["p_suspicious"], abs=1e-2
        )
        changed.append(abs(classifier.predict(path).probabilities["suspicious"] - row["p_suspicious"]))
    assert max(changed) > 0.02  # it did learn to listen


def test_the_command_line_knows_the_words(run: Run, recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe.parent / pd.read_parquet(recipe.parent / "manifest.parquet")["path"].iloc[0]
    model = run.folder / "model.onnx"
    capsys.readouterr()
    assert (
        main(["classify", str(path), "--model", str(model), "--site", "scalp", "--sex", "female", "--age", "71"]) == 0
    )
    assert main(["classify", str(path), "--model", str(model), "--site", "wing"]) == 1
    assert SITES[0].name in capsys.readouterr().err


def test_words_without_a_code_are_counted_and_batches_without_anything_work(
    recipe: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    table = pd.read_parquet(recipe.parent / "manifest.parquet")
    table["path"] = [str((recipe.parent / path).resolve()) for path in table["path"]]
    table["site"] = table["site"].where(table.index % 2 == 0, "wing")
    table.to_parquet(tmp_path / "manifest.parquet")
    chosen = (*TOLD, f"data.manifest={tmp_path}/manifest.parquet")
    with caplog.at_level(logging.WARNING):
        parts = load_parts(recipes.load(recipe, chosen), CentreSquare(32))
    counted = sum(int(record.getMessage().split("'wing' (")[1].split(")")[0]) for record in caplog.records)
    assert counted == (table["site"] == "wing").sum()
    images, labels, context = parts["train"].images[0]
    assert (images.shape, labels.shape, context.shape) == ((3, 32, 32), (), (3,))

    for column in ("age", "sex", "site"):
        table[column] = pd.NA
    table.astype({"age": "Float32", "sex": "string", "site": "string"}).to_parquet(tmp_path / "manifest.parquet")
    plain = recipes.load(recipe, (*chosen, "training.epochs=1", "training.head_epochs=0"))
    parts = load_parts(plain, CentreSquare(32))
    network = fit(zoo.from_recipe(plain, 2), parts["train"].images, parts["val"].images, plain, tmp_path)
    test = parts["test"].images
    assert logits_of(network, test.images, test.context).isfinite().all()


def test_without_metadata_nothing_changes(recipe: Path) -> None:
    part = load_parts(recipes.load(recipe), CentreSquare(32))["train"]
    assert part.images.context is None
    assert len(part.images[0]) == 2
