from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from tejido.data.patches import PatchGrid
from tejido.errors import RecipeError, TejidoError
from tejido.export.aggregate import Aggregate
from tejido.export.deployed import Deployed
from tejido.export.litert import FixedSize, Interpreter, convert
from tejido.imaging.geometry import CentreSquare
from tejido.imaging.patches import Patches
from tejido.metrics.calibration import Calibration
from tejido.models import zoo

PLAIN = Calibration(0.7, (0.0, -0.5))


def student(*, metadata: bool = False) -> Deployed:
    torch.manual_seed(0)
    network = zoo.build("student_k1", 2, metadata=metadata).train()
    network(torch.randint(0, 256, (8, 3, 64, 64), dtype=torch.uint8))
    torch.nn.init.normal_(network.head.weight)
    network = network.eval().to(memory_format=torch.channels_last)  # as every trained network is
    return Deployed(CentreSquare(64), network, PLAIN).eval()


def test_behind_the_geometry_it_is_the_model_file() -> None:
    module = student()
    square = torch.randint(0, 256, (64, 64, 3), dtype=torch.uint8)  # which the crop and the resize leave as it is
    for found, expected in zip(FixedSize(module)(square), module(square), strict=True):
        torch.testing.assert_close(found, expected)


def test_what_the_format_cannot_do() -> None:
    grid = Patches(PatchGrid(64, 64, 2, 2), CentreSquare(64))
    patches = Deployed(grid, student().network, PLAIN, aggregate=Aggregate("mean"))
    with pytest.raises(RecipeError, match="LiteRT: patches need pictures of any size"):
        FixedSize(patches)
    with pytest.raises(RecipeError, match="LiteRT: only networks that read nothing but the picture"):
        FixedSize(student(metadata=True))


def test_a_file_answers_as_pytorch() -> None:
    pytest.importorskip("litert_torch", reason="the extra litert is not installed (about 1 GB)")
    module = FixedSize(student())
    interpreter = Interpreter(convert(module))
    for seed in range(3):
        square = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        for found, expected in zip(interpreter.run(square), module(torch.from_numpy(square)), strict=True):
            np.testing.assert_allclose(found, expected.detach().numpy(), atol=1e-5)


def test_the_converter_gets_weights_that_lie_in_memory_as_their_shape_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads those of a network with channels last in the wrong order, and says nothing."""
    given: list[torch.nn.Module] = []

    class Converter:
        @staticmethod
        def convert(module: torch.nn.Module, _: object) -> None:
            given.append(module)
            raise RuntimeError("enough")

    monkeypatch.setitem(sys.modules, "litert_torch", Converter)  # type: ignore[arg-type]
    module = FixedSize(student())
    assert not all(weight.is_contiguous() for weight in module.parameters())
    with pytest.raises(TejidoError, match="enough"):
        convert(module)
    assert all(weight.is_contiguous() for weight in given[0].parameters())
    assert not all(weight.is_contiguous() for weight in module.parameters())  # the caller's is left alone


def test_what_the_converter_refuses_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        @staticmethod
        def convert(*_: object) -> None:
            raise RuntimeError("no lowering for aten.odd\nand much more")

    monkeypatch.setitem(sys.modules, "litert_torch", Refusing)  # type: ignore[arg-type]
    with pytest.raises(TejidoError, match=r"^LiteRT cannot express this network: no lowering for aten\.odd$"):
        convert(FixedSize(student()))
