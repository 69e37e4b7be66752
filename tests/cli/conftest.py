"""A model file and pictures for the command line."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tejido.cli.main import main
from tests.support.pictures import encode
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs ``tejido`` with these arguments in this process."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


def tejido(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs ``tejido`` with these arguments as its own process."""
    command = [sys.executable, "-m", "tejido.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The tiny model as a file."""
    path = tmp_path / "tiny.onnx"
    path.write_bytes(tiny_model())
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """Pictures called dark (p(bright) = .2), bright (.8), black and white (both refused)."""
    found = {}
    for name, value in {"dark": 51, "bright": 204, "black": 0, "white": 255}.items():
        found[name] = tmp_path / f"{name}.png"
        found[name].write_bytes(encode(np.full((20, 30, 3), value, np.uint8), "PNG"))
    return found
