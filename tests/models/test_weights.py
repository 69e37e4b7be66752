"""Local files of pretrained weights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import load_file, save_file

from tejido.errors import RecipeError
from tejido.models import zoo

NAME = "mobilenetv1_025"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(7)
    tensors = zoo.build(NAME, 2).body.state_dict()
    return {key: value.contiguous() for key, value in tensors.items() if not key.endswith("num_batches_tracked")}


def equal(path: Path, state: dict[str, torch.Tensor]) -> bool:
    loaded = zoo.build(NAME, 2, weights=path).body.state_dict()
    return all(torch.equal(loaded[key], value) for key, value in state.items())


def test_safetensors_and_torch_files_with_any_head(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    head = {"classifier.weight": torch.zeros(1000, 256), "classifier.bias": torch.zeros(1000)}
    save_file(state | head, tmp_path / "a.safetensors")
    torch.save(state | head, tmp_path / "b.pth")
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": v for k, v in (state | head).items()}}, tmp_path / "c.pth")
    assert all(equal(tmp_path / name, state) for name in ("a.safetensors", "b.pth", "c.pth"))


def test_half_precision_is_widened(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    save_file({key: value.half() for key, value in state.items()}, tmp_path / "half.safetensors")
    body = zoo.build(NAME, 2, weights=tmp_path / "half.safetensors").body
    assert all(torch.equal(body.state_dict()[key], value.half().float()) for key, value in state.items())


def test_torchvisions_own_keys(shared: Path) -> None:
    """SqueezeNet's stored file strictly fits torchvision's network, and ours answers with the same features."""
    path = shared / "weights" / "squeezenet1_0.safetensors"
    network = zoo.build("squeezenet1_0", 2, size=96, weights=path).eval()
    reference = torchvision.models.squeezenet1_0().eval()
    reference.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    image = torch.randint(0, 256, (1, 3, 96, 96), dtype=torch.uint8)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = reference.features((image / 255 - mean.view(3, 1, 1)) / std.view(3, 1, 1))
        assert torch.allclose(network.features(image), expected, atol=1e-3)


def test_misfits_are_named_by_tensor(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    key = "blocks.0.0.conv_pw.weight"
    cases = {
        "missing": ({k: v for k, v in state.items() if k != key}, f"1 tensors do not fit {NAME}: {key} is missing"),
        "shape": (state | {key: torch.zeros(3, 2)}, rf"{key} is 3x2, not 16x8x1x1"),
        "extra": (state | {"blocks.9.conv.weight": torch.zeros(1)}, "blocks.9.conv.weight is unknown"),
        "other": ({"a": torch.zeros(1), "b": torch.zeros(1)}, r"\d+ tensors do not fit .* is missing; .* is missing; "),
    }
    for name, (tensors, message) in cases.items():
        save_file(tensors, tmp_path / f"{name}.safetensors")
        with pytest.raises(RecipeError, match=message) as error:
            zoo.build(NAME, 2, weights=tmp_path / f"{name}.safetensors")
        assert "\n" not in str(error.value)


class Surprise:
    """Pickled code that a careless reader would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return re.compile, ("never",)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_files_that_are_no_weights(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": Surprise()}}, tmp_path / "code.pth")
    torch.save({"a": torch.zeros(1), "b": "text"}, tmp_path / "mixed.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("junk.pth", "junk.safetensors"):
        (tmp_path / name).write_bytes(b"\x80\x04not tensors")
    for name in ("code.pth", "mixed.pth", "list.pth", "junk.pth", "junk.safetensors"):
        with pytest.raises(RecipeError, match=f"{name}: not a file of weights") as error:
            zoo.build(NAME, 2, weights=tmp_path / name)
        assert "\n" not in str(error.value)
    with pytest.raises(RecipeError, match=r"gone.pth: no such weights file"):
        zoo.build(NAME, 2, weights=tmp_path / "gone.pth")
