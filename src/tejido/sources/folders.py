"""Any tree of class folders: ``<root>/<class>/*.jpg``, or ``<root>/{Train,Test}/<class>/*.jpg``.

The name of a class folder is its diagnosis: a code or a display name of the taxonomy or a common abbreviation (case,
spaces, hyphens and underscores do not matter). A ``train``/``val``/``test`` level above the classes is kept as the
official split.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.files import image_paths, listed, shortfall
from tejido.sources.record import ImageRecord, Reading, Source, SourceInfo
from tejido.taxonomy import diagnoses

TERMS = {
    "mel": "melanoma",
    "nv": "nevus",
    "bcc": "basal_cell_carcinoma",
    "scc": "squamous_cell_carcinoma",
    "ak": "actinic_keratosis",
    "bkl": "benign_keratosis",
    "sk": "seborrheic_keratosis",
    "df": "dermatofibroma",
    "vasc": "vascular_lesion",
    "benign": "benign_lesion",
    "malignant": "malignant_lesion",
}
"""Abbreviations, besides the taxonomy's own codes and names."""
MODALITIES = ("dermoscopy", "clinical", "histology")
_OPTIONS = "name, aspect, licence, attribution, modality"
_SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_INFO = SourceInfo(
    name="folders",
    title="Class folders",
    summary="Any folder with one folder of images a class, or with such folders below Train and Test.",
    modality="dermoscopy",
    images=None,
    licence="unknown",
    citation="that of the images",
    homepage="none",
    obtain="Your own images, or any copy of a data set in this form. Say what is known of them: see the options.",
    size="any",
    terms=TERMS,
)


@dataclass(frozen=True)
class Folders(Source):
    """Reader of class folders.

    Attributes:
        info: name, licence, modality, aspect and the published count, as declared.
        attribution: for every image.
    """

    info: SourceInfo = field(default_factory=lambda: _INFO)
    attribution: str = "unknown"

    def configured(self, options: Mapping[str, str]) -> Folders:
        """Options ``name``, ``aspect`` (such as ``4:3``), ``licence``, ``attribution`` and ``modality``."""
        if strange := set(options) - set(_OPTIONS.split(", ")):
            raise DataError(f"{self.info.name} takes no option {strange.pop()!r}; it takes {_OPTIONS}")
        modality = options.get("modality", self.info.modality)
        if modality not in MODALITIES:
            raise DataError(f"modality must be one of {', '.join(MODALITIES)}, not {modality!r}")
        info = replace(
            self.info,
            name=options.get("name", self.info.name),
            licence=options.get("licence", self.info.licence),
            modality=modality,
            aspect=_aspect(options["aspect"]) if "aspect" in options else self.info.aspect,
        )
        return Folders(info, options.get("attribution", self.attribution))

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read every image file below the class folders of ``root``.

        Raises:
            DataError: no such folder, no image in it, or ``images`` is False: there are no tables.
        """
        if not images:
            raise DataError(f"{self.info.name} has no tables; its facts stand in the names of its folders")
        terms = _known_terms() | {_plain(term): code for term, code in self.info.terms.items()}
        reading = Reading()
        strays = []
        for path in image_paths(root):
            parts = path.relative_to(root).parts
            split = _SPLITS.get(parts[0].lower()) if len(parts) > 2 else None
            if len(parts) < 2:
                strays.append(path.name)
                continue
            term = parts[1] if split else parts[0]
            diagnosis = terms.get(_plain(term))
            if diagnosis is None:
                reading.unmapped[term] += 1
            reading.records.append(
                ImageRecord(
                    image_id=path.relative_to(root).with_suffix("").as_posix(),
                    path=path,
                    source=self.info.name,
                    modality=self.info.modality,
                    licence=self.info.licence,
                    attribution=self.attribution,
                    diagnosis=diagnosis,
                    official_split=split,
                    aspect=self.info.aspect,
                )
            )
        if not reading.records:
            raise DataError(f"{root}: no images in class folders")
        if strays:
            reading.problems.append(
                f"{len(strays):,} images are in no class folder and were left out: {listed(strays)}"
            )
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        return reading


@cache
def _known_terms() -> dict[str, str]:
    return {_plain(text): d.code for d in diagnoses().values() for text in (d.code, d.en, d.es)}


def _aspect(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:[:/](\d+(?:\.\d+)?))?", text)
    value = float(match[1]) / float(match[2] or 1) if match and float(match[2] or 1) else 0.0
    if not 0.1 <= value <= 10:
        raise DataError(f"aspect must be width:height such as 4:3, not {text!r}")
    return value


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text.lower()).strip()
