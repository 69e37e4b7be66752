"""``tejido models``: what can be asked."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tejido.cli.models import figure, file_size, headlines
from tejido.runtime import library
from tejido.runtime.model_file import ModelFile
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Result


LABELS = ("dark", "bright")


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of local models; nothing is bundled."""
    monkeypatch.setattr(library, "BUNDLED", tmp_path / "bundled")
    monkeypatch.setenv("TEJIDO_MODELS", str(tmp_path / "local"))
    (tmp_path / "local").mkdir()
    return tmp_path / "local"


def test_cards_and_broken_files(run: Callable[..., Result], local: Path) -> None:
    measured = {"all": {"images": 9, "auc": {"value": 0.9, "low": 0.8, "high": 0.95}}, "histology": {"auc": 0.75}}
    (local / "tiny.onnx").write_bytes(tiny_model(licence="[bold]CC0[/bold]", metrics=measured))
    (local / "broken.onnx").write_bytes(b"nothing")
    result = run("models")
    assert (result.code, result.err) == (0, "")
    first = next(line for line in result.out.splitlines() if line.startswith("tiny"))
    second = next(line for line in result.out.splitlines() if line.startswith("2 kB, 2026-01-01"))
    assert [cell in first for cell in ("brightness", "AUC: .900 (.800–.950)", "[bold]CC0[/bold]")] == [True] * 3
    assert [cell in second for cell in ("dark, bright", "histology: .750")] == [True] * 2
    assert max(map(len, result.out.splitlines()[:4])) <= 80
    assert "broken: cannot be used: " in result.out
    assert "damaged, or not an ONNX model file" in result.out


def test_json(run: Callable[..., Result], local: Path) -> None:
    (local / "tiny.onnx").write_bytes(tiny_model())
    (local / "broken.onnx").write_bytes(b"nothing")
    broken, tiny = json.loads(run("models", "--json").out)
    assert (broken["name"], broken["card"]) == ("broken", None)
    assert "damaged" in broken["error"]
    assert (tiny["name"], tiny["error"], tiny["bundled"]) == ("tiny", None, False)
    assert tiny["bytes"] == len(tiny_model())
    assert tiny["card"]["labels"][0] == {"name": "dark", "en": "dark", "es": "oscura"}


def test_a_licence_is_whole_on_a_narrow_terminal(run: Callable[..., Result], local: Path) -> None:
    measured = {"all": {"auc": {"value": 0.9, "low": 0.8, "high": 0.95}}}
    labels = [{"name": name, "en": f"{name}, in words that need more than a line", "es": "x"} for name in LABELS]
    file = tiny_model(licence="CC-BY-NC-4.0", metrics=measured, labels=labels)
    (local / "a-name-of-some-length-1.onnx").write_bytes(file)
    assert "CC-BY-NC-4.0" in run("models").out


@pytest.mark.usefixtures("local")
def test_nothing_there(run: Callable[..., Result]) -> None:
    result = run("models")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("No model files")
    assert run("models", "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("high", "–"),
        (True, "–"),
        (0.8664, ".866"),
        (1, "1.000"),
        ({"value": 0.5}, ".500"),
        ({"value": 0.866, "low": 0.85, "high": 0.88}, ".866 (.850–.880)"),
        ({"value": 0.866, "low": None, "high": 0.88}, ".866"),
        ({}, "–"),
    ],
)
def test_figures(value: object, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(("count", "text"), [(0, "1 kB"), (117_600, "118 kB"), (1_940_000, "1.9 MB")])
def test_file_sizes(count: int, text: str) -> None:
    assert file_size(count) == text


def test_headlines() -> None:
    card = ModelFile(tiny_model()).metadata
    assert headlines(replace(card, metrics={})) == [("AUC", None)]
    assert headlines(replace(card, metrics={"auc": 0.5})) == [("AUC", 0.5)]
    measured = {"histology": {"auc": 0.4}, "images": 3, "all": {"auc": 0.5}}
    assert headlines(replace(card, metrics=measured)) == [("AUC", 0.5), ("histology", 0.4)]
    outlining = replace(card, kind="segmentation", metrics={"all": {"dice": 0.9}, "histology": {"dice": 0.8}})
    assert headlines(outlining) == [("Dice", 0.9), ("histology", 0.8)]
