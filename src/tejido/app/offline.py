"""What a device keeps to work without network: page, runtime and models, each with the hash of its content."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tejido.app.schemas import ModelList

LARGEST_MODEL = 4_000_000
"""Bytes of the largest model file that is kept without being asked for."""


def precache(web: Path, library: ModelList) -> dict[str, str]:
    """Address relative to the page's -> sha256 of what is there.

    Args:
        web: folder of the page's files.
        library: what ``api/v1/models`` answers.
    """
    listing = library.model_dump_json().encode()
    found = {".": sha256(web / "index.html"), "api/v1/models": hashlib.sha256(listing).hexdigest()}
    for path in sorted(web.rglob("*")):
        name = path.relative_to(web).as_posix()
        if path.is_file() and path.suffix != ".gz" and name not in _ELSEWHERE:
            found[f"web/{name}"] = sha256(path)
    for model in library.models:
        outlines = model.card is not None and model.card.kind == "segmentation"  # of no use to the page by itself
        if model.sha256 is not None and model.size_bytes <= LARGEST_MODEL and not outlines:
            found[f"api/v1/models/{model.name}/file"] = model.sha256
    return found


def script(files: dict[str, str]) -> str:
    """``precache`` as a script for the service worker."""
    return f"self.PRECACHE = {json.dumps(files, indent=1)};\n"


_ELSEWHERE = {"index.html", "reference.html", "login.html", "cases.html", "case.html", "sw.js", "vendor/ready"}


def sha256(path: Path) -> str:
    """Of a file's content; read again only when the file has changed."""
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=1024)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
