"""A network that also learns what has none of its labels, on real pictures, from recipe to refusal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tejido.cli.main import main
from tejido.data import manifest as manifests
from tejido.experiments.build import build
from tejido.experiments.datasets import OTHER, load_parts
from tejido.experiments.judge import judge
from tejido.experiments.run import Run
from tejido.runtime.classifier import Classifier
from tejido.taxonomy import task
from tejido.training.course import load_best
from tejido.training.fit import logits_of
from tests.support.experiment import prepare, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Run:
    """Three labels, and nevi and others as pictures without one."""
    recipe = prepare(tmp_path_factory.mktemp("tiny"), shared, lesions=400)
    asked = ["task=skin-3", "network.other=true", "evaluation.false_refusal=0.2", "export.weights=float32"]
    student = ["network.name=student_k1", "training.epochs=3"]
    return trained(tmp_path_factory.mktemp("run"), recipe, *asked, *student)


def test_the_file_refuses_what_the_run_would(run: Run) -> None:
    built = build(run.recipe)
    parts = load_parts(run.recipe, built.geometry)
    network = load_best(built.network, run.folder / "checkpoints" / "best.ckpt")
    labels = task("skin-3").label_names
    assert set(parts["train"].truth) == {*labels, OTHER}
    assert network.classes == 4
    classifier = Classifier(run.folder / "model.onnx")
    rule = next(rule for rule in classifier.metadata.refusal if rule.code == "unlabelled")
    shares = logits_of(network, parts["test"].images.images).softmax(1).double().numpy()
    for index in range(0, len(shares), 5):
        answer = classifier.predict(parts["test"].rows["path"][index])
        assert list(answer.probabilities) == list(labels)
        assert sum(answer.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert answer.novelty == pytest.approx(shares[index, 3], abs=2e-3)
        if answer.reason in (None, "unlabelled") and abs(shares[index, 3] - rule.above) > 1e-2:
            assert answer.refused == (shares[index, 3] > rule.above)
    novelty = shares[:, 3]
    other = np.array(parts["test"].truth) == OTHER
    figures = json.loads((run.folder / "metrics.json").read_text())["test"]["other"]
    assert figures["images"] == other.sum()
    assert figures["refused"]["value"] == pytest.approx((novelty[other] > rule.above).mean())
    assert figures["refused_in_error"]["value"] == pytest.approx((novelty[~other] > rule.above).mean())


def test_tables_and_figures_are_of_labelled_images(run: Run) -> None:
    table = pd.read_parquet(run.folder / "predictions.parquet")
    assert set(table["truth"]) == set(task("skin-3").label_names)
    manifest = manifests.read(Path(run.recipe.data.manifest)).set_index("image_id")
    assert "nevus" not in set(manifest.loc[table["image_id"], "diagnosis"])
    split = pd.read_parquet(run.folder / "split.parquet")
    assert "nevus" in set(manifest.loc[split["image_id"], "diagnosis"])
    assert len(table) < (split["split"] != "train").sum()


def test_the_limit_spares_most_labelled_validation_images(run: Run) -> None:
    built = build(run.recipe)
    network = load_best(built.network, run.folder / "checkpoints" / "best.ckpt")
    judged = judge(run.recipe, built, network, load_parts(run.recipe, built.geometry))
    assert judged.others is not None
    own = judged.others.labelled["val"]
    refused = (own > judged.others.above).mean()
    assert 0.2 - 1.5 / len(own) <= refused <= 0.2
    assert torch.tensor(judged.others.unlabelled["val"]).isfinite().all()


def test_it_goes_on_to_a_smaller_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tejido.experiments.compress.PICTURES", 4)
    made = ["-m", "float16", "-o", str(tmp_path / "half")]
    assert main(["compress", str(run.folder), *made]) == 0
    parent = Classifier(run.folder / "model.onnx").metadata
    assert Classifier(tmp_path / "half" / "model.onnx").metadata.refusal == parent.refusal
    figures = json.loads((tmp_path / "half" / "metrics.json").read_text())
    before = json.loads((run.folder / "metrics.json").read_text())["test"]["other"]
    for name in ("refused", "refused_in_error"):
        assert figures["test"]["other"][name]["value"] == pytest.approx(before[name]["value"], abs=0.02)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task=skin-7"], "no image of 'none of the labels' in train"),
        (["image.patches={size: 64, columns: 2, rows: 2}"], "network.other is for whole images"),
    ],
)
def test_where_it_cannot_be(
    run: Run, overrides: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(run.folder / "recipe.yaml"), *overrides]) == 1
    assert message in capsys.readouterr().err
