"""One network of each family, from a recipe's name to a model file that answers as PyTorch does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from timm.models.vgg import ConvMlp
from torch import nn
from torch.nn.functional import cross_entropy, interpolate

from tejido.export.deployed import Deployed
from tejido.export.graph import export_graph, with_metadata
from tejido.imaging.geometry import CentreSquare
from tejido.metrics.calibration import Calibration
from tejido.models import zoo
from tejido.models.heads import LinearHead
from tejido.models.inventory import FAMILIES
from tejido.models.network import Network
from tejido.runtime.classifier import Classifier
from tests.support.tiny_model import METADATA

# The smallest member of each family, at a small size; whether the heatmap is free.
SMALL = {
    "student_k1": (48, True),
    "upc2020_cnn": (32, False),
    "alexnet": (64, False),
    "vgg11": (32, False),
    "squeezenet1_1": (48, True),
    "shufflenet_v2_x0_5": (48, True),
    "mobilenetv1_025": (48, True),
    "mobilenetv2_050": (48, True),
    "mobilenetv3_small_050": (48, False),
    "inception_v3": (80, True),
    "resnet18": (48, True),
    "efficientnet_b0": (48, True),
    "tf_efficientnet_lite0": (48, True),
}

QUICK = ("upc2020_cnn",)
"""Whose export is checked here; half a minute each, that of the others is left to `make slow`.

Students and MobileNetV1 are exported, and compared on real pictures, by the tests of experiments.
"""


def images(count: int, size: int) -> torch.Tensor:
    """Coloured blotches with a little noise: different enough that even random weights tell one from another."""
    blotches = interpolate(torch.rand(count, 3, 4, 4), size, mode="bilinear")
    return ((0.9 * blotches + 0.1 * torch.rand(count, 3, size, size)) * 255).to(torch.uint8)


def narrow(network: Network, name: str) -> None:
    """Make 4096 wide dense layers 64 wide: they hold most of the network and would need gigabytes in a test."""
    if name == "alexnet":
        network.body.model.set_submodule("classifier.1", nn.Linear(9216, 64))
        network.body.model.set_submodule("classifier.4", nn.Linear(64, 64))
        network.head = LinearHead(64, 2)
    if name == "vgg11":
        network.body.pre_logits = ConvMlp(512, 64, 7)
        network.head = LinearHead(64, 2)


def train_one_step(network: Network, size: int) -> None:
    """A step in training mode; every parameter takes part, and those of the head move."""
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), 0.01)
    before = network.head.weight.detach().clone()
    loss = cross_entropy(network(images(4, size)), torch.tensor([0, 1, 0, 1]))
    loss.backward()
    optimizer.step()
    assert loss.isfinite()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert not torch.equal(network.head.weight, before)


def settle(network: Network, size: int) -> None:
    """Give answers that differ from picture to picture, by about one in the logit.

    Statistics are put back to where they start: those of a few images through random weights have channels of hardly
    any variance, and dividing by it blows rounding up until float32 differs from float64 by more than 1e-5.
    """
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    with torch.no_grad():
        features = network.eval().features(images(48, size))
        vector = features.mean((2, 3)) if network.heatmap else features
        nn.init.normal_(network.head.weight, std=1 / float(vector.std(0).norm()))
        network.head.bias.copy_(-(network.head.weight @ vector.mean(0)))


def export_and_compare(network: Network, size: int) -> None:
    module = Deployed(CentreSquare(size), network, Calibration(1.0, (0.0, 0.0))).eval()
    metadata = dataclasses.replace(METADATA, refusal=(), input_size=size)
    classifier = Classifier(with_metadata(export_graph(module), metadata))
    answers = []
    # At the network's size already: what the resize does on either side is compared elsewhere.
    for pixels in images(6, size).permute(0, 2, 3, 1).contiguous().numpy():
        with torch.no_grad():
            expected = dict(zip(module.outputs, module(torch.from_numpy(pixels)), strict=True))
        found = classifier.run(pixels)
        assert found.keys() == expected.keys()
        difference = np.abs(found["probabilities"] - expected["probabilities"].numpy()).max()
        assert difference <= 1e-5
        if network.heatmap:
            assert np.abs(found["heatmap"] - expected["heatmap"].numpy()).max() < 1e-3
        answers.append(float(found["probabilities"][1]))
    assert np.std(answers) > 0.01, "a network that always answers the same shows no agreement"
    assert classifier.has_heatmap == network.heatmap


def test_every_family_is_here() -> None:
    assert [sum(name in members for name in SMALL) for members in FAMILIES.values()] == [1] * len(FAMILIES)
    assert all(members[0] in SMALL for members in FAMILIES.values())


def built(name: str) -> Network:
    """The network after a step of training."""
    size, heatmap = SMALL[name]
    torch.manual_seed(0)
    network = zoo.build(name, 2, size=size, dropout=0.2)
    assert (network.heatmap, network.input_size) == (heatmap, size)
    narrow(network, name)
    train_one_step(network, size)
    return network


@pytest.mark.parametrize("name", [name for name in SMALL if name not in QUICK])
def test_it_builds_and_trains(name: str) -> None:
    built(name)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in SMALL]
)
def test_it_trains_exports_and_agrees(name: str) -> None:
    size = SMALL[name][0]
    network = built(name)
    settle(network, size)
    export_and_compare(network, size)


def test_attention_exports_and_agrees() -> None:
    torch.manual_seed(0)
    network = zoo.build("tf_efficientnet_lite0", 2, size=48, attention="arl")
    train_one_step(network, 48)
    with torch.no_grad():
        for alpha in network.attention().values():
            alpha.fill_(2.0)
    settle(network, 48)
    export_and_compare(network, 48)
