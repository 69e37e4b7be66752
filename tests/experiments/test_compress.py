"""A finished run made smaller, on real pictures."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tejido import taxonomy
from tejido.cli.main import main
from tejido.data import manifest as manifests
from tejido.errors import DataError
from tejido.experiments.compress import make
from tejido.experiments.kept import compare
from tejido.experiments.run import Run
from tejido.experiments.source import Source
from tejido.recipe.compression import STORAGES, Compression
from tejido.runtime.classifier import Classifier
from tests.support.experiment import prepare, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    """A finished run."""
    recipe = prepare(tmp_path_factory.mktemp("tiny"), shared, lesions=120)
    options = ["network.name=student_k2", "training.epochs=6", "export.weights=float32"]
    return trained(tmp_path_factory.mktemp("run"), recipe, *options, "evaluation.bootstrap=100").folder


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tejido.experiments.compress.PICTURES", 8)


@pytest.fixture(scope="module")
def source(run: Path) -> Source:
    return Source(Run.open(run))


def asked(run: Path, *steps: str, **options: object) -> Compression:
    return Compression.model_validate({"run": str(run), "steps": list(steps), **options})


@pytest.mark.parametrize("storage", STORAGES)
def test_every_way_of_storage_keeps_the_metadata(storage: str, run: Path, source: Source, tmp_path: Path) -> None:
    made = make(source, asked(run, storage, labels=0.8, auc=0.1, pictures=20), tmp_path)
    assert made.problem is None
    parent, found = Classifier(run / "model.onnx").metadata, Classifier(made.file).metadata
    changed = {"metrics", "operating", "derivation", "recipe_sha256", "created"}
    for item in dataclasses.fields(parent):
        if item.name not in changed:
            assert getattr(found, item.name) == getattr(parent, item.name), item.name
    assert found.recipe_sha256 == parent.recipe_sha256
    # Of the file's own answers, as its figures are.
    images = sum(band["images"] for band in found.operating["bands"])
    assert images == made.figures["test"]["all"]["images"] == len(made.answers["test"])
    note = found.derivation["compression"]
    assert note["steps"] == [storage]
    assert note["validation"]["labels"] == made.kept.labels
    assert note["validation"]["labels_at_least"] == 0.8
    share = made.figures["bytes"] / (run / "model.onnx").stat().st_size
    assert share == pytest.approx({"float32": 1, "float16": 0.54}.get(storage, 0.35), abs=0.06)
    if storage in ("float32", "float16"):
        assert made.kept.labels >= 0.99
        assert abs(made.kept.change) < 2e-3


def test_what_the_gate_finds_is_what_the_file_answers(run: Path, source: Source, tmp_path: Path) -> None:
    made = make(source, asked(run, "int8"), tmp_path)
    before, after = source.judged.tables["val"], made.answers["val"]
    assert list(before["image_id"]) == list(after["image_id"])
    classifier = Classifier(made.file)
    paths = source.parts["val"].pictures["path"]
    for row in range(0, len(after), 7):
        answer = classifier.predict(paths.iloc[row]).probabilities["suspicious"]
        assert after["p_suspicious"].iloc[row] == pytest.approx(answer, abs=1e-6)
    threshold = source.judged.threshold
    equal = [
        (b >= threshold) == (a >= threshold) for a, b in zip(after["p_suspicious"], before["p_suspicious"], strict=True)
    ]
    assert made.kept.labels == pytest.approx(np.mean(equal))


def test_shuffled_weights_never_pass(run: Path, tmp_path: Path) -> None:
    """Every tensor keeps its values, so its size, its range and its mean; only their order is lost."""
    source = Source(Run.open(run))
    source.network = copy.deepcopy(source.network)
    generator = torch.Generator().manual_seed(0)
    for parameter in source.network.body.parameters():
        flat = parameter.data.flatten()
        parameter.data = flat[torch.randperm(len(flat), generator=generator)].reshape(parameter.shape)
    made = make(source, asked(run, "float32"), tmp_path)
    assert made.problem is not None
    assert made.kept.labels < 0.98


def test_a_chain_can_be_made_again(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps = ["-m", "prune=0.25", "-m", "finetune=1", "-m", "low_rank=0.8", "-m", "qat=1", "-m", "int8"]
    gate = ["--labels", "0", "--auc", "1"]
    first, second = tmp_path / "first", tmp_path / "second"
    assert main(["compress", str(run), *steps, *gate, "-o", str(first)]) == 0
    assert "keep their label; AUC" in capsys.readouterr().out
    assert main(["compress", str(first / "compression.yaml"), "-o", str(second)]) == 0
    assert (first / "model.onnx").read_bytes() == (second / "model.onnx").read_bytes()
    found = {path.name for path in first.iterdir()}
    assert found == {"compression.yaml", "model.onnx", "card.md", "metrics.json", "predictions.parquet", "trainings"}
    figures = json.loads((first / "metrics.json").read_text())
    parent = Source(Run.open(run)).network
    assert figures["parameters"] < 0.75 * sum(p.numel() for p in parent.parameters())
    assert "- Compressed: prune=0.25, finetune=1, low_rank=0.8, qat=1, int8" in (first / "card.md").read_text()
    # another chain never overwrites it
    assert main(["compress", str(run), "-m", "int8", "-o", str(first)]) == 1
    assert "holds another compression" in capsys.readouterr().err


def test_a_gate_that_fails_writes_nothing_and_shows_the_figures(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compress", str(run), "-m", "prune=0.9", "-m", "int8", "-o", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert "validation labels are equal (at least 0.98 must be)" in error
    assert "nothing was written" in error
    assert not (tmp_path / "out").exists()


def test_calibration_pictures_must_not_be_those_of_the_test(run: Path, source: Source, tmp_path: Path) -> None:
    table = manifests.read(Path(source.recipe.data.manifest))
    split = pd.read_parquet(run / "split.parquet").set_index("image_id")["split"].reindex(table["image_id"]).to_numpy()
    manifests.write(table[split == "train"].head(30), tmp_path / "train.parquet")
    manifests.write(table[(split == "train") | (split == "test")], tmp_path / "both.parquet")
    make(source, asked(run, "int8_static", calibration=str(tmp_path / "train.parquet"), labels=0, auc=1), tmp_path)
    with pytest.raises(DataError, match=r"both\.parquet: \d+ of \d+ images are in the run's test set or share a group"):
        make(source, asked(run, "int8_static", calibration=str(tmp_path / "both.parquet")), tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "int4"], "no step is called 'int4'; did you mean 'int8'?"),
        (["-m", "prune=0.5"], "the last step must say how the file keeps its weights: float32,"),
        (["-m", "int8", "-m", "prune=0.5"], "the last step must say"),
        (["-m", "int8", "-m", "float16"], "int8 must be the last step"),
        (["-m", "prune", "-m", "int8"], "prune needs its share of the channels to take out"),
        (["-m", "prune=1", "-m", "int8"], "prune: a share must lie between 0 and 1, not 1"),
        (["-m", "qat=0.5", "-m", "int8"], "qat: epochs must be a whole number"),
        (["-m", "int8=3"], "int8 takes no number"),
        (["-m", "prune=0.999", "-m", "int8"], "would leave"),
        (["-m", "low_rank=0.001", "-m", "int8"], "low_rank: no convolution gets smaller"),
    ],
)
def test_steps_that_cannot_be(
    arguments: list[str], message: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compress", str(run), *arguments, "-o", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_unfinished_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unfinished = Run.create(tmp_path / "unfinished", Run.open(run).recipe)
    assert main(["compress", str(unfinished.folder), "-m", "int8", "-o", str(tmp_path / "out")]) == 1
    assert "metrics.json is missing; the run is not finished" in capsys.readouterr().err


def test_the_gate_by_hand() -> None:
    """Two of the images change sides; the order of one pair changes."""
    rows = pd.DataFrame({"truth": ["benign", "benign", "suspicious", "suspicious"], "group_id": list("abcd")})
    table = rows.assign(image_id=list("abcd"), diagnosis="nevus", malignancy="benign", confirmation="histology")

    def scored(*values: float) -> pd.DataFrame:
        return table.assign(p_benign=[1 - value for value in values], p_suspicious=values)

    task = taxonomy.task("skin-suspicion")
    kept = compare((scored(0.1, 0.3, 0.6, 0.9), 0.5), (scored(0.1, 0.55, 0.45, 0.9), 0.5), task)
    assert (kept.images, kept.labels, kept.auc, kept.auc_before) == (4, 0.5, 0.75, 1.0)
    assert kept.broken(0.5, 0.25) is None
    assert kept.broken(0.51, 0.25) == "0.5000 of 4 validation labels are equal (at least 0.51 must be)"
    assert kept.broken(0.5, 0.2) == "the AUC went from 1.0000 to 0.7500 (by 0.2 at most)"
    assert compare((scored(0.1, 0.3, 0.6, 0.9), 0.5), (scored(0.1, 0.3, 0.6, 0.9), 0.7), task).labels == 0.75


def test_the_comparison_makes_files_a_table_and_a_picture(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chains = [["float32"], ["prune=0.8", "int8"]]
    monkeypatch.setattr("tejido.experiments.bench.compression.chains", lambda _: chains)
    assert main(["bench", "compression", str(run), "-o", str(tmp_path)]) == 0
    table = pd.read_csv(tmp_path / "compression.csv")
    assert list(table["steps"]) == ["float32", "prune=0.8 int8"]
    assert list(table["passes"]) == [True, False]
    assert table["bytes"][1] < 0.2 * table["bytes"][0]
    assert (table["python_ms_128x128"] > 0).all()
    figures = json.loads((tmp_path / "float32" / "metrics.json").read_text())
    assert table["all_auc"][0] == figures["test"]["all"]["auc"]["value"]
    assert {path.name for path in tmp_path.iterdir()} == {"compression.csv", "compression.md", "pareto.png", "float32"}
    assert "prune=0.8 int8: not written; " in capsys.readouterr().err


def test_the_file_once_more_with_other_weights(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "again.onnx"
    assert main(["export", str(run), "-o", str(file), "--weights", "float16"]) == 0
    assert f"again.onnx: {file.stat().st_size / 1000:.1f} kB; 100.00% of the validation" in capsys.readouterr().out
    assert Classifier(file).metadata.derivation["compression"]["steps"] == ["float16"]
    assert main(["export", str(run), "-o", str(tmp_path / "m.tflite"), "--format", "litert", "--weights", "int8"]) == 2
