"""A tiny run on patches, from recipe to answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tejido
from tejido import recipe as recipes
from tejido.cli.main import main
from tejido.errors import DataError, ImageError, RecipeError
from tejido.experiments.datasets import load_parts
from tejido.experiments.patches import grid_of
from tejido.experiments.run import Run
from tejido.imaging.geometry import CentreSquare
from tejido.report.run import write_plots
from tejido.runtime.decode import decode
from tests.support.experiment import prepare, trained

GRID = (
    "image.patches={size: 80, columns: 3, rows: 2}",
    "image.um_per_pixel=10.0",
    "image.size=32",
    "training.epochs=1",
)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    return prepare(tmp_path_factory.mktemp("tiny"), shared, lesions=120)


@pytest.fixture(scope="module")
def run(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = trained(tmp_path_factory.mktemp("work"), recipe, *GRID)
    write_plots(run)
    return run


def test_the_answer_is_the_vote_of_the_patches(run: Run, recipe: Path) -> None:
    images = pd.read_parquet(run.folder / "predictions.parquet")
    patches = pd.read_parquet(run.folder / "predictions_patches.parquet")
    assert len(patches) == 6 * len(images)
    assert images["image_id"].is_unique
    votes = patches.groupby("image_id")["p_suspicious"].apply(lambda p: (p >= 0.5).mean())
    np.testing.assert_allclose(images["p_suspicious"], images["image_id"].map(votes))
    metrics = json.loads((run.folder / "metrics.json").read_text())
    test = metrics["test"]
    assert test["patches"]["images"] == 6 * test["all"]["images"] == 6 * (images["split"] == "test").sum()
    assert metrics["test_agreement"]["equal_labels"] >= 0.97
    # chosen on validation alone, and between two numbers of votes
    val = images[(images["split"] == "val") & (images["truth"] == "suspicious")]
    assert (val["p_suspicious"] >= metrics["threshold"]).mean() >= 0.9
    assert (6 * metrics["threshold"]) % 1 == pytest.approx(0.5) or metrics["threshold"] == 0


def test_the_model_file_answers_for_whole_pictures(run: Run, recipe: Path) -> None:
    classifier = tejido.load(run.folder / "model.onnx")
    meta = classifier.metadata
    assert meta.patches is not None
    assert (meta.patches.width, meta.patches.columns, meta.patches.rows, meta.patches.aggregate) == (80, 3, 2, "vote")
    assert (meta.frame, meta.scale) == ("whole", {"um_per_pixel": 10.0})
    split = pd.read_parquet(recipe.parent / "split.parquet")["split"]
    assert meta.split["images"]["train"] == (split == "train").sum()
    images = pd.read_parquet(run.folder / "predictions.parquet").query("split == 'test'")
    patches = pd.read_parquet(run.folder / "predictions_patches.parquet")
    paths = pd.read_parquet(recipe.parent / "manifest.parquet").set_index("image_id")["path"]
    for image_id in images["image_id"].head(8):
        answer = classifier.predict(recipe.parent / paths[image_id])
        own = patches.loc[patches["image_id"] == image_id, "p_suspicious"].to_numpy()
        assert answer.heatmap is not None
        index = meta.label_names.index(answer.label)
        np.testing.assert_allclose(answer.heatmap.ravel(), own if index == 1 else 1 - own, atol=2e-2)
        assert answer.probabilities["suspicious"] == pytest.approx(
            np.mean((answer.heatmap if index == 1 else 1 - answer.heatmap) >= 0.5), abs=1e-6
        )
    pixels = decode(recipe.parent / paths[images["image_id"].iloc[0]])
    with pytest.raises(ImageError, match="smaller than a patch of 80x80, which 'tiny' looks at"):
        classifier.predict(pixels[:79])


def test_tables_and_plot(run: Run) -> None:
    assert (run.folder / "plots" / "patch_thresholds.png").is_file()
    table = pd.read_csv(run.folder / "patch_thresholds.csv")
    images = pd.read_parquet(run.folder / "predictions.parquet")
    for split, part in images.groupby("split"):
        share, truth = part["p_suspicious"].to_numpy(), (part["truth"] == "suspicious").to_numpy()
        for _, row in table[table["split"] == split].iterrows():
            called = share >= row["threshold"] - 1e-9
            assert row["recall_positive"] == pytest.approx(called[truth].mean())
            assert row["recall_negative"] == pytest.approx((~called)[~truth].mean())
            assert row["accuracy"] == pytest.approx((called == truth).mean())
    rules = pd.read_csv(run.folder / "patch_rules.csv").set_index("rule")
    test = json.loads((run.folder / "metrics.json").read_text())["test"]["all"]
    assert list(rules.index) == ["vote", "mean", "max", "top_k"]
    assert rules.loc["vote", "auc"] == pytest.approx(test["auc"]["value"])
    text = (run.folder / "patches.md").read_text()
    assert "rule is `vote`" in text
    assert "6 of 80x80 pixels (3 columns, 2 rows)" in (run.folder / "card.md").read_text()


def test_resuming_changes_no_figure(run: Run) -> None:
    names = ("metrics.json", "patch_thresholds.csv", "patch_rules.csv", "patches.md")
    before = [(run.folder / name).read_text() for name in names]
    assert main(["train", "--resume", str(run.folder)]) == 0
    assert [(run.folder / name).read_text() for name in names] == before


def test_mistakes(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = recipes.load(recipe, ("image.patches={size: 160, columns: 1, rows: 1}",))
    with pytest.raises(DataError, match=r"\.jpg: 200x150 pixels are smaller than a patch of 160x160"):
        load_parts(chosen, CentreSquare(48), grid_of(chosen))
    with pytest.raises(RecipeError, match="7 is more than the 6 patches"):
        grid_of(recipes.load(recipe, (*GRID, "evaluation.aggregate=top_k", "evaluation.top_k=7")))
    for override, message in (
        ("image.patches={size: 80, columns: 3, rows: 2, row: 1}", "did you mean 'rows'"),
        ("image.patches={size: 80, columns: 3}", "'image.patches.rows' is missing"),
        ("evaluation.aggregate=median", "evaluation.aggregate"),
    ):
        with pytest.raises(RecipeError, match=message):
            recipes.load(recipe, (override,))
