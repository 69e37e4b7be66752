"""A segmenter from recipe to answers, and in front of a classifier, on a few hundred real lesions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tejido import load
from tejido import recipe as recipes
from tejido.cli.main import main
from tejido.errors import AgreementError, DataError, ModelFileError, RecipeError, SplitLeakError
from tejido.experiments import segment as experiment
from tejido.experiments.build import build
from tejido.experiments.datasets import load_parts
from tejido.experiments.outlined import load_outlined
from tejido.experiments.outlines import DESCRIBED, with_truth
from tejido.experiments.run import Run, open_run
from tejido.export.outlining import Outlining, absence_of
from tejido.imaging.geometry import Stretch
from tejido.metrics import outlines
from tejido.models import segmenter
from tejido.recipe import SegmentationRecipe
from tejido.report.html.outlines import measures
from tejido.runtime.library import entries, load_segmenter
from tests.support.experiment import prepare, trained


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    folder = tmp_path_factory.mktemp("segment")
    prepare(folder, shared, lesions=120)
    (folder / "segment.yaml").write_text(f"""
name: outline
model: lesion-outline
data: {{manifest: {folder}/manifest.parquet, split: {folder}/split.parquet}}
image: {{size: 48}}
network:
  encoder: mobilenetv1_025
  weights: {shared}/weights/mobilenetv1_025.safetensors
  depth: 3
  decoder: [32, 24]
