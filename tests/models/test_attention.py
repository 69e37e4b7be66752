from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from timm.models._efficientnet_blocks import SqueezeExcite
from torch import Tensor, nn

from tejido.errors import RecipeError
from tejido.models import attention, zoo
from tejido.models.attention import AttentionResidual


class Constant(nn.Module):
    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return self.value.expand_as(x)


def images(count: int = 2, size: int = 64) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=generator)


def test_the_formula_by_hand() -> None:
    """F(x) = log of 1, 2, 3, 4, so its softmax is 1/10, 2/10, 3/10, 4/10; alpha = 5; a ReLU on the sum."""
    residual = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).log().reshape(1, 1, 2, 2)
    block = AttentionResidual(Constant(residual), nn.Identity(), nn.Identity(), nn.ReLU())
    x = torch.tensor([[1.0, 2.0], [-6.0, 4.0]]).reshape(1, 1, 2, 2)
    plain = [1.0, 2 + math.log(2), 0.0, 4 + math.log(4)]
    assert block(x).flatten().tolist() == pytest.approx(plain)
    with torch.no_grad():
        block.alpha.fill_(5.0)
    expected = [1 + 0.5, 2 + math.log(2) + 2.0, 0.0, 4 + math.log(4) + 8.0]
    assert block(x).flatten().tolist() == pytest.approx(expected)


def test_a_real_block_equals_the_formula_in_numpy() -> None:
    """The first block of ResNet-50, whose shortcut is a projection, from its parts' outputs."""
    torch.manual_seed(0)
    original = timm.create_model("resnet50", num_classes=0).eval()
    changed = timm.create_model("resnet50", num_classes=0).eval()
    changed.load_state_dict(original.state_dict())
    attention.insert(changed, "resnet50")
    seen: dict[str, Tensor] = {}
    block = original.layer1[0]
    nn.init.normal_(block.bn3.weight)  # zero at the start, which would hide the residual
    for name in ("bn3", "downsample"):
        block.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.clone()}))
    ours = changed.layer1[0]
    ours.residual.bn3.load_state_dict(block.bn3.state_dict())
    x = torch.randn(2, 64, 6, 5)
    with torch.no_grad():
        ours.alpha.fill_(0.7)
        block(x)
        answer = ours(x).numpy()
    residual, shortcut = seen["bn3"].double().numpy(), seen["downsample"].double().numpy()
    weight = np.exp(residual) / np.exp(residual).sum((2, 3), keepdims=True)
    assert np.abs(answer - np.maximum(shortcut + residual + 0.7 * weight * shortcut, 0)).max() < 1e-5


@pytest.mark.parametrize(
    ("name", "blocks"), [("resnet50", 16), ("resnet18", 8), ("efficientnet_b0", 9), ("tf_efficientnet_lite0", 9)]
)
def test_one_scalar_a_block_and_the_same_output(name: str, blocks: int) -> None:
    torch.manual_seed(0)
    plain = zoo.build(name, 2, size=64)
    torch.manual_seed(0)
    changed = zoo.build(name, 2, size=64, attention="arl")
    assert len(changed.attention()) == blocks
    assert plain.attention() == {}
    assert all(alpha.item() == 0 for alpha in changed.attention().values())
    count = [sum(p.numel() for p in network.parameters()) for network in (plain, changed)]
    assert count[1] - count[0] == blocks
    for mode in (True, False):
        plain.train(mode)
        changed.train(mode)
        with torch.no_grad():
            assert torch.equal(plain.features(images()), changed.features(images()))


def test_pretrained_weights_are_kept(shared: Path) -> None:
    path = shared / "weights" / "tf_efficientnet_lite0.safetensors"
    plain = zoo.build("tf_efficientnet_lite0", 2, size=64, weights=path).eval()
    changed = zoo.build("tf_efficientnet_lite0", 2, size=64, weights=path, attention="arl").eval()
    with torch.no_grad():
        features = plain.features(images())
        assert torch.equal(features, changed.features(images()))
        for alpha in changed.attention().values():
            alpha.fill_(1.0)
        assert (changed.features(images()) - features).abs().max() > 1e-3


def test_the_scalars_learn() -> None:
    torch.manual_seed(0)
    network = zoo.build("resnet18", 2, size=32, attention="arl")
    nn.init.normal_(network.head.weight)
    torch.nn.functional.cross_entropy(network(images(4, 32)), torch.tensor([0, 1, 0, 1])).backward()
    assert all(alpha.grad is not None and alpha.grad != 0 for alpha in network.attention().values())


@pytest.mark.parametrize(
    "name", ["squeezenet1_1", "shufflenet_v2_x0_5", "mobilenetv1_025", "mobilenetv2_050", "mobilenetv3_small_050"]
)
def test_other_families_are_refused_by_name(name: str) -> None:
    with pytest.raises(RecipeError, match=f"goes into the blocks of ResNet and EfficientNet; {name} has none"):
        zoo.build(name, 2, size=64, attention="arl")


def squeeze_excitation_of_b0() -> int:
    """Its parameters by hand, from EfficientNet-B0's table: every block squeezes to a quarter of its input channels."""
    stages = [(1, 32, 16, 1), (6, 16, 24, 2), (6, 24, 40, 2), (6, 40, 80, 3), (6, 80, 112, 3), (6, 112, 192, 4)]
    total = 0
    for expansion, before, channels, repeats in [*stages, (6, 192, 320, 1)]:
        for index in range(repeats):
            inside = channels if index else before
            wide, narrow = expansion * inside, inside // 4
            total += wide * narrow + narrow + narrow * wide + wide
    return total


def test_without_squeeze_excitation_nothing_else_changes() -> None:
    torch.manual_seed(0)
    full = zoo.build("efficientnet_b0", 2, size=64).eval()
    torch.manual_seed(0)
    bare = zoo.build("efficientnet_b0", 2, size=64, squeeze_excitation=False).eval()
    kept = {key: value for key, value in full.state_dict().items() if ".se." not in key}
    assert kept.keys() == bare.state_dict().keys()
    assert all(torch.equal(value, bare.state_dict()[key]) for key, value in kept.items())
    counts = [sum(p.numel() for p in network.parameters()) for network in (full, bare)]
    assert counts[0] - counts[1] == squeeze_excitation_of_b0() == 636_540
    for module in full.modules():
        if isinstance(module, SqueezeExcite):  # a gate that is open for every channel is none
            nn.init.zeros_(module.conv_expand.weight)
            nn.init.constant_(module.conv_expand.bias, 100.0)
    with torch.no_grad():
        assert torch.equal(full.features(images()), bare.features(images()))


def test_the_four_variants_of_the_thesis() -> None:
    """uba2020: squeeze-and-excitation, neither, ARL, both."""
    counts = {}
    for attention_ in ("none", "arl"):
        for squeeze in (True, False):
            network = zoo.build("efficientnet_b0", 2, size=32, attention=attention_, squeeze_excitation=squeeze)  # type: ignore[arg-type]
            counts[attention_, squeeze] = sum(p.numel() for p in network.parameters())
            assert len(network.attention()) == (9 if attention_ == "arl" else 0)
    assert counts["arl", True] - counts["none", True] == counts["arl", False] - counts["none", False] == 9
    assert counts["none", True] - counts["none", False] == 636_540


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18"])
def test_a_network_without_squeeze_excitation(name: str) -> None:
    with pytest.raises(RecipeError, match=f"{name} has no squeeze-and-excitation to leave out"):
        zoo.build(name, 2, size=64, squeeze_excitation=False)
