from __future__ import annotations

import pytest
import torch
from torch import nn

from tejido.errors import RecipeError
from tejido.export.compression.prune import prune
from tejido.models import zoo


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    "name", ["student_k3", "student_dw", "student_mobile", "mobilenetv1_025", "resnet18", "efficientnet_b0"]
)
def test_half_of_the_channels_leave_about_a_quarter(name: str) -> None:
    network = zoo.build(name, 3, size=64)
    before = count(network.body)
    prune(network, 0.5)
    assert 0.2 < count(network.body) / before < 0.4
    images = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    assert network.train()(images).shape == (2, 3)
    assert network.head.out_features == 3
    network.eval()(images).sum().backward()


def test_the_weakest_channels_go() -> None:
    """A channel whose weights are 0 everywhere says nothing: without it the answer is the same."""
    torch.manual_seed(0)
    network = zoo.build("student_k1", 2, size=64).eval()
    nn.init.normal_(network.head.weight)
    first, norm, _, second, _ = network.body.block1.t1
    dead = list(range(0, 32, 2))
    for parameter in (first.weight, norm.weight, norm.bias):
        parameter.data[dead] = 0
    second.weight.data[:, dead] = 0
    alive = second.weight.detach()[:, 1::2].square().sum((0, 2, 3))
    prune(network, 0.5)
    # Other groups lost channels too, among them rows of the second convolution; what is left of it is alive.
    assert first.out_channels == 16
    left = second.weight.detach().square().sum((0, 2, 3))
    assert left.shape == alive.shape
    assert ((left > 0.2 * alive) & (left < alive)).all()


def test_a_layer_is_never_emptied() -> None:
    with pytest.raises(RecipeError, match=r"prune: 0\.99 would leave stem\.0 without channels \(it has 32\)"):
        prune(zoo.build("student_k1", 2, size=64), 0.99)


def test_networks_with_other_heads_are_refused() -> None:
    with pytest.raises(RecipeError, match="reads nothing but the picture"):
        prune(zoo.build("student_k1", 2, size=64, metadata=True), 0.5)
