from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tejido
from tejido import recipe as recipes
from tejido.cli.main import main
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.data.splitting.kinds import leaky
from tejido.errors import AgreementError, DataError, RecipeError, SplitLeakError
from tejido.experiments.datasets import load_parts
from tejido.experiments.run import Run
from tejido.experiments.train import train
from tejido.export import agreement
from tejido.imaging.geometry import CentreSquare
from tests.support.experiment import prepare

QUICK = ("network={name: student_k1, dropout: 0.0}", "training.head_epochs=0")
"""In place of a network that starts from weights, which takes five times as long to write."""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    return prepare(tmp_path_factory.mktemp("tiny"), shared, pretrained=True)


@pytest.fixture(scope="module")
def run(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run through the command line, end to end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("work"))
        assert main(["train", str(recipe), "training.epochs=2", "seed=4"]) == 0
        (folder,) = Path("runs/tiny").resolve().iterdir()
    return Run.open(folder)


def test_a_run_leaves_everything_that_its_directory_promises(run: Run) -> None:
    found = {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}
    shown = {name for name in found if name.startswith("tensorboard/events.out.tfevents.")}
    assert len(shown) == 1
    assert found - shown == {
        "recipe.yaml",
        "environment.json",
        "metrics.csv",
        "checkpoints/best.ckpt",
        "checkpoints/last.ckpt",
        "model.onnx",
        "card.md",
        "predictions.parquet",
        "split.parquet",
        "metrics.json",
        "report.html",
        "plots/learning_curves.png",
        "plots/roc.png",
        "plots/reliability.png",
    }
    assert (run.recipe.seed, run.recipe.training.epochs) == (4, 2)
    assert len(pd.read_csv(run.folder / "metrics.csv")) == 3


def test_the_report_of_a_run_counts_its_split_again(run: Run) -> None:
    text = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "No group stands on two sides of the split" in text
    split = pd.read_parquet(run.folder / "split.parquet")
    for side, part in split.groupby("split"):
        counts = f'<th>{side}</th><td class="n">{len(part):,}</td><td class="n">{part["group_id"].nunique():,}</td>'
        assert counts in text
    assert "Loss and figures by epoch" in text
    assert "network:\n  name: mobilenetv1_025" in text


def test_the_model_file_answers_as_the_run_did(run: Run, recipe: Path) -> None:
    table = pd.read_parquet(run.folder / "predictions.parquet").set_index("image_id")
    paths = pd.read_parquet(recipe.parent / "manifest.parquet").set_index("image_id")["path"]
    classifier = tejido.load(run.folder / "model.onnx")
    test = table[table["split"] == "test"]
    differences = []
    for image_id, row in test.iterrows():
        prediction = classifier.predict(recipe.parent / paths[str(image_id)])
        differences.append(abs(prediction.probabilities["suspicious"] - row["p_suspicious"]))
    assert max(differences) <= 1e-2
    assert classifier.metadata.recipe_sha256 == run.recipe.sha256()
    assert classifier.metadata.split["images"]["test"] == len(test)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert metrics["test_agreement"]["largest_difference"] == pytest.approx(max(differences))
    assert metrics["test_agreement"]["equal_labels"] >= 0.995


def test_the_threshold_reaches_its_sensitivity_on_validation(run: Run) -> None:
    table = pd.read_parquet(run.folder / "predictions.parquet")
    val = table[(table["split"] == "val") & (table["truth"] == "suspicious")]
    threshold = json.loads((run.folder / "metrics.json").read_text())["threshold"]
    assert (val["p_suspicious"] >= threshold).mean() >= 0.9


def test_resuming_a_finished_run_changes_no_figure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = json.loads((run.folder / "metrics.json").read_text())
    answers = pd.read_parquet(run.folder / "predictions.parquet")
    assert main(["train", "--resume", str(run.folder)]) == 0
    assert json.loads((run.folder / "metrics.json").read_text()) == before
    pd.testing.assert_frame_equal(pd.read_parquet(run.folder / "predictions.parquet"), answers)


