from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from tejido.models.network import Network
from tejido.recipe import Augmentation
from tejido.training import fit as fitting
from tejido.training.classify import ClassifyModule
from tejido.training.fit import fit
from tests.support.stub_network import images, network
from tests.training.plan import recipe
from tests.training.test_resume import mixed


class Weights(Callback):
    """Keeps the head's weights after every step."""

    def __init__(self) -> None:
        self.steps: list[Tensor] = []

    def on_train_batch_end(self, trainer: Any, pl_module: ClassifyModule, *_: Any) -> None:
        self.steps.append(pl_module.network.head.weight.detach().clone())


def test_averaged_weights_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = Weights()
    real = fitting.trainer_of
    monkeypatch.setattr(fitting, "trainer_of", lambda *a: real(*a[:3], [weights, *a[3]]))
    settings = recipe(head_epochs=0, epochs=2, ema=0.7)
    net = fit(network(), images(64), images(32, 1), settings, tmp_path)
    average = weights.steps[0]
    ends = []
    for number, step in enumerate(weights.steps):
        average = average if number == 0 else 0.7 * average + 0.3 * step
        if number % 4 == 3:
            ends.append(average)
    best = int(pd.read_csv(tmp_path / "metrics.csv")["val_auc"].argmax())
    assert torch.allclose(net.head.weight, ends[best], atol=1e-7)
    assert not torch.allclose(net.head.weight, weights.steps[4 * best + 3], atol=1e-7)
    assert "ema" in settings.to_yaml()


def body_of(net: Network) -> Tensor:
    return torch.cat([value.flatten().double() for value in net.body.state_dict().values()])


def test_a_linear_probe_trains_the_head_alone(tmp_path: Path) -> None:
    before = network()
    net = fit(network(), images(64), images(32, 1), recipe(head_epochs=2, epochs=0), tmp_path)
    assert torch.equal(body_of(net), body_of(before))  # batch-norm statistics too
    assert not torch.equal(net.head.weight, before.head.weight)
    plain = fit(network(), images(64), images(32, 1), recipe(head_epochs=0), tmp_path / "plain")
    assert not torch.equal(body_of(plain), body_of(before))


@pytest.mark.parametrize(("monitor", "best"), [("val_loss", "argmin"), ("val_accuracy", "argmax")])
def test_the_best_epoch_is_the_monitors(tmp_path: Path, monitor: str, best: str) -> None:
    fit(network(), images(64), images(32, 1), recipe(epochs=4, monitor=monitor), tmp_path)
    table = pd.read_csv(tmp_path / "metrics.csv")
    kept = torch.load(tmp_path / "checkpoints" / "best.ckpt", weights_only=True)
    assert kept["epoch"] == getattr(table[monitor], best)()


def test_mixed_labels_reach_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss of a mixed batch is the mixture of the losses of its labels (Zhang et al. 2018)."""
    data = images(16)
    module = ClassifyModule(network().eval(), lambda batch, _: batch, recipe().training, [12, 4], 0, mixed)
    monkeypatch.setattr(module, "log", lambda *a, **k: None)
    monkeypatch.setattr(module, "log_dict", lambda *a, **k: None)
    module.network.head.weight.data.normal_(generator=torch.Generator().manual_seed(1))
    generator = module._generator.manual_seed(5)
    loss = module.training_step((data.images, data.labels), 0)
    shares = torch.nn.functional.one_hot(data.labels, 2).float()
    pixels, targets = mixed(data.images, shares, generator.manual_seed(5))
    logits = module.network(pixels)
    pairs = [torch.nn.functional.cross_entropy(logits, torch.full((16,), k), reduction="none") for k in (0, 1)]
    assert loss.item() == pytest.approx((targets[:, 0] * pairs[0] + targets[:, 1] * pairs[1]).mean().item())


def test_what_else_a_network_takes_follows_the_labels(tmp_path: Path) -> None:
    """A batch may carry more than images and labels, such as age and site."""

    class Informed(Network):
        def forward(self, image: Tensor, known: Tensor | None = None) -> Tensor:
            assert known is not None
            return self.logits(self.features(image)) + known[:, 1:]

    class InformedImages(type(images(1))):  # type: ignore[misc]
        def __getitems__(self, indices: list[int]) -> tuple[Tensor, ...]:
            pictures, labels = super().__getitems__(indices)
            return pictures, labels, torch.nn.functional.one_hot(labels + 1, 3) * 9.0

    net = network()
    informed = Informed(net.body, net.head, classes=2, input_size=16, mean=(0.5,) * 3, std=(0.5,) * 3)
    train, val = (InformedImages(part.images, part.labels) for part in (images(64), images(32, 1)))
    fit(informed, train, val, recipe(), tmp_path)
    assert pd.read_csv(tmp_path / "metrics.csv")["val_auc"].min() == 1


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_a_recipe_that_mixes_is_trained_mixed(tmp_path: Path, name: str) -> None:
    losses = []
    for strength in (0.0, 1.0):
        chosen = recipe().model_copy(update={"augmentation": Augmentation(**{name: strength})})
        fit(network(), images(64), images(32, 1), chosen, tmp_path / str(strength))
        losses.append(pd.read_csv(tmp_path / str(strength) / "metrics.csv")["train_loss"].tolist())
    assert losses[0] != losses[1]
