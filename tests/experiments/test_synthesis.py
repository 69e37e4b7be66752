"""A tiny generator from recipe to samples, walks and figures, on a few hundred real lesions."""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tejido import recipe as recipes
from tejido.cli.main import main
from tejido.data import manifest as manifests
from tejido.data.splitting import splits
from tejido.errors import DataError, RecipeError, SplitLeakError, TejidoError, TrainingError
from tejido.experiments import synthesis
from tejido.experiments.datasets import load_parts
from tejido.experiments.describe import sources_of
from tejido.experiments.latent import combine, encode, latent_of, walk
from tejido.experiments.predict import of_model
from tejido.experiments.resemblance import resemblance
from tejido.experiments.run import Run, open_run
from tejido.experiments.synthesis import class_index, generator_of, training_rows
from tejido.imaging.geometry import CentreSquare
from tejido.recipe import SynthesisRecipe
from tejido.report import walks as report
from tejido.runtime.library import load
from tejido.training import synthesize as training
from tejido.training.synthesize import as_pixels, samples_of, spread, vectors
from tests.support.experiment import prepare


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Path:
    folder = tmp_path_factory.mktemp("synthesis")
    prepare(folder, shared, lesions=700)
    (folder / "gan.yaml").write_text(f"""
name: gan
model: made-up
task: skin-suspicion
data: {{manifest: {folder}/manifest.parquet, split: {folder}/split.parquet, limit: 200}}
image: {{size: 32}}
network: {{latent: 16, width: 8, conditional: true}}
training: {{epochs: 3, batch: 32, grids: [1, 5]}}
evaluation:
  samples: 100
  features: mobilenetv1_025
  weights: {shared}/weights/mobilenetv1_025.safetensors
  bootstrap: 20
  size: 64
""")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run[SynthesisRecipe]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["synthesize", "train", str(folder / "gan.yaml")]) == 0
    (path,) = (folder / "runs" / "gan").iterdir()
    return open_run(path, SynthesisRecipe)


def recipe(folder: Path, *overrides: str) -> SynthesisRecipe:
    return recipes.load_as(SynthesisRecipe, folder / "gan.yaml", overrides)


