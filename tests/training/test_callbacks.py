from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from tensorboardX.proto.event_pb2 import Event

from tejido.training.classify import ClassifyModule
from tejido.training.course import load_best
from tejido.training.fit import fit, logits_of
from tests.support.stub_network import images, network
from tests.training.plan import recipe


def events(folder: Path) -> dict[tuple[str, int], float]:
    """Scalars by tag and step, read by the format: length, its checksum, event, its checksum."""
    found = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]
            for value in event.summary.value:
                found[value.tag, event.step] = value.simple_value
    return found


def test_the_table_of_an_epoch_holds_training_and_validation(tmp_path: Path) -> None:
    val = images(48, 1)
    net = fit(network(), images(64), val, recipe(epochs=3), tmp_path)
    table = pd.read_csv(tmp_path / "metrics.csv")
    names = ["loss", "auc", "accuracy", "balanced_accuracy"]
    parts = [f"{part}_{name}" for part in ("train", "val") for name in sorted(names)]
    assert list(table) == ["epoch", *parts, "rate_head", "rate_body"]
    assert table["epoch"].tolist() == [0, 1, 2, 3]
    best = table.iloc[table["val_auc"].argmax()]
    logits = logits_of(net, val.images)
    truth = val.labels.numpy()
    score = logits.softmax(1)[:, 1].numpy()
    assert best["val_auc"] == pytest.approx(roc_auc_score(truth, score), abs=1e-6)
    assert best["val_accuracy"] == pytest.approx((logits.argmax(1).numpy() == truth).mean())
    assert best["val_balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, logits.argmax(1)))
    assert best["val_loss"] == pytest.approx(torch.nn.functional.cross_entropy(logits, val.labels).item(), abs=1e-6)
    assert not (tmp_path / "attention.csv").exists()
    shown = events(tmp_path / "tensorboard")
    assert shown["val_auc", 2] == pytest.approx(table["val_auc"][2])
    assert {tag for tag, _ in shown} == set(table) - {"epoch"}


def test_figures_of_training_are_those_of_the_images_as_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    real = ClassifyModule.training_step

    def step(self: ClassifyModule, batch: tuple[torch.Tensor, ...], number: int) -> torch.Tensor:
        logits: list[torch.Tensor] = []
        hook = self.network.register_forward_hook(lambda _, inputs, output: logits.extend([inputs[0], output.detach()]))
        loss = real(self, batch, number)
        hook.remove()
        assert not torch.equal(logits[0], batch[0])  # augmented
        seen.append((batch[1], logits[1], loss.detach()))
        return loss

    monkeypatch.setattr(ClassifyModule, "training_step", step)
    fit(network(), images(64), images(32, 1), recipe(epochs=0), tmp_path)
    row = pd.read_csv(tmp_path / "metrics.csv").iloc[0]
    labels, logits, losses = (torch.cat([torch.atleast_1d(item[k]) for item in seen]) for k in range(3))
    assert len(labels) == 64
    assert row["train_accuracy"] == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    # a mean over both classes, whose probabilities do not always round to the same ties
    assert row["train_auc"] == pytest.approx(roc_auc_score(labels, logits.softmax(1)[:, 1]), abs=1e-3)
    assert row["train_loss"] == pytest.approx(losses.mean().item(), abs=1e-6)


def test_attention_is_logged_as_validation_saw_it(tmp_path: Path) -> None:
    for ema in (0.0, 0.9):
        folder = tmp_path / str(ema)
        net = fit(network(attended=True), images(64), images(32, 1), recipe(epochs=3, ema=ema), folder)
        table = pd.read_csv(folder / "attention.csv")
        history = pd.read_csv(folder / "metrics.csv")
        assert list(table) == ["epoch", "block1", "block2"]
        assert table["epoch"].tolist() == history["epoch"].tolist() == [0, 1, 2, 3]
        assert (table["block1"] != 0).all()
        assert (table["block2"] == 0).all()
        best = int(history["val_auc"].argmax())
        assert table["block1"][best] == pytest.approx(net.attention()["block1"].item())
        shown = events(folder / "tensorboard")
        assert shown["attention/block1", best] == pytest.approx(table["block1"][best])
        last = load_best(network(attended=True), folder / "checkpoints" / "last.ckpt")
        assert np.isclose(table["block1"].iloc[-1], last.attention()["block1"].item())
