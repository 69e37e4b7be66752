from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file

from tejido.errors import RecipeError
from tejido.models import zoo
from tejido.models.network import Network


def test_a_narrow_mobilenet_is_the_published_one_with_fewer_channels() -> None:
    """MobileNetV1 (Howard et al. 2017), width 0.5: 0.82 M parameters without the head, half of every width."""
    narrow, wide = zoo.build("mobilenetv1_050", 2), zoo.build("mobilenetv1_100", 2)
    assert narrow.head.in_features == 512
    assert wide.head.in_features == 1024
    pairs = zip(narrow.body.state_dict().values(), wide.body.state_dict().values(), strict=True)
    assert all(2 * a.shape[0] == b.shape[0] for a, b in pairs if a.ndim)


def test_the_wide_one_has_the_parameters_of_the_thesis() -> None:
    """uis2022 counts 3,230,914 for MobileNetV1 with a two-way head, batch-norm statistics included."""
    network = zoo.build("mobilenetv1_100", 2)
    statistics = sum(b.numel() for name, b in network.body.named_buffers() if "running" in name)
    assert sum(p.numel() for p in network.parameters()) + statistics == 3_230_914


@pytest.mark.parametrize("name", ["mobilenetv1_025", "mobilenetv1_050", "mobilenetv1_100", "tf_efficientnet_lite0"])
def test_stored_weights_give_timms_own_features(shared: Path, name: str) -> None:
    path = shared / "weights" / f"{name}.safetensors"
    network = zoo.build(name, 2, weights=path).eval()
    picture = Image.open(shared / "data" / "isic2017_pairs" / "ISIC_0010459.jpg").resize((224, 224))
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    if name in ("mobilenetv1_100", "tf_efficientnet_lite0"):
        options = {"pad_type": "same"} if name == "mobilenetv1_100" else {}
        reference = timm.create_model(name, **options).eval()
        reference.load_state_dict({k: v.float() for k, v in load_file(path).items()}, strict=False)
        with torch.no_grad():
            expected = reference.forward_features((pixels / 255 - 0.5) / 0.5)
            assert torch.allclose(network.features(pixels), expected, atol=1e-4)
    assert network.features(pixels).std() > 0.1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mobilenetv1_05", "did you mean 'mobilenetv1_050'"),
        ("alexnett", "did you mean 'alexnet'"),
        ("upc2020-cnn", "did you mean 'upc2020_cnn'"),
        ("no such thing at all", "no network is called 'no such thing at all'$"),
        ("hf-hub:timm/resnet18", "no network is called"),
    ],
)
def test_names_that_do_not_work(name: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        zoo.build(name, 2)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("alexnet", 62, "alexnet cannot take images of 62 pixels; the smallest that it takes is 63"),
        ("inception_v3", 64, "inception_v3 cannot take images of 64 pixels; the smallest that it takes is 75"),
        ("vit_tiny_patch16_224", 128, "vit_tiny_patch16_224 cannot take images of 128 pixels; the smallest .* is 224"),
        ("vit_tiny_patch16_224", 256, "vit_tiny_patch16_224 cannot take images of 256 pixels; it takes 224"),
    ],
)
def test_sizes_that_do_not_work(name: str, size: int, message: str) -> None:
    """AlexNet's 63 and Inception's 75 are what torchvision states."""
    with pytest.raises(RecipeError, match=message):
        zoo.build(name, 2, size=size)


@pytest.mark.parametrize(
    ("name", "size", "heatmap"),
    [
        ("vit_tiny_patch16_224", 224, False),  # no feature map at all
        ("convnext_atto", 64, False),  # normalises behind the mean
        ("regnetx_002.pycls_in1k", 64, True),  # a name with the tag of some weights
        ("mobilenet_v3_small", 64, False),  # torchvision's, with a dense layer
        ("googlenet", 64, True),
        ("mnasnet0_5", 64, True),
    ],
)
def test_any_other_network_works(name: str, size: int, heatmap: bool) -> None:
    network = zoo.build(name, 3, size=size).eval()
    image = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    with torch.no_grad():
        features = network.features(image)
    assert network(image).shape == (2, 3)
    assert network.heatmap == heatmap
    assert features.ndim == (4 if heatmap else 2)
    if heatmap:
        assert network.activation_maps(features).shape == (2, 3, *features.shape[2:])


