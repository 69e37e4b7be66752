"""The run directory: ``runs/<recipe>/<timestamp>-<short id>/``."""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Generic

from typing_extensions import TypeVar

from tejido import recipe as recipes
from tejido.errors import DataError
from tejido.files import replacing
from tejido.recipe import Experiment, Recipe

_PACKAGES = ("tejido", "torch", "torchvision", "timm", "pytorch-lightning", "onnx", "onnxruntime", "numpy", "Pillow")
_BARE = {"recipe.yaml", "environment.json", "log.txt"}
"""What stands in a run's folder before anything is done."""

R = TypeVar("R", bound=Experiment, default=Recipe)


@dataclass(frozen=True)
class Run(Generic[R]):
    """A run's folder and recipe, a classifier's if nothing else is said. Every file is written whole or not at all."""

    folder: Path
    recipe: R

    @classmethod
    def start(cls, recipe: R, root: Path = Path("runs")) -> Run[R]:
        """Make the folder of a new run, with its resolved recipe and environment."""
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        return cls.create(root / recipe.name / f"{stamp}-{secrets.token_hex(3)}", recipe)

    @classmethod
    def create(cls, folder: Path, recipe: R) -> Run[R]:
        """A run in ``folder``, with its resolved recipe and environment; whatever else is there stays."""
        run = cls(folder, recipe)
        run.write_text("recipe.yaml", recipe.to_yaml())
        run.write_json("environment.json", _environment())
        return run

    @staticmethod
    def open(folder: Path) -> Run:
        """A classifier's run that exists, to be resumed or read.

        Raises:
            DataError: the folder is no run.
            RecipeError: it is a run of another kind.
        """
        return open_run(folder, Recipe)

    def discard_if_bare(self) -> None:
        """Remove the folder again if nothing was done in it."""
        if self.folder.is_dir() and {path.name for path in self.folder.iterdir()} <= _BARE:
            shutil.rmtree(self.folder)

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


def open_run(folder: Path, kind: type[R]) -> Run[R]:
    """A run of any kind that exists.

    Raises:
        DataError: the folder is no run.
        RecipeError: it is a run of another kind.
    """
    if not (folder / "recipe.yaml").is_file():
        raise DataError(f"{folder}: not a run; recipe.yaml is missing")
    return Run(folder, recipes.load_as(kind, folder / "recipe.yaml"))


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
