"""What every source reads: image records, and a description of the data set itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tejido.errors import DataError
from tejido.sources.files import image_paths
from tejido.sources.wrong_folder import check_folder, hints


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
        attribution: whom to name with each image.
        citation: what its publishers ask to cite.
        homepage: where it is published; None where it has no page.
        obtain: how to get it, in one or two sentences.
        size: of the download, roughly.
        masks: the published count of lesion masks.
        aspect: true width / height, where the published files were squashed into squares.
        terms: the source's words for diagnoses -> codes of the taxonomy.
        collections: names of the ISIC Archive's collections that hold it.
        options: what may stand behind the folder, as in ``--source NAME=DIR,key=value``, and what it does.
        weak: what a model inherits that learns from it, a sentence each.
    """

    name: str
    title: str
    summary: str
    modality: str
    images: int | None
    licence: str
    attribution: str
    citation: str
    homepage: str | None
    obtain: str
    size: str
    masks: int = 0
    aspect: float | None = None
    terms: Mapping[str, str] = field(default_factory=dict)
    collections: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    weak: tuple[str, ...] = ()

    def record(self, image_id: str, path: Path | None, **facts: Any) -> ImageRecord:
        """An image of this source; ``facts`` go before what holds for all its images."""
        whole: dict[str, Any] = {
            "source": self.name,
            "modality": self.modality,
            "licence": self.licence,
            "attribution": self.attribution,
            "aspect": self.aspect,
        }
        return ImageRecord(image_id=image_id, path=path, **whole | facts)


class Source(ABC):
    """A reader of one data set.

    Attributes:
        info: what it is.
        facts_in: where its facts stand if it has no tables, such as ``the names of its folders``; else empty.
    """

    info: SourceInfo
    facts_in: ClassVar[str] = ""

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read the data set that lies in folder ``root``.

        Args:
            root: the folder.
            images: False reads the tables alone; no image need be there, and every path is None.

        Raises:
            DataError: the folder is not this data set, holds none of its images, or there are no tables to read alone.
        """
        check_folder(root)
        if self.facts_in and not images:
            raise DataError(f"{self.info.name} has no tables to read alone; its facts stand in {self.facts_in}")
        reading = self._read(root, images)
        if not reading.records:
            raise DataError(f"{root}: no image for the source {self.info.name}; {self._why(root, reading)}")
        reading.records.sort(key=lambda record: record.image_id)
        return reading

    def configured(self, options: Mapping[str, str]) -> Source:
        """This source with options set, as in ``--source NAME=DIR,key=value``; see ``info.options``.

        Raises:
            DataError: an option that it does not have, or a value that it cannot take.
        """
        for name in options:
            if name not in self.info.options:
                known = ", ".join(self.info.options)
                raise DataError(f"{self.info.name} takes no option {name!r}" + (f"; it takes {known}" if known else ""))
        return self._configured(options) if options else self

    @abstractmethod
    def _read(self, root: Path, images: bool) -> Reading:
        """Read the folder, which is there; no records if nothing in it belongs to the data set."""

    def _configured(self, options: Mapping[str, str]) -> Source:
        """With options that it has."""
        return self

    def _why(self, root: Path, reading: Reading) -> str:
        found = image_paths(root)
        if found:
            told = [problem for problem in reading.problems if not problem.endswith(" expected, 0 found")]
            why = "; ".join([f"none of the {len(found):,} images there belongs to it", *told[:1]])
        elif self.facts_in:
            why = "there are no images in the folder"
        else:
            why = "only its tables are there: add the images, or read the tables alone with --no-images"
        return why + hints(root)