def test_a_file_that_disagrees_is_not_written_and_the_figures_are_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def disagree(*_: object) -> None:
        raise AgreementError("the exported file does not agree")

    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    before = json.loads((folder / "metrics.json").read_text())
    monkeypatch.setattr(agreement, "check", disagree)
    assert main(["train", "--resume", str(folder)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "tejido: no model file: the exported file does not agree"
    after = json.loads((folder / "metrics.json").read_text())
    assert after["disagreement"] == "the exported file does not agree"
    assert after["test"] == before["test"]
    assert not (folder / "model.onnx").exists()


def test_a_file_in_eight_bits_is_held_to_the_limits_of_eight_bits(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[agreement.Tolerance] = []

    def note(*given: Any) -> None:
        held.append(given[-1])
        raise AgreementError("seen")

    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    monkeypatch.setattr(agreement, "check", note)
    eight = run.recipe.model_copy(update={"export": run.recipe.export.model_copy(update={"weights": "int8"})})
    assert train(Run(folder, eight))["disagreement"] == "seen"
    assert held == [agreement.TOLERANCE["int8"]]
    assert held != [agreement.Tolerance()]


def test_a_run_with_lesion_masks_gives_figures_and_no_model_file(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = "image.steps=[{crop_to_lesion: {margin: 0.2}}, solid_outside]"
    arguments = [steps, "augmentation.cutmix=1", "training.epochs=1", *QUICK]
    assert main(["train", str(recipe), *arguments]) == 0
    assert "No model file: image step crop_to_lesion reads a lesion mask" in " ".join(capsys.readouterr().out.split())
    (folder,) = Path("runs/tiny").iterdir()
    assert not (folder / "model.onnx").exists()
    assert not (folder / "card.md").exists()
    metrics = json.loads((folder / "metrics.json").read_text())
    assert "needs a segmenter in front" in metrics["not_exported"]
    assert 0 <= metrics["test"]["all"]["auc"]["value"] <= 1
    assert len(pd.read_parquet(folder / "predictions.parquet")) > 0
    assert main(["train", str(recipe), steps, "augmentation.mixup=0.2"]) == 1
    assert "augmentation.mixup cannot be used" in capsys.readouterr().err


def test_mistakes_are_one_line(
    recipe: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cases = [
        (["train"], 2, "name a recipe"),
        (["train", "nowhere.yaml"], 1, "no such recipe"),
        (["train", str(recipe), "training.epoch=1"], 1, "did you mean 'epochs'"),
        (["train", str(recipe), "image.steps=[shades_of_grey]"], 1, "did you mean 'shades_of_gray'"),
        (["train", str(recipe), "image.short_side=96"], 1, "belongs to the geometry short_side"),
        (["train", "--resume", str(tmp_path)], 1, "not a run"),
        (["train", str(recipe), "--resume", str(run.folder)], 1, "is not the recipe of"),
    ]
    for arguments, code, message in cases:
        assert main(arguments) == code, arguments
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert not list(tmp_path.glob("runs/*/*"))  # nothing was done, so nothing is left


def load(recipe: Path, *overrides: str) -> None:
    load_parts(recipes.load(recipe, overrides), CentreSquare(48))


def test_data_that_cannot_be_trained_on(recipe: Path, tmp_path: Path, shared: Path) -> None:
    with pytest.raises(DataError, match="fewer than a batch of 4096"):
        load(recipe, "training.batch=4096")
    small = prepare(tmp_path, shared, lesions=40)
    with pytest.raises(DataError, match=r"no image of '\w+' in"):
        load(small, "task=skin-7")
    nonsense = Run(tmp_path, recipes.load(recipe, ("network.name=nonsense",)))
    with pytest.raises(RecipeError, match="no network is called"):
        train(nonsense)


def test_a_leaking_split_is_refused(recipe: Path, tmp_path: Path) -> None:
    table = pd.read_parquet(recipe.parent / "manifest.parquet")
    group = table["group_id"].value_counts().index[0]
    split = pd.read_parquet(recipe.parent / "split.parquet")
    members = split["image_id"].isin(table["image_id"][table["group_id"] == group])
    assert members.sum() >= 2
    split.loc[members, "split"] = np.resize(["train", "test"], members.sum())
    split.to_parquet(tmp_path / "leaky.parquet")
    with pytest.raises(SplitLeakError, match=str(group)):
        load(recipe, f"data.split={tmp_path}/leaky.parquet")


def test_a_leaky_split_is_taken_on_purpose_only_and_the_model_file_says_so(recipe: Path, tmp_path: Path) -> None:
    table = manifests.read(recipe.parent / "manifest.parquet")
    splits.write(leaky(table), tmp_path / "leaky.parquet")
    chosen = f"data.split={tmp_path}/leaky.parquet"
    with pytest.raises(SplitLeakError, match="leaky on purpose"):
        load(recipe, chosen)
    leaking = recipes.load(recipe, (chosen, "data.allow_leaks=true", "training.epochs=1", *QUICK))
    train(Run.start(leaking, tmp_path))
    (folder,) = (tmp_path / "tiny").iterdir()
    kind = tejido.load(folder / "model.onnx").metadata.split["kind"]
    assert "not checked for leaks" in kind
    assert kind in (folder / "card.md").read_text()
