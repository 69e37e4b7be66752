"""Every bad input through the command: one line, exit code 1, no traceback, and the good picture still answered."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import tejido
from tests.runtime.test_classifier import BAD_MODELS
from tests.support.bad_pictures import BAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Result


@pytest.mark.parametrize("name", BAD_BYTES)
def test_bad_pictures(
    run: Callable[..., Result], model: Path, pictures: dict[str, Path], tmp_path: Path, name: str
) -> None:
    data, message = BAD_BYTES[name]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(data)
    _check(run("classify", "--json", "--model", model, bad, pictures["dark"]), bad, message)


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "is a directory"), ("missing.jpg", "no such file"), ("dark.png/below.jpg", "cannot be read")],
)
def test_bad_paths(
    run: Callable[..., Result], model: Path, pictures: dict[str, Path], tmp_path: Path, name: str, message: str
) -> None:
    bad = tmp_path / name
    _check(run("classify", "--json", "--model", model, bad, pictures["dark"]), bad, message)


def test_unreadable_path(
    run: Callable[..., Result],
    model: Path,
    pictures: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = tmp_path / "secret.jpg"
    bad.write_bytes(pictures["dark"].read_bytes())
    bad.chmod(0)
    if os.access(bad, os.R_OK):  # the superuser reads everything
        opened = Path.open

        def refuse(path: Path, *arguments: object, **named: object) -> object:
            if path == bad:
                raise PermissionError(13, "Permission denied", str(path))
            return opened(path, *arguments, **named)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", refuse)
    result = run("classify", "--json", "--model", model, bad, pictures["dark"])
    _check(result, bad, "cannot be read (Permission denied)")


def _check(result: Result, bad: Path, message: str) -> None:
    assert result.code == 1
    assert result.err.startswith(f"tejido: {bad}: ")
    assert message in result.err
    assert result.err.count("\n") == 1
    failed, answered = map(json.loads, result.out.splitlines())
    assert failed["image"] == str(bad)
    assert message in failed["error"]
    assert answered["label"] == "dark"


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_model_files(run: Callable[..., Result], pictures: dict[str, Path], tmp_path: Path, name: str) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(BAD_MODELS[name][0])
    for arguments in (["classify", "--json", pictures["dark"]], ["serve", "--port", "0"]):
        result = run(*arguments, "--model", bad)
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith(f"tejido: {bad}: ")
        assert result.err.count("\n") == 1


@pytest.mark.parametrize("model", ["missing.onnx", "no-such-name", "folder/none"])
def test_missing_models(run: Callable[..., Result], pictures: dict[str, Path], model: str) -> None:
    result = run("classify", pictures["dark"], "--model", model)
    assert (result.code, result.out) == (1, "")
    assert result.err.count("\n") == 1


def test_as_a_process(model: Path, pictures: dict[str, Path], tmp_path: Path) -> None:
    """All of it at once, where warnings of the libraries and the interpreter's own words would show too."""
    paths = []
    for number, (data, _) in enumerate(BAD_BYTES.values()):
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(data)
    result = tejido("classify", "--json", "--model", model, *paths, pictures["dark"])
    assert result.returncode == 1
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()] == ["tejido"] * len(paths)
    assert json.loads(result.stdout.splitlines()[-1])["label"] == "dark"
