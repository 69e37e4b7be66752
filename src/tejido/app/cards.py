"""Library entries as the API shows them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pydantic import ValidationError

from tejido.app.schemas import ModelCard, ModelEntry
from tejido.app.shelf import public_message

if TYPE_CHECKING:
    from tejido.runtime.library import Entry


def model_entry(entry: Entry, sha256: str | None) -> ModelEntry:
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
        sha256=sha256,
        card=card,
        error=None if error is None else public_message(error, entry.path),
    )