def test_timms_own_answer_is_kept() -> None:
    """The same weights under timm's own head and under ours, where timm pools and where it has dense layers."""
    for name in ("resnet18", "mobilenetv3_small_050"):
        torch.manual_seed(0)
        reference = timm.create_model(name, num_classes=5).eval()
        network = zoo.build(name, 5, size=64).eval()
        network.body.load_state_dict(reference.state_dict(), strict=False)
        classifier = reference.get_classifier()
        network.head.load_state_dict(classifier.state_dict())
        image = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        with torch.no_grad():
            expected = reference((image / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1))
            assert torch.allclose(network(image), expected, atol=1e-4)


def test_dropout_stands_where_the_architecture_has_it() -> None:
    alexnet = zoo.build("alexnet", 2, size=64, dropout=0.3)
    inside = [layer.p for layer in alexnet.modules() if isinstance(layer, torch.nn.Dropout)]
    assert (inside, alexnet.dropout) == ([0.3, 0.3], 0.0)
    pooled = zoo.build("mobilenetv1_025", 2, dropout=0.3)
    assert pooled.dropout == 0.3
    assert not [layer for layer in pooled.modules() if isinstance(layer, torch.nn.Dropout)]


def test_image_steps_stand_in_front() -> None:
    class Darker(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image / 2

    torch.manual_seed(0)
    plain = zoo.build("mobilenetv1_025", 2, size=64).eval()
    torch.manual_seed(0)
    stepped = zoo.build("mobilenetv1_025", 2, size=64, steps=Darker()).eval()
    image = 2 * torch.randint(0, 128, (1, 3, 64, 64), dtype=torch.uint8)
    assert torch.equal(stepped.features(image), plain.features(image // 2))


def test_a_new_head_answers_evenly_and_its_maps_are_opposites() -> None:
    network = zoo.build("mobilenetv1_025", 2).eval()
    image = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    assert torch.equal(network(image), torch.zeros(2, 2))
    loss = torch.nn.functional.cross_entropy(network(image), torch.tensor([1, 1]))
    loss.backward()
    gradient = network.head.weight.grad
    assert gradient is not None
    assert torch.allclose(gradient[0], -gradient[1])


def grad_cam(network: Network, image: torch.Tensor, label: int) -> torch.Tensor:
    """Selvaraju et al. 2017, equations 1 and 2, by automatic differentiation."""
    features = network.features(image).detach().requires_grad_()
    network.logits(features)[0, label].backward()
    assert features.grad is not None
    weights = features.grad.mean((2, 3), keepdim=True)
    heat = torch.relu((weights * features).sum(1))[0]
    return (heat / heat.max()).detach()


def test_activation_maps_equal_grad_cam(shared: Path) -> None:
    network = zoo.build("mobilenetv1_050", 3, weights=shared / "weights" / "mobilenetv1_050.safetensors").eval()
    torch.nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(0))  # far from faint
    picture = Image.open(shared / "data" / "isic2017_pairs" / "ISIC_0010459.jpg").resize((128, 128))
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    maps = network.activation_maps(network.features(image))[0]
    assert maps.shape == (3, 4, 4)
    for label in range(3):
        assert torch.allclose(maps[label], grad_cam(network, image, label), atol=1e-5)


def test_faint_evidence_stays_faint() -> None:
    network = zoo.build("mobilenetv1_025", 2).eval()
    features = torch.zeros(1, 256, 2, 2)
    features[0, 0, 0, 0] = 1.0
    with torch.no_grad():
        network.head.weight[1, 0] = 0.05
        assert network.activation_maps(features)[0, 1].max() == pytest.approx(0.05 / 0.25)
        network.head.weight[1, 0] = 5.0
        assert network.activation_maps(features)[0, 1].max() == 1.0
