from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from tejido import recipe as recipes
from tejido.errors import DataError
from tejido.imaging.geometry import CentreSquare
from tejido.models import zoo
from tejido.training.course import load_best
from tejido.training.fit import fit, logits_of
from tejido.training.images import LabelledImages, decode_all
from tejido.training.sampler import EpochSampler
from tejido.training.schedule import staged
from tests.support.experiment import prepare
from tests.training.apart import carry_out

EPOCHS = 5


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> tuple[Path, Path]:
    """A recipe, and real images with their labels in one file."""
    folder = tmp_path_factory.mktemp("setting")
    path = prepare(folder, shared, pretrained=True)
    table = pd.read_parquet(folder / "manifest.parquet")
    images = decode_all(table["path"].map(lambda text: str(folder / text)), CentreSquare(48))
    labels = torch.from_numpy((table["diagnosis"] != "nevus").to_numpy().astype("int64"))
    torch.save((images, labels), folder / "data.pt")
    return path, folder / "data.pt"


def start(folder: Path, recipe: Path, data: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.apart", str(folder), str(recipe), str(data)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def outcome(folder: Path) -> tuple[pd.DataFrame, torch.Tensor]:
    return pd.read_csv(folder / "metrics.csv"), torch.load(folder / "answers.pt", weights_only=True)


def test_killed_it_ends_as_if_never_killed(setting: tuple[Path, Path], tmp_path: Path) -> None:
    """With the default options; test_resume.py has the others, interrupted more gently."""
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    (stormy / "checkpoints").mkdir(parents=True)
    process = start(stormy, *setting)
    chance = random.Random()
    target = chance.randrange(1, EPOCHS)
    while process.poll() is None and epochs_done(stormy) < target:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 0.3))  # somewhere in the next epoch, or while a checkpoint is written
    assert process.poll() is None, "the training was too fast to be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert start(stormy, *setting).wait() == 0
    carry_out(calm, *setting)
    (history, answers), (calm_history, calm_answers) = outcome(stormy), outcome(calm)
    pd.testing.assert_frame_equal(history, calm_history, check_exact=True)
    assert torch.equal(answers, calm_answers)


def epochs_done(folder: Path) -> int:
    path = folder / "metrics.csv"
    return len(pd.read_csv(path)) if path.exists() else 0


def test_early_stopping_is_remembered(setting: tuple[Path, Path], tmp_path: Path) -> None:
    recipe = recipes.load(setting[0], ("training.patience=1", "training.epochs=30", "training.body_rate=0.05"))
    images, labels = torch.load(setting[1], weights_only=True)
    parts = LabelledImages(images[:200], labels[:200]), LabelledImages(images[200:], labels[200:])
    answers = []
    for _ in range(2):
        torch.manual_seed(0)
        network = fit(zoo.build("mobilenetv1_025", 2), *parts, recipe, tmp_path)
        answers.append((len(pd.read_csv(tmp_path / "metrics.csv")), logits_of(network, parts[1].images)))
    (first, one), (second, two) = answers
    assert first == second < 31
    assert torch.equal(one, two)


@pytest.mark.parametrize(("content", "message"), [(None, "no such checkpoint"), (b"\x80\x04junk", "not a checkpoint")])
def test_a_checkpoint_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "best.ckpt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_best(zoo.build("mobilenetv1_025", 2), tmp_path / "best.ckpt")


def test_oversampling_balances_and_the_epoch_decides() -> None:
    labels = torch.tensor([0] * 900 + [1] * 100)
    sampler = EpochSampler(labels, seed=3, oversample=True)
    drawn = labels[list(sampler)]
    assert len(drawn) == 1000
    assert drawn.float().mean().item() == pytest.approx(0.5, abs=0.06)
    assert list(sampler) == list(sampler)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    plain = EpochSampler(labels, seed=3, oversample=False)
    assert sorted(plain) == list(range(1000))


def test_a_linear_probe_trains_the_head_on_frozen_features(setting: tuple[Path, Path], tmp_path: Path) -> None:
    recipe = recipes.load(setting[0], ("training.head_epochs=2", "training.epochs=0"))
    images, labels = torch.load(setting[1], weights_only=True)
    parts = LabelledImages(images[:96], labels[:96]), LabelledImages(images[96:160], labels[96:160])
    network = zoo.from_recipe(recipe, 2)
    before = {key: value.clone() for key, value in network.body.state_dict().items()}
    network = fit(network, *parts, recipe, tmp_path)
    assert len(pd.read_csv(tmp_path / "metrics.csv")) == 2
    assert all(torch.equal(value, before[key]) for key, value in network.body.state_dict().items())
    assert network.head.weight.abs().max() > 0
    assert staged(20, steps_per_epoch=10, head_epochs=2, epochs=0) == (0, pytest.approx(1e-4))


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"bad\.jpg: not a picture"):
        decode_all(pd.Series([str(tmp_path / "bad.jpg")]), CentreSquare(48))


def test_a_damaged_checkpoint_is_named_when_a_training_resumes(setting: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").write_bytes(b"PK\x03\x04 half a file")
    images, labels = torch.load(setting[1], weights_only=True)
    part = LabelledImages(images[:64], labels[:64])
    with pytest.raises(DataError, match=r"last\.ckpt: not a checkpoint"):
        fit(zoo.build("mobilenetv1_025", 2), part, part, recipes.load(setting[0]), tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    state = {f"network.{key}": value for key, value in zoo.build("mobilenetv1_025", 2).state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "best.ckpt")
    load_best(zoo.build("mobilenetv1_025", 2), tmp_path / "best.ckpt")
    with pytest.raises(DataError, match="another network"):
        load_best(zoo.build("mobilenetv1_050", 2), tmp_path / "best.ckpt")
