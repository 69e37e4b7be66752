"""Models by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import ModelFileError
from tejido.runtime import library
from tests.support.tiny_model import tiny_model


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Empty folders of bundled and of local models."""
    bundled, local = tmp_path / "bundled", tmp_path / "local"
    bundled.mkdir()
    local.mkdir()
    monkeypatch.setattr(library, "BUNDLED", bundled)
    monkeypatch.setenv("TEJIDO_MODELS", str(local))
    return bundled, local


def test_a_bundled_name_wins(shelves: tuple[Path, Path]) -> None:
    bundled, local = shelves
    (bundled / "same.onnx").write_bytes(tiny_model())
    (local / "same.onnx").write_bytes(tiny_model())
    (local / "mine.onnx").write_bytes(tiny_model())
    assert [(entry.name, entry.bundled) for entry in library.entries()] == [("same", True), ("mine", False)]
    assert library.locate("same") == bundled / "same.onnx"
    assert library.load("mine").metadata.name == "tiny"


def test_broken_files_are_listed_with_the_reason(shelves: tuple[Path, Path]) -> None:
    _, local = shelves
    (local / "broken.onnx").write_bytes(b"nothing")
    (local / "folder.onnx").mkdir()
    (local / "link.onnx").symlink_to(local / "gone")
    entries = {entry.name: entry for entry in library.entries()}
    assert all(entry.metadata is None for entry in entries.values())
    assert "damaged" in (entries["broken"].error or "")
    assert "cannot be read" in (entries["folder"].error or "")
    assert "no such model file" in (entries["link"].error or "")
    assert entries["link"].size == 0


def test_an_unknown_name_says_which_there_are(shelves: tuple[Path, Path]) -> None:
    (shelves[1] / "mine.onnx").write_bytes(tiny_model())
    with pytest.raises(ModelFileError, match="no model is called 'other'; there are: mine"):
        library.load("other")


def test_names_and_paths() -> None:
    assert library.locate("folder/model") == Path("folder/model")
    assert library.locate("model.onnx") == Path("model.onnx")
    assert library.locate(Path("model")) == Path("model")


def test_the_local_folder_is_below_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEJIDO_MODELS", raising=False)
    assert library.local_folder() == Path("models")


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(ModelFileError, match="no model is called"):
        library.load("x" * 5000)