def test_it_learns_from_training_images_alone(run: Run[SynthesisRecipe], folder: Path) -> None:
    used = pd.read_parquet(run.folder / "split.parquet")
    split = pd.read_parquet(folder / "split.parquet").set_index("image_id")["split"]
    assert len(used) == 200
    assert (used["image_id"].map(split) == "train").all()
    metrics = run.read_json("metrics.json")
    assert metrics["steps"] == 3 * (200 // 32)
    history = pd.read_csv(run.folder / "metrics.csv")
    assert history["step"].tolist() == [6, 12, 18]
    assert history[["discriminator_loss", "generator_loss", "diversity"]].notna().all(axis=None)
    assert sorted(path.name for path in (run.folder / "grids").iterdir()) == [
        *("step-000001.png", "step-000005.png", "step-000018.png"),
    ]


def test_a_run_goes_on_where_it_was_stopped(run: Run[SynthesisRecipe], folder: Path) -> None:
    from tejido.training.synthesize import SynthesisModule

    class StopError(Exception):
        pass

    again = Run.create(folder / "again", run.recipe)
    with pytest.MonkeyPatch.context() as patch:
        whole = SynthesisModule.on_train_batch_start

        def stopping(module: Any, batch: Any, batch_idx: int) -> None:
            if module.current_epoch == 1 and batch_idx == 3:
                raise StopError
            whole(module, batch, batch_idx)

        patch.setattr(SynthesisModule, "on_train_batch_start", stopping)
        with pytest.raises(StopError):
            synthesis.train(again)
    synthesis.train(again)
    for name, value in generator_of(run).state_dict().items():
        assert torch.equal(value, generator_of(again).state_dict()[name]), name


def test_samples_are_the_same_however_they_are_made(run: Run[SynthesisRecipe]) -> None:
    network = generator_of(run)
    labels = torch.tensor([0, 1] * 5)
    many = samples_of(network, 10, seed=3, labels=labels, batch=4)
    assert torch.equal(many[:6], samples_of(network, 6, seed=3, labels=labels))
    assert not torch.equal(many, samples_of(network, 10, seed=4, labels=labels))


def test_samples_in_a_manifest(run: Run[SynthesisRecipe], folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    counts = ["--count", "suspicious=3", "--count", "benign=70"]
    assert main(["synthesize", "sample", str(run.folder), "-o", str(out), *counts, "--seed", "5"]) == 0
    table = manifests.read(out / "manifest.parquet")
    assert len(table) == 73
    assert table["synthetic"].all()
    assert table["group_id"].is_unique
    assert set(table["licence"]) == set(manifests.read(folder / "manifest.parquet")["licence"])  # passed on
    assert table["attribution"].str.contains(f"{run.folder.name}, seed 5, class ").all()
    assert table["diagnosis"].isna().all()  # a label of several diagnoses is none
    with Image.open(table["path"].iloc[0]) as picture:
        assert picture.size == (32, 32)
    other = tmp_path / "other"
    assert main(["synthesize", "sample", str(run.folder), "-o", str(other), "--count", "benign=5", "--seed", "5"]) == 0
    first = sorted((other / "images").iterdir())
    assert [path.read_bytes() for path in first] == [(out / "images" / path.name).read_bytes() for path in first]
    # They may train, and stand nowhere else.
    split = splits.split_by_group(table)
    assert set(split["split"]) == {"train"}
    astray = split.assign(split="test")
    splits.write(astray, tmp_path / "astray.parquet")
    with pytest.raises(SplitLeakError, match="73 synthetic images are outside train"):
        splits.load(tmp_path / "astray.parquet", table)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["sample", "RUN", "-o", "OUT", "--count", "10"], 1, "say which class; this generator has: "),
        (
            ["sample", "RUN", "-o", "OUT", "--count", "melanoma=10"],
            1,
            "there is no class 'melanoma'; this generator has",
        ),
        (["sample", "RUN", "-o", "OUT", "--count", "benign=0"], 1, "give a number of samples above 0"),
        (["sample", "RUN", "-o", "OUT", "--count", "benign=many"], 1, "'benign=many' is no number of samples"),
        (["sample", "RUN", "-o", "OUT", "--count", "benign=10000000000"], 1, "are free; make fewer"),
        (["sample", "RUN", "-o", "FULL", "--count", "benign=1"], 1, "there is something in it already"),
        (["interpolate", "RUN", "-o", "OUT/a.png", "--class", "a,b"], 1, "there is no class 'a'"),
        (["interpolate", "RUN", "-o", "OUT/a.png", "--seeds", "1"], 2, "takes two whole numbers"),
        (["combine", "RUN", "-o", "OUT/a.png", "--plus", "1", "--minus", "1"], 1, "say which class"),
        (["combine", "RUN", "-o", "OUT/a.png", "--plus", "1", "--minus", "1", "--class", "benign"], 1, "cancel each"),
        (["combine", "RUN", "-o", "OUT/a.png", "--plus", "nowhere.jpg", "--class", "benign"], 1, "nowhere.jpg"),
        (["combine", "RUN", "-o", "OUT/a.png", "--class", "benign"], 2, "--plus"),
        (["evaluate", "FULL"], 1, "not a run"),
        (["evaluate", "RUN", "--model", "nowhere"], 1, "no model is called 'nowhere'"),
    ],
)
def test_wrong_wishes(
    run: Run[SynthesisRecipe],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    names = {"RUN": str(run.folder), "OUT": str(tmp_path / "out"), "FULL": str(tmp_path / "full")}
    given = [arguments[0], *(names.get(one, one.replace("OUT", names["OUT"])) for one in arguments[1:])]
    assert main(["synthesize", *given]) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out" / "manifest.parquet").exists()


def test_walks(run: Run[SynthesisRecipe], tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "encode", partial(encode, steps=10))
    film = tmp_path / "walk.png"
    ends = ["--class", "benign,suspicious", "--seeds", "4,4", "--frames", "5"]
    assert main(["synthesize", "interpolate", str(run.folder), "-o", str(film), *ends]) == 0
    with Image.open(film) as strip, Image.open(film.with_suffix(".gif")) as moving:
        assert strip.size == (5 * 34 - 2, 32)
        assert moving.n_frames >= 2  # type: ignore[attr-defined]
        pixels = np.asarray(strip.convert("RGB"))
    network = generator_of(run)
    vector = latent_of(network, 4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    made = walk(network, (vector, vector), (0, 1), 5)
    for end, label in ((0, 0), (-1, 1)):
        with torch.inference_mode():
            own = as_pixels(network(vector, torch.tensor([label])))[0]
        assert (made[end].int() - own.int()).abs().max() <= 1
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert (pixels[:, :32] == made[0].permute(1, 2, 0).numpy()).all()
    pictures = sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))[:2]
    asked = [argument for path in pictures for argument in ("--picture", str(path))]
    assert main(["synthesize", "interpolate", str(run.folder), "-o", str(film), *asked, "--class", "benign"]) == 0


