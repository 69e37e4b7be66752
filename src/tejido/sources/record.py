"""What every source reads: image records, and a description of the data set itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ImageRecord:
    """One image as its source describes it. Unknown is None, never ``""`` or ``"unknown"``.

    ``diagnosis`` is a code of the taxonomy. ``patient_id``, ``lesion_id`` and ``slide_id`` are the source's own.
    """

    image_id: str
    path: Path
    source: str
    modality: str
    licence: str
    attribution: str
    diagnosis: str | None = None
    confirmation: str | None = None
    device: str | None = None
    patient_id: str | None = None
    lesion_id: str | None = None
    slide_id: str | None = None
    age: float | None = None
    sex: str | None = None
    site: str | None = None
    skin_type: str | None = None
    magnification: float | None = None
    mask_path: Path | None = None
    official_split: str | None = None


@dataclass
class Reading:
    """Everything found in one folder of a source.

    Attributes:
        records: the images, sorted by id.
        unmapped: diagnosis terms that the taxonomy does not know, with their counts; those images have no diagnosis.
        problems: what differs from the source's description, a line each.
    """

    records: list[ImageRecord] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SourceInfo:
    """What a data set is and how to get it; ``images`` is the published count, or None where there is none."""

    name: str
    title: str
    modality: str
    images: int | None
    licence: str
    citation: str
    homepage: str


class Source(Protocol):
    """A reader of one data set."""

    info: SourceInfo

    def read(self, root: Path) -> Reading:
        """Read the data set that lies in folder ``root``.

        Raises:
            DataError: the folder is not this data set.
        """
        ...
