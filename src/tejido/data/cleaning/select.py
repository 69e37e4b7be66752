"""Which images belong to a task."""

from __future__ import annotations

from collections.abc import Iterable

from tejido.sources.record import ImageRecord
from tejido.taxonomy import Task, malignancy


def of_task(records: Iterable[ImageRecord], task: Task) -> list[ImageRecord]:
    """The records that have a label in ``task``."""
    return [record for record in records if task.admits(record.modality) and task.label_of(_value(record, task.column))]


def _value(record: ImageRecord, column: str) -> str | None:
    if column == "malignancy":
        return malignancy(record.diagnosis)
    value: str | None = getattr(record, column)
    return value
