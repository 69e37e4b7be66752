from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

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
        ("no such thing at all", "no network is called"),
        ("vit_tiny_patch16_224", "does not end in a feature map"),
    ],
)
def test_names_that_do_not_work(name: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        zoo.build(name, 2)


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    stored = zoo.build("mobilenetv1_025", 2).body.state_dict()
    save_file({k: v.contiguous() for k, v in stored.items()}, tmp_path / "narrow.safetensors")
    zoo.build("mobilenetv1_025", 2, weights=tmp_path / "narrow.safetensors")
    with pytest.raises(RecipeError, match=r"narrow.safetensors: \d+ tensors do not fit the network, such as blocks"):
        zoo.build("mobilenetv1_050", 2, weights=tmp_path / "narrow.safetensors")
    with pytest.raises(RecipeError, match="no such weights file"):
        zoo.build("mobilenetv1_050", 2, weights=tmp_path / "gone.safetensors")
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04not tensors")
    with pytest.raises(RecipeError, match="not a safetensors file"):
        zoo.build("mobilenetv1_050", 2, weights=tmp_path / "pickle.safetensors")


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
