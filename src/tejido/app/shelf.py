"""The models that the app answers with: each loaded once, found by name only."""

from __future__ import annotations

import hashlib
import re
import threading
from typing import TYPE_CHECKING

from tejido.app.errors import ApiError
from tejido.errors import ModelFileError
from tejido.runtime import library

if TYPE_CHECKING:
    from pathlib import Path

    from tejido.runtime.classifier import Classifier

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Shelf:
    """Loaded models by name. Safe to share between threads.

    Args:
        default: name or path of the model that answers when a request names none; loaded at once. A file from
            elsewhere goes by its file name without ``.onnx``, and hides a library model of that name.

    Attributes:
        default: the name of that model.

    Raises:
        ModelFileError: there is no such model, or its file cannot be run.
    """

    def __init__(self, default: str | Path) -> None:
        path = library.locate(default)
        classifier = library.load(path)
        self.default = path.stem
        self._own = library.Entry(path.stem, path, False, path.stat().st_size, classifier.metadata, None)
        self._lock = threading.Lock()
        self._loaded: dict[str, Classifier] = {self.default: classifier}
        self._catalogue: tuple[tuple[object, ...], list[library.Entry]] = ((), [])
        self._digests: dict[Path, tuple[tuple[int, ...], str]] = {}

    def get(self, name: str) -> Classifier:
        """The model called ``name``, loaded on first use.

        Raises:
            ApiError: 404 no model has that name (a path never is a name), 422 its file cannot be run.
        """
        with self._lock:  # two first requests for one model wait for one load
            if name not in self._loaded:
                self._loaded[name] = _load(name)
            return self._loaded[name]

    def entries(self) -> list[library.Entry]:
        """All models of the library, broken ones too; read again only when a file has changed."""
        state = _state()
        with self._lock:
            if self._catalogue[0] != state:
                self._catalogue = (state, self._list())
            return self._catalogue[1]

    def file(self, name: str) -> tuple[Path, str] | None:
        """Where the file of the model called ``name`` lies, and its SHA-256; None where there is no such file."""
        path = self._own.path if name == self.default else _find(name)
        digest = None if path is None else self.digest(path)
        return None if path is None or digest is None else (path, digest)

    def digest(self, path: Path) -> str | None:
        """SHA-256 of a model file, computed again only when the file has changed; None where it cannot be read."""
        try:
            stat = path.stat()
            state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            known = self._digests.get(path)
            if known is None or known[0] != state:
                with path.open("rb") as file:
                    known = (state, hashlib.file_digest(file, "sha256").hexdigest())
                self._digests[path] = known
        except OSError:
            return None
        return known[1]

    def _list(self) -> list[library.Entry]:
        listed = library.entries()
        if any(entry.path == self._own.path for entry in listed):
            return listed
        return [self._own, *(entry for entry in listed if entry.name != self.default)]


def public_message(error: ModelFileError | str, path: Path) -> str:
    """The error without the file's path, which is the server's own business."""
    return str(error).removeprefix(f"{path}: ").replace(str(path), path.name)


def _load(name: str) -> Classifier:
    path = _find(name)
    if path is None:
        raise ApiError(404, "unknown_model", f"no model is called {name[:100]!r}; GET /api/v1/models lists the models")
    try:
        return library.load(path)
    except ModelFileError as error:
        message = f"the model {name!r} cannot be used: {public_message(error, path)}"
        raise ApiError(422, "unusable_model", message) from None


def _find(name: str) -> Path | None:
    if not _NAME.fullmatch(name):
        return None
    paths = (folder / f"{name}.onnx" for folder in _folders())
    return next((path for path in paths if path.is_file()), None)


def _folders() -> tuple[Path, Path]:
    return library.BUNDLED, library.local_folder()


def _state() -> tuple[object, ...]:
    """What changes whenever a model file is added, removed or written."""
    found: list[object] = ["listed"]
    for folder in _folders():
        for path in sorted(folder.glob("*.onnx")):
            try:
                stat = path.stat()
            except OSError:
                continue
            found.append((path, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
