"""What every source reads: image records, and a description of the data set itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tejido.errors import DataError


@dataclass(frozen=True)
class ImageRecord:
    """One image as its source describes it. Unknown is None, never ``""`` or ``"unknown"``.

    ``path`` is None where only tables were read. ``diagnosis`` is a code of the taxonomy. ``patient_id``, ``lesion_id``
    and ``slide_id`` are the source's own. ``aspect`` is the true width / height of a picture that was squashed into a
    square; None where the file shows it as it was taken.
    """

    image_id: str
    path: Path | None
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
    aspect: float | None = None


@dataclass
class Reading:
    """Everything found in one folder of a source.

    Attributes:
        records: the images, sorted by id.
        unmapped: diagnosis terms that the taxonomy does not know, with their counts; those images have no diagnosis.
        problems: what differs from the source's description, a line each.
        duplicates: pairs of image ids that the source itself lists as the same picture.
    """

    records: list[ImageRecord] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    duplicates: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class SourceInfo:
    """What a data set is and how to get it.

    Attributes:
        name: as in ``--source NAME=DIR`` and in the manifest.
        title: its own name.
        summary: what it is, in one sentence.
        modality: ``dermoscopy``, ``clinical`` or ``histology``.
        images: the published count, or None where there is none.
        licence: SPDX identifier where there is one, else a few words.
        citation: what its publishers ask to cite.
        homepage: where it is published.
        obtain: how to get it, in one or two sentences.
        size: of the download, roughly.
        masks: the published count of lesion masks.
        aspect: true width / height, where the published files were squashed into squares.
        terms: the source's words for diagnoses -> codes of the taxonomy.
        collections: names of the ISIC Archive's collections that hold it.
    """

    name: str
    title: str
    summary: str
    modality: str
    images: int | None
    licence: str
    citation: str
    homepage: str
    obtain: str
    size: str
    masks: int = 0
    aspect: float | None = None
    terms: Mapping[str, str] = field(default_factory=dict)
    collections: tuple[str, ...] = ()


class Source(ABC):
    """A reader of one data set."""

    info: SourceInfo

    @abstractmethod
    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read the data set that lies in folder ``root``.

        Args:
            root: the folder.
            images: False reads the tables alone; no image need be there, and every path is None.

        Raises:
            DataError: the folder is not this data set.
        """

    def configured(self, options: Mapping[str, str]) -> Source:
        """This source with options set, as in ``--source NAME=DIR,key=value``.

        Raises:
            DataError: an option that it does not have, or a value that it cannot take.
        """
        if options:
            raise DataError(f"{self.info.name} takes no option {next(iter(options))!r}")
        return self
