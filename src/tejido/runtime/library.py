"""Where model files lie: those bundled with the package, and the reader's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tejido.errors import ModelFileError
from tejido.runtime.classifier import Classifier
from tejido.runtime.model_file import ModelFile
from tejido.runtime.segmenter import Segmenter

if TYPE_CHECKING:
    from tejido.runtime.metadata import Metadata

M = TypeVar("M", bound=ModelFile)

DEFAULT_MODEL = "skin-suspicion"
DEFAULT_OUTLINER = "lesion-outline-tiny"
BUNDLED = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Entry:
    """One model file in the library; ``error`` says why it cannot be used, in which case ``metadata`` is None."""

    name: str
    path: Path
    bundled: bool
    size: int
    metadata: Metadata | None
    error: str | None


def local_folder() -> Path:
    """The folder of local model files: ``$TEJIDO_MODELS``, by default ``models`` in the working directory."""
    return Path(os.environ.get("TEJIDO_MODELS", "models"))


def entries() -> list[Entry]:
    """Every model file that can be loaded by name, bundled ones first; a bundled name wins over a local one."""
    bundled = [_entry(path, bundled=True) for path in sorted(BUNDLED.glob("*.onnx"))]
    taken = {entry.name for entry in bundled}
    local = [_entry(path, bundled=False) for path in sorted(local_folder().glob("*.onnx"))]
    return bundled + [entry for entry in local if entry.name not in taken]


def locate(model: str | Path) -> Path:
    """Path of a model given by name (``skin-suspicion``) or by path (anything with a slash or ``.onnx``).

    Raises:
        ModelFileError: no model has that name.
    """
    text = str(model)
    if isinstance(model, Path) or text.endswith(".onnx") or os.sep in text or "/" in text:
        return Path(model)
    known = {path.stem: path for folder in (local_folder(), BUNDLED) for path in sorted(folder.glob("*.onnx"))}
    if text not in known:
        raise ModelFileError(f"no model is called {text[:80]!r}; there are: {', '.join(known) or 'none'}")
    return known[text]


def load(model: str | Path = DEFAULT_MODEL, *, threads: int = 1) -> Classifier:
    """Load a model file by name or path.

    Args:
        model: name of a bundled or local model (see ``tejido models``), or path of a ``.onnx`` file.
        threads: processor threads for one picture; 0 lets the runtime choose.

    Raises:
        ModelFileError: there is no such model, or its file cannot be run; the message names the file.
    """
    return _opened(locate(model), Classifier, threads)


def load_segmenter(model: str | Path = DEFAULT_OUTLINER, *, threads: int = 1) -> Segmenter:
    """Load a model file that outlines lesions, by name or path; arguments and errors as ``load``."""
    return _opened(locate(model), Segmenter, threads)


def load_outliner(model: str | Path = DEFAULT_OUTLINER) -> Segmenter | Classifier:
    """Load a model file that outlines lesions, alone or before it classifies them; arguments and errors as ``load``."""
    path = locate(model)
    if _opened(path, ModelFile).metadata.kind == Segmenter.kind:
        return load_segmenter(path)
    classifier = load(path)
    if not classifier.has_mask:
        raise ModelFileError(f"{path}: it classifies pictures without outlining anything")
    return classifier


def _opened(path: Path, kind: type[M], threads: int = 1) -> M:
    try:
        return kind(path, threads=threads)
    except ModelFileError as error:
        message = str(error)
        raise ModelFileError(message if message.startswith(str(path)) else f"{path}: {message}") from None


def _entry(path: Path, *, bundled: bool) -> Entry:
    try:
        metadata = _opened(path, ModelFile).metadata
    except ModelFileError as error:
        return Entry(path.stem, path, bundled, _size(path), None, str(error))
    return Entry(path.stem, path, bundled, _size(path), metadata, None)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a link to nowhere is listed too, as broken
        return 0