training: {{head_epochs: 1, epochs: 5, batch: 16, head_rate: 0.01, rate: 0.01}}
evaluation: {{bootstrap: 200}}
""")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run[SegmentationRecipe]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["segment", str(folder / "segment.yaml")]) == 0
    (path,) = (folder / "runs" / "outline").iterdir()
    return open_run(path, SegmentationRecipe)


def recipe(folder: Path, *overrides: str) -> SegmentationRecipe:
    return recipes.load_as(SegmentationRecipe, folder / "segment.yaml", overrides)


def test_it_learns_and_says_how_well(run: Run[SegmentationRecipe]) -> None:
    metrics = run.read_json("metrics.json")
    figure = metrics["test"]["all"]["dice"]
    assert figure["low"] < figure["value"] < figure["high"]
    assert figure["value"] > 0.6
    assert metrics["agreement"]["mean_dice"] > 0.99
    assert metrics["bytes"] == (run.folder / "model.onnx").stat().st_size
    history = pd.read_csv(run.folder / "metrics.csv")
    assert history["val_dice"].iloc[-1] > history["val_dice"].iloc[0]
    for name in ("learning_curves", "outlines"):
        with Image.open(run.folder / "plots" / f"{name}.png") as plot:
            assert plot.size[0] > 600
    report = (run.folder / "report.html").read_text()
    assert f"{figure['value']:.3f} ({figure['low']:.3f}–{figure['high']:.3f})" in report
    assert "No group stands on two sides" in report
    assert "http" not in report.replace("http://www.w3.org", "")  # it asks nobody for anything


def test_a_file_that_outlines_worse_is_not_written(
    run: Run[SegmentationRecipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = segmenter.from_recipe(run.recipe)
    weights = torch.load(run.folder / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    network.load_state_dict({name.removeprefix("network."): one for name, one in weights.items() if "network" in name})
    val = load_outlined(run.recipe, Stretch(48))["val"]
    model, module = load_segmenter(run.folder / "model.onnx"), Outlining(network).eval()
    assert experiment._agreement(model, module, val)["lost_dice"] < 0.005
    monkeypatch.setattr(model, "run", lambda pixels: {"mask": np.zeros(pixels.shape[:2], np.uint8)})
    with pytest.raises(AgreementError, match="does not outline as the network does"):
        experiment._agreement(model, module, val)
    monkeypatch.setattr(experiment, "WANTED_DICE", 0.0)
    with pytest.raises(AgreementError, match="outlines worse than the network"):
        experiment._agreement(model, module, val)


def test_where_no_pixel_is_lesion_the_picture_is_refused(
    run: Run[SegmentationRecipe], shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = torch.full((2, 1, 8, 8), 0.1)
    shares[1, 0, 3, 4] = 0.75
    assert absence_of(shares).tolist() == pytest.approx([0.9, 0.25])
    model, picture = (
        load_segmenter(run.folder / "model.onnx"),
        next((shared / "data" / "ham10000_600x450").glob("*.jpg")),
    )
    ordinary = model.run
    for absence, reason in ((0.9, "no_lesion"), (0.25, None)):
        beside = {"absence": np.array([absence], np.float32)}
        monkeypatch.setattr(model, "run", lambda pixels, beside=beside: ordinary(pixels) | beside)
        assert model.predict(picture).reason == reason


def test_measures_of_masks_and_outlines() -> None:
    """By hand: medians of two kinds, and an order that is exactly turned round."""
    columns = {f"{whose}_{name}": 1.0 for whose in ("mask", "outline") for name in DESCRIBED}
    table = pd.DataFrame({"group_id": list("abcdef"), "malignancy": ["benign"] * 3 + ["malignant"] * 3, **columns})
    table["mask_area"] = [0.1, 0.2, 0.4, 0.5, 0.6, 0.9]
    table["outline_area"] = [0.9, 0.8, 0.7, 0.4, 0.3, np.nan]
    kinds, rows = measures(table, rounds=100)
    assert kinds == [("benign", 3), ("malignant", 3)]
    assert rows[0][1] == [0.2, 0.8, 0.6, pytest.approx(0.35)]
    assert rows[0][2].value == pytest.approx(-1)
    assert np.isnan(rows[1][2].value)  # all alike: nothing to order


def test_the_figures_are_those_of_the_file(run: Run[SegmentationRecipe], folder: Path) -> None:
    table = pd.read_parquet(run.folder / "outlines.parquet").set_index("image_id")
    rows = load_outlined(run.recipe, Stretch(48))["test"].rows
    model = load_segmenter(run.folder / "model.onnx")
    for (_, row), (pixels, truth) in zip(rows[:5].iterrows(), with_truth(rows[:5]), strict=True):
        outline = model.predict(row["path"])
        assert outline.mask.shape == truth.shape == pixels.shape[:2]
        assert outlines.dice(outline.mask, truth) == pytest.approx(table.loc[row["image_id"], "dice"])
        assert outline.share == outline.mask.mean()
    assert model.metadata.metrics == run.read_json("metrics.json")["test"]
    assert model.metadata.kind == "segmentation"


def test_evaluated_on_other_pictures(
    run: Run[SegmentationRecipe], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The model file on the run's own test images has the run's figures; masks of no use are left out and said."""
    model, out = str(run.folder / "model.onnx"), tmp_path / "out"
    asked = ["evaluate", model, str(folder / "manifest.parquet"), "--split", str(folder / "split.parquet")]
    assert main([*asked, "-o", str(out), "--rounds", "200", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["figures"] == run.read_json("metrics.json")["test"] == json.loads((out / "outlines.json").read_text())
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "outlines.parquet"), pd.read_parquet(run.folder / "outlines.parquet")
    )
    with Image.open(out / "outlines.png") as plot:
        assert plot.size[0] > 600
    assert main(["evaluate", str(run.folder), "--rounds", "200"]) == 0
    assert "Dice" in capsys.readouterr().out

    def change(table: pd.DataFrame) -> None:
        table.loc[3:, "mask_path"] = None

    broken(folder, tmp_path, change)
    assert main(["evaluate", model, str(tmp_path / "manifest.parquet"), "--rounds", "200"]) == 0
    shown = capsys.readouterr().out
    assert "3 of " in shown
    assert "whose mask: there is none" in shown
    assert main(["evaluate", model]) == 2
    assert main(["evaluate", str(run.folder), "--side", "val"]) == 2
    assert main(["evaluate", model, str(folder / "manifest.parquet"), "--subgroups"]) == 2
    assert "of a model that outlines, name only" in capsys.readouterr().err


