"""Filters that leave images out: ``column=value``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from fnmatch import fnmatchcase

from tejido.errors import DataError
from tejido.sources.record import ImageRecord
from tejido.taxonomy import malignancy

COLUMNS = (*(field.name for field in fields(ImageRecord)), "malignancy")


def excluder(rules: Sequence[str]) -> Callable[[ImageRecord], str | None]:
    """A function that gives the rule by which an image is left out, or None.

    Args:
        rules: ``column=value``; the value may have ``*`` and ``?``, case does not matter, an empty one means unknown,
            and numbers are written as short as can be (``50``). Such as ``attribution=*SONIC*``: those children's nevi
            carry coloured stickers, which give the answer away.

    Raises:
        DataError: not of that form, or no such column.
    """
    parsed = []
    for rule in rules:
        column, equals, value = rule.partition("=")
        if not equals or column not in COLUMNS:
            raise DataError(f"{rule!r}: write column=value with one of the columns {', '.join(COLUMNS)}")
        parsed.append((rule, column, value.lower().replace("[", "[[]")))  # only * and ? stand for other text

    def excluded(record: ImageRecord) -> str | None:
        for rule, column, pattern in parsed:
            value = malignancy(record.diagnosis) if column == "malignancy" else getattr(record, column)
            if fnmatchcase(_text(value), pattern):
                return rule
        return None

    return excluded


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
