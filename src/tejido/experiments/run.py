"""The run directory: ``runs/<recipe>/<timestamp>-<short id>/``."""

from __future__ import annotations

import json
import os
import platform
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tejido import recipe as recipes
from tejido.errors import DataError
from tejido.files import replacing
from tejido.recipe import Recipe

_PACKAGES = ("tejido", "torch", "torchvision", "timm", "pytorch-lightning", "onnx", "onnxruntime", "numpy", "Pillow")


@dataclass(frozen=True)
class Run:
    """A run's folder and recipe. Every file in it is written whole or not at all."""

    folder: Path
    recipe: Recipe

    @classmethod
    def start(cls, recipe: Recipe, root: Path = Path("runs")) -> Run:
        """Make the folder of a new run, with its resolved recipe and environment."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        return cls.create(root / recipe.name / f"{stamp}-{secrets.token_hex(3)}", recipe)

    @classmethod
    def create(cls, folder: Path, recipe: Recipe) -> Run:
        """A run in ``folder``, with its resolved recipe and environment; whatever else is there stays."""
        run = cls(folder, recipe)
        run.write_text("recipe.yaml", recipe.to_yaml())
        run.write_json("environment.json", _environment())
        return run

    @classmethod
    def open(cls, folder: Path) -> Run:
        """A run that exists, to be resumed or read.

        Raises:
            DataError: the folder is no run.
        """
        if not (folder / "recipe.yaml").is_file():
            raise DataError(f"{folder}: not a run; recipe.yaml is missing")
        return cls(folder, recipes.load(folder / "recipe.yaml"))

    def write_text(self, name: str, text: str) -> None:
        """Write a text file into the folder."""
        with replacing(self.folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON file into the folder."""
        self.write_text(name, json.dumps(value, indent=2, ensure_ascii=False) + "\n")

    def read_json(self, name: str) -> Any:
        """Read a JSON file of the folder.

        Raises:
            DataError: the run has not come that far.
        """
        try:
            return json.loads((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise DataError(f"{self.folder}: {name} is missing; the run is not finished") from None


def _environment() -> dict[str, Any]:
    versions: dict[str, str | None] = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "packages": versions,
    }
