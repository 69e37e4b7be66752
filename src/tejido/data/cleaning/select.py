"""Which images belong to a task."""

from __future__ import annotations

from tejido.sources.record import ImageRecord
from tejido.taxonomy import Task, malignancy


def in_task(record: ImageRecord, task: Task) -> bool:
    """Whether an image has a label in ``task`` and is of its modality."""
    value = malignancy(record.diagnosis) if task.column == "malignancy" else getattr(record, task.column)
    return task.admits(record.modality) and task.label_of(value) is not None
