"""Library entries as the API shows them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import ValidationError

from tejido.app.schemas import ModelCard, ModelEntry
from tejido.app.shelf import public_message

if TYPE_CHECKING:
    from pathlib import Path

    from tejido.runtime.library import Entry


def model_entry(entry: Entry) -> ModelEntry:
    """The public form of ``entry``; a card with fields of the wrong kind becomes an entry with an error."""
    card, error = None, entry.error
    if entry.metadata is not None:
        try:
            card = ModelCard.model_validate(asdict(entry.metadata))
        except ValidationError as trouble:
            error = f"its metadata has a wrong {trouble.errors()[0]['loc'][0]!r}"
    return ModelEntry(
        name=entry.name,
        bundled=entry.bundled,
        size_bytes=entry.size,
        sha256=_sha256(entry.path, entry.size, entry.path.stat().st_mtime_ns),
        card=card,
        error=None if error is None else public_message(error, entry.path),
    )


@lru_cache(maxsize=256)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
