"""Any tree of class folders: ``<root>/<class>/*.jpg``, or ``<root>/{Train,Test}/<class>/*.jpg``.

The name of a class folder is its diagnosis: a code or a display name of the taxonomy or a common abbreviation (case,
spaces, hyphens and underscores do not matter). A ``train``/``val``/``test`` level above the classes is kept as the
official split. Folders around the whole, as archives often have one, do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.files import image_paths, left_out, listed, shortfall
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.wrong_folder import not_this
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
_MASK = "_segmentation"
_SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_INFO = SourceInfo(
    name="folders",
    title="Class folders",
    summary="Any folder with one folder of images a class, or with such folders below Train and Test.",
    modality="dermoscopy",
    images=None,
    licence="unknown",
    attribution="unknown",
    citation="that of the images",
    homepage=None,
    obtain="Your own images, or any copy of a data set in this form. Say what is known of them: see the options.",
    size="any size",
    terms=TERMS,
    options={
        "name": "what to call the source in the manifest",
        "modality": "dermoscopy (if not given), clinical or histology",
        "aspect": "true width:height of pictures that were squashed into squares, such as 4:3",
        "licence": "of the images",
        "attribution": "whom to name with the images",
    },
)


@dataclass(frozen=True)
class Folders(Source):
    """Reader of class folders.

    Attributes:
        info: name, licence, modality, aspect and the published count, as declared.
    """

    info: SourceInfo = field(default_factory=lambda: _INFO)
    facts_in = "the names of its folders"

    def _configured(self, options: Mapping[str, str]) -> Folders:
        if (modality := options.get("modality", self.info.modality)) not in MODALITIES:
            raise DataError(f"modality must be one of {', '.join(MODALITIES)}, not {modality!r}")
        if empty := [name for name, value in options.items() if not value]:
            raise DataError(f"{self.info.name}: nothing stands behind {empty[0]}=")
        declared = {name: _aspect(value) if name == "aspect" else value for name, value in options.items()}
        return Folders(replace(self.info, **declared))  # type: ignore[arg-type]

    def _read(self, root: Path, images: bool) -> Reading:
        published = self.info.images is not None  # a data set whose classes are known
        own = {_plain(term): code for term, code in self.info.terms.items()}
        terms = own if published else _known_terms() | own
        paths = image_paths(root)
        masks = _masks(paths)
        reading = Reading()
        strays = []
        taken: set[str] = set()
        for path in paths:
            if (path.parent, path.stem.removesuffix(_MASK)) in masks and path.stem.endswith(_MASK):
                continue
            place = path.relative_to(root)
            if len(place.parts) < 2:
                strays.append(path.name)
                continue
            split, term = _split_and_term(place.parts[:-1], terms)
            diagnosis = terms.get(_plain(term))
            if diagnosis is None:
                reading.unmapped[term] += 1
            name = place.with_suffix("").as_posix()
            name = place.as_posix() if name in taken else name  # a.jpg and a.png are two pictures
            taken.add(name)
            mask = masks.get((path.parent, path.stem))
            reading.records.append(
                self.info.record(name, path, diagnosis=diagnosis, mask_path=mask, official_split=split)
            )
        if published and 0 < len(reading.records) == reading.unmapped.total():
            raise not_this(root, self.info.title, f"none of its folders is a class of it: {listed(reading.unmapped)}")
        reading.problems += left_out("images are in no class folder", strays)
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        return reading


def _masks(paths: Sequence[Path]) -> dict[tuple[Path, str], Path]:
    """Masks by folder and name of the image that lies beside them."""
    there = {(path.parent, path.stem) for path in paths}
    pairs = {(path.parent, path.stem.removesuffix(_MASK)): path for path in paths if path.stem.endswith(_MASK)}
    return {image: mask for image, mask in pairs.items() if image in there}


def _split_and_term(folders: Sequence[str], terms: Mapping[str, str]) -> tuple[str | None, str]:
    """The official split, from the first folder named so, and the class: the first known one below it, or the first."""
    split = None
    for number, folder in enumerate(folders[:-1]):
        if folder.lower() in _SPLITS:
            split, folders = _SPLITS[folder.lower()], folders[number + 1 :]
            break
    return split, next((folder for folder in folders if _plain(folder) in terms), folders[0])


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