def test_a_run_goes_on_where_it_was_stopped(run: Run[SegmentationRecipe], folder: Path) -> None:
    """Stopped after two epochs and resumed, every weight is that of the run that was never stopped."""
    from tejido.experiments import segment as experiment
    from tejido.training import segment as training

    class StopError(Exception):
        pass

    def stop(_: torch.nn.Module) -> None:
        raise StopError

    again = Run.create(folder / "again", run.recipe)
    with pytest.MonkeyPatch.context() as patch:
        whole = training.SegmentModule.on_train_epoch_start

        def stopping(module: Any) -> None:
            if module.current_epoch == 2:
                raise StopError
            whole(module)

        patch.setattr(training.SegmentModule, "on_train_epoch_start", stopping)
        with pytest.raises(StopError):
            experiment.segment(again)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "Outlining", stop)  # what comes after the training
        with pytest.raises(StopError):
            experiment.segment(again)
    states = [
        torch.load(one.folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"] for one in (run, again)
    ]
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name


def test_the_other_kind_of_model_is_refused_in_words(
    run: Run[SegmentationRecipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelFileError, match="it outlines lesions, and something else was wanted of it"):
        load(run.folder / "model.onnx")
    with pytest.raises(ModelFileError, match="it classifies pictures"):
        load_segmenter("skin-suspicion")
    monkeypatch.setenv("TEJIDO_MODELS", str(run.folder))
    listed = next(entry for entry in entries() if entry.path.parent == run.folder)
    assert listed.error is None
    assert listed.metadata is not None
    with pytest.raises(RecipeError, match=r"recipe\.yaml: "):
        Run.open(run.folder)


def test_outlining_pictures(
    run: Run[SegmentationRecipe], tmp_path: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [str(path) for path in sorted((shared / "data" / "isic2017_pairs").glob("*[0-9].jpg"))[:2]]
    model = ["--model", str(run.folder / "model.onnx")]
    assert main(["outline", *pictures, *model, "-o", str(tmp_path / "out"), "--json", "--scale", "0.01"]) == 0
    for line, path in zip(capsys.readouterr().out.splitlines(), pictures, strict=True):
        found = json.loads(line)
        assert found["image"] == path
        with Image.open(found["mask"]) as mask, Image.open(path) as picture:
            assert mask.size == picture.size
            share = (np.asarray(mask) > 0).mean()
            assert set(np.unique(np.asarray(mask))) <= {0, 255}
        if not found["refused"]:
            assert found["measures"]["area_share"] == pytest.approx(share)
            assert found["measures"]["extent_mm"] == pytest.approx(found["measures"]["extent"] * 0.01)
    (tmp_path / "text.jpg").write_text("no picture")
    assert main(["outline", str(tmp_path / "text.jpg"), pictures[0], *model]) == 1
    captured = capsys.readouterr()
    assert "text.jpg" in captured.err
    assert "asymmetry" in captured.out


def broken(folder: Path, tmp_path: Path, change: Any) -> SegmentationRecipe:
    """The recipe with a manifest in which some masks are others; ``change`` gets the rows and writes files."""
    table = pd.read_parquet(folder / "manifest.parquet")
    table["path"] = [str((folder / path).resolve()) for path in table["path"]]
    table["mask_path"] = [str((folder / path).resolve()) for path in table["mask_path"]]
    change(table)
    table.to_parquet(tmp_path / "manifest.parquet")
    return recipe(folder, f"data.manifest={tmp_path}/manifest.parquet")


def test_masks_that_are_of_no_use_are_left_out_and_counted(folder: Path, tmp_path: Path) -> None:
    def change(table: pd.DataFrame) -> None:
        masks = {
            "empty": np.zeros((150, 200), np.uint8),
            "grey": np.tile(np.arange(200, dtype=np.uint8), (150, 1)),
            "tall": np.full((200, 150), 255, np.uint8),
            "full": np.full((150, 200), 255, np.uint8),
        }
        split = pd.read_parquet(folder / "split.parquet").set_index("image_id")["split"]
        train = table.index[table["image_id"].map(split) == "train"]
        for place, (name, mask) in zip(train, masks.items(), strict=False):
            Image.fromarray(mask).save(tmp_path / f"{name}.png")
            table.loc[place, "mask_path"] = str(tmp_path / f"{name}.png")
        table.loc[train[10], "mask_path"] = str(tmp_path / "gone.png")
        table.loc[train[11:14], "mask_path"] = None

    whole = load_outlined(recipe(folder), Stretch(48))["train"]
    part = load_outlined(broken(folder, tmp_path, change), Stretch(48))["train"]
    assert len(part.rows) == len(whole.rows) - 7  # the full one stays: a lesion may fill the picture
    assert part.left_out["has no mask"] == 3
    assert part.left_out["it is empty"] == 1
    assert sum(part.left_out.values()) == 7
    assert any("grey levels" in reason for reason in part.left_out)
    assert any("another shape" in reason for reason in part.left_out)


def test_nothing_to_learn_from(folder: Path, tmp_path: Path) -> None:
    def change(table: pd.DataFrame) -> None:
        table["mask_path"] = pd.Series([pd.NA] * len(table), dtype="string")

    with pytest.raises(DataError, match="the manifest has no masks"):
        load_outlined(broken(folder, tmp_path, change), Stretch(48))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("image.size=50", "image.size 50 is no multiple of 8"),
        ("network.decoder=[32]", "decoder has 1 blocks, and depth 3 needs as many, or one less"),
        ("network.encode=x", "unknown key 'network.encode'; did you mean 'encoder'"),
        ("training.balance=none", "unknown key 'training.balance'"),
    ],
)
def test_wrong_recipes(folder: Path, override: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe(folder, override)


STEPS = ("image.geometry=stretch", "image.steps=[grey_outside]", "training.epochs=4")


def test_in_front_of_a_classifier(run: Run[SegmentationRecipe], folder: Path) -> None:
    """One file outlines and classifies; its mask is the segmenter's own, and what it judges is what was trained on."""
    options = (*STEPS, f"image.segmenter={run.folder}", "export.weights=float32")
    path = trained(folder, folder / "recipe.yaml", *options).folder
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["agreement"]["mask"] < 0.01
    assert metrics["test_agreement"]["equal_labels"] > 0.99
    both, alone = load(path / "model.onnx"), load_segmenter(run.folder / "model.onnx")
    assert both.has_mask
    rows = load_outlined(run.recipe, Stretch(48))["test"].rows
    for image in rows["path"][:5]:
        assert outlines.dice(both.predict(image).mask, alone.predict(image).mask) > 0.98  # type: ignore[arg-type]
    codes = [rule.code for rule in both.metadata.refusal]
    assert codes[-1] == "no_lesion"


def test_what_cannot_stand_in_front(run: Run[SegmentationRecipe], folder: Path, tmp_path: Path) -> None:
    def asked(*overrides: str) -> recipes.Recipe:
        return recipes.load(folder / "recipe.yaml", (f"image.segmenter={run.folder}", *overrides))

    with pytest.raises(RecipeError, match=r"image.segmenter is for steps that read lesion masks"):
        build(asked("image.geometry=stretch"))
    with pytest.raises(RecipeError, match=r"set image.geometry to stretch and image.size to 48"):
        build(asked("image.steps=[grey_outside]"))
    with pytest.raises(DataError, match="not a run"):
        build(asked(*STEPS, f"image.segmenter={tmp_path}"))
    split = pd.read_parquet(folder / "split.parquet")
    split["split"] = split["split"].map({"train": "test", "test": "train", "val": "val"})
    split.to_parquet(tmp_path / "other.parquet")
    swapped = asked(*STEPS, f"data.split={tmp_path}/other.parquet")
    with pytest.raises(SplitLeakError, match=r"the segmenter has learned from .* train it with the same split"):
        load_parts(swapped, Stretch(48), masks=True, segmenter=build(swapped).segmenter)


def test_both_kinds_of_file_outline_pictures(run: Run[SegmentationRecipe], shared: Path, capsys: Any) -> None:
    picture = str(next((shared / "data" / "ham10000_600x450").glob("*.jpg")))
    assert main(["outline", picture, "--model", "skin-suspicion"]) == 1
    assert "it classifies pictures without outlining anything" in capsys.readouterr().err
