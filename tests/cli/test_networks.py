"""``tejido networks``: figures of networks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tejido.cli.networks import macs
from tejido.models import inventory

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Result


def test_one_network_as_json(run: Callable[..., Result]) -> None:
    result = run("networks", "squeezenet1_0", "--classes", 1000, "--json")
    assert (result.code, result.err) == (0, "")
    (found,) = json.loads(result.out)
    work = found.pop("macs")
    assert found == {
        "name": "squeezenet1_0",
        "family": "SqueezeNet",
        "classes": 1000,
        "input_size": 224,
        "parameters": 1_248_424,
        "parameters_with_statistics": 1_248_424,
        "heatmap": True,
        "attention_blocks": 0,
    }
    assert 0.7e9 < work < 0.819e9


def test_the_table(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"MobileNetV1": ("mobilenetv1_025",), "ResNet": ("resnet18",)}
    monkeypatch.setattr(inventory, "FAMILIES", few)
    result = run("networks")
    assert (result.code, result.err) == (0, "")
    first, second = (line for line in result.out.splitlines() if line.startswith(("mobilenetv1_025", "resnet18")))
    assert first.split() == ["mobilenetv1_025", "213,586", "5,472", "13.3", "M", "128", "yes", "–"]
    assert second.split() == ["resnet18", "11,177,538", "9,600", "1.81", "G", "224", "yes", "8"]
    assert max(map(len, result.out.splitlines())) <= 80


def test_labels_are_counted(run: Callable[..., Result]) -> None:
    counts = [json.loads(run("networks", "mobilenetv1_025", "--classes", n, "--json").out)[0] for n in (2, 7)]
    assert counts[1]["parameters"] - counts[0]["parameters"] == 5 * (256 + 1)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("resnet_50",), 1, "tejido: no network is called 'resnet_50'; did you mean 'resnet50'?"),
        (("resnet18", "--classes", "1"), 2, "greater than or equal to 2"),
    ],
)
def test_mistakes(run: Callable[..., Result], arguments: tuple[str, ...], code: int, message: str) -> None:
    result = run("networks", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_figures_for_people() -> None:
    assert [macs(n) for n in (900_000, 56_510_000, 310e6, 4_089_000_000, 37.7e9)] == [
        "0.9 M",
        "56.5 M",
        "310 M",
        "4.09 G",
        "37.7 G",
    ]