def test_sums(run: Run[SynthesisRecipe], tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 3 + 4 at a right angle is 5 long, brought to the mean of both lengths."""
    found = combine([(1, torch.tensor([[3.0, 0.0]])), (-1, torch.tensor([[0.0, -4.0]]))])
    assert torch.allclose(found, torch.tensor([[0.6, 0.8]]) * 3.5)
    monkeypatch.setattr(report, "encode", partial(encode, steps=10))
    strip = tmp_path / "sum.png"
    asked = ["synthesize", "combine", str(run.folder), "-o", str(strip), "--class", "benign"]
    assert main([*asked, "--plus", "1", "--minus", "2", "--plus", "2"]) == 0
    with Image.open(strip) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape == (32, 4 * 34 - 2, 3)
    network = generator_of(run)
    one, two = latent_of(network, 1), latent_of(network, 2)
    with torch.inference_mode():  # what is added and taken away is nothing; the length is the mean of the three
        own = as_pixels(network(one * (one.norm() + 2 * two.norm()) / (3 * one.norm()), torch.tensor([0])))[0]
    assert np.abs(pixels[:, -32:] - own.permute(1, 2, 0).numpy().astype(int)).max() <= 1
    picture_of_a_lesion = next((shared / "data" / "ham10000_600x450").glob("*.jpg"))
    assert main([*asked, "--plus", str(picture_of_a_lesion), "--minus", "3"]) == 0


def test_a_vector_of_another_length_is_refused(run: Run[SynthesisRecipe]) -> None:
    with pytest.raises(RecipeError, match="latent vectors of this generator are 1×16, not 1×12"):
        walk(generator_of(run), (torch.zeros(1, 16), torch.zeros(1, 12)), (0, 0), 3)


def test_a_sample_is_found_again_in_latent_space(run: Run[SynthesisRecipe]) -> None:
    network = generator_of(run)
    target = samples_of(network, 1, seed=9, labels=torch.tensor([0]))[0]
    _, start = encode(network, target, 0, steps=1)
    vector, off = encode(network, target, 0, steps=150)
    assert vector.shape == (1, 16)
    assert off < 0.5 * start


def test_figures(run: Run[SynthesisRecipe], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synthesize", "evaluate", str(run.folder), "--model", "skin-suspicion"]) == 0
    figures = json.loads((run.folder / "resemblance.json").read_text())
    generator, floor = figures["generator"], figures["floor"]
    assert (
        generator["kernel_distance"]["value"] > floor["kernel_distance"]["high"]
    )  # after 18 steps it is bad, and said so
    assert generator["two_sample_auc"] > 0.9
    assert abs(floor["two_sample_auc"] - 0.5) < 0.2
    for side in ("generator", "floor"):
        said = figures["consistency"][side]
        assert said["mean_of_classes"] == pytest.approx(np.mean(list(said["by_class"].values())))
        assert 0 <= said["equal"] <= 1
    assert figures["consistency"]["floor"]["equal"] > 0.6
    assert figures["memorisation"]["verdict"] != "copies training images"
    used = set(pd.read_parquet(run.folder / "split.parquet")["image_id"])
    assert {one["image_id"] for one in figures["memorisation"]["nearest"]["hash"]} <= used
    out = capsys.readouterr().out
    assert figures["memorisation"]["verdict"].split(":")[0] in " ".join(out.split())
    assert "mean of the classes" in out
    for name in ("plane", "nearest"):
        with Image.open(run.folder / "plots" / f"{name}.png") as plot:
            assert plot.size[0] > 400


def test_a_collapse_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A generator that looks at the class alone: among all samples there is variety, within a class there is none."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(training, "vectors", lambda drawn, count, length: torch.ones(count, length))
    result = synthesis.train(Run.create(folder / "collapsed", recipe(folder, "training.epochs=1")))
    assert result["collapsed"]
    assert "it has collapsed: samples differ by 0 % of what real images do" in caplog.text


def test_a_loss_of_the_generator_that_is_no_number_stops_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.SynthesisModule, "_fool", lambda self, said: said.mean() * float("nan"))
    run = Run.create(folder / "broken", recipe(folder, "training.epochs=1"))
    with pytest.raises(TrainingError, match=r"the loss \(epoch 0, step 0 .* is nan; .* try lower rates"):
        synthesis.train(run)
    assert not (run.folder / "checkpoints" / "last.ckpt").exists()


def test_one_sample_is_the_same_whatever_is_drawn_with_it() -> None:
    """Also of the thesis's length, where PyTorch draws few numbers at once otherwise than many."""
    few, many = (vectors(torch.Generator().manual_seed(3), count, 100) for count in (5, 64))
    assert torch.equal(few, many[:5])


def test_made_up_images_judge_no_model(samples: Path) -> None:
    with pytest.raises(DataError, match="80 images are synthetic; they judge no model"):
        of_model(load("skin-suspicion"), samples / "manifest.parquet")


def test_spread() -> None:
    same = torch.full((5, 3, 32, 32), 7, dtype=torch.uint8)
    assert spread(same) == 0
    same[0] += 10
    assert spread(same) == pytest.approx(4 / 10 * np.sqrt(3 * 256) * 10)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("network.name=upc2020_dcgan", "upc2020_dcgan makes images of 128 pixels from 100 numbers"),
        ("task=null", "network.conditional needs a task"),
        ("data.allow_leaks=true", "a generator learns from the training side of one split"),
        ("data.cache=somewhere", "leave data.cache and data.synthetic out"),
        ("network.latend=3", "unknown key 'network.latend'; did you mean 'latent'"),
        ("image.size=100", "image.size"),
    ],
)
def test_wrong_recipes(folder: Path, override: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe(folder, override)


def test_without_weights_or_with_other_data_nothing_is_compared(run: Run[SynthesisRecipe], tmp_path: Path) -> None:
    copy = shutil.copytree(run.folder, tmp_path / "copy")
    text = (copy / "recipe.yaml").read_text()
    (copy / "recipe.yaml").write_text(re.sub(r"\n  weights: .*", "\n  weights: null", text))
    with pytest.raises(DataError, match=r"evaluation\.weights: name pretrained weights"):
        resemblance(open_run(copy, SynthesisRecipe))
    (copy / "recipe.yaml").write_text(text)
    used = pd.read_parquet(copy / "split.parquet")
    used.iloc[1:].to_parquet(copy / "split.parquet")
    with pytest.raises(DataError, match="it has learned from other images than its recipe gives now"):
        resemblance(open_run(copy, SynthesisRecipe))


def test_a_generator_without_classes_is_asked_for_none(folder: Path) -> None:
    plain = Run.create(folder / "plain", recipe(folder, "network.conditional=false", "task=null"))
    assert class_index(plain, None) is None
    with pytest.raises(TejidoError, match=r"there is no class 'nevus'; this generator has no classes"):
        class_index(plain, "nevus")


def test_too_little_to_learn_from(folder: Path) -> None:
    with pytest.raises(DataError, match="10 training images are fewer than a batch of 32"):
        training_rows(recipe(folder, "data.limit=10"))


def test_the_thesiss_network_trains_as_it_says(folder: Path) -> None:
    thesis = ("network.name=upc2020_dcgan", "network.conditional=false", "network.latent=100", "image.size=128")
    settings = ("loss=cross_entropy", "flipped=0.05", "noise=0.1", "r1=1", "augment=false", "flip=false", "epochs=1")
    asked = recipe(folder, *thesis, *(f"training.{one}" for one in settings), "training.batch=4", "data.limit=8")
    result = synthesis.train(Run.create(folder / "thesis", asked))
    assert result["steps"] == 2
    assert result["parameters"]["discriminator"] == 340_865


@pytest.fixture(scope="module")
def samples(run: Run[SynthesisRecipe], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples whose labels were made diagnoses, as those of a generator of nevi and melanomas would have."""
    out = tmp_path_factory.mktemp("samples") / "out"
    list(synthesis.write_samples(run, out, {"benign": 40, "suspicious": 40}, 1))
    table = pd.read_parquet(out / "manifest.parquet")
    table["diagnosis"] = table["image_id"].str.contains("benign").map({True: "nevus", False: "melanoma"})
    table.to_parquet(out / "manifest.parquet")
    return out


def with_samples(folder: Path, manifest: Path, share: float, *more: str) -> recipes.Recipe:
    given = (f"data.synthetic={{manifest: {manifest}, share: {share}}}", "image.size=32", *more)
    return recipes.load(folder / "recipe.yaml", given)


def test_samples_train_and_stand_nowhere_else(folder: Path, samples: Path) -> None:
    plain = load_parts(recipes.load(folder / "recipe.yaml", ("image.size=32",)), CentreSquare(32))
    mixed = load_parts(with_samples(folder, samples / "manifest.parquet", 0.05), CentreSquare(32))
    more = len(mixed["train"].rows) - len(plain["train"].rows)
    assert more == round(0.05 * len(plain["train"].rows))
    assert mixed["train"].rows["synthetic"].sum() == more
    for name in ("val", "test"):
        assert mixed[name].rows["image_id"].tolist() == plain[name].rows["image_id"].tolist()
    counted = {data.source: data.images for data in sources_of(mixed["train"].rows)}
    assert counted["synthetic:gan"] == more  # on the card
    again = load_parts(with_samples(folder, samples / "manifest.parquet", 0.05), CentreSquare(32))
    other = load_parts(with_samples(folder, samples / "manifest.parquet", 0.05, "seed=1"), CentreSquare(32))
    ids = [parts["train"].rows["image_id"].tolist() for parts in (mixed, again, other)]
    assert ids[0] == ids[1] != ids[2]


def test_samples_that_may_not_train(folder: Path, samples: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"80 made-up images have a label of skin-suspicion, and .* are asked for"):
        load_parts(with_samples(folder, samples / "manifest.parquet", 5), CentreSquare(32))
    with pytest.raises(DataError, match="not all of its images are synthetic"):
        load_parts(with_samples(folder, folder / "manifest.parquet", 0.1), CentreSquare(32))
    with pytest.raises(RecipeError, match="a cache holds no made-up images"):
        with_samples(folder, samples / "manifest.parquet", 0.1, "data.cache=somewhere")
    split = pd.read_parquet(folder / "split.parquet")
    split["split"] = split["split"].map({"train": "test", "test": "train", "val": "val"})
    split.to_parquet(tmp_path / "other.parquet")
    other = with_samples(folder, samples / "manifest.parquet", 0.1, f"data.split={tmp_path}/other.parquet")
    with pytest.raises(SplitLeakError, match=r"their generator has learned from .* train it with the same split"):
        load_parts(other, CentreSquare(32))
