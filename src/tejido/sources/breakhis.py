"""BreakHis: 7,909 microscope images of breast tumours at 40×, 100×, 200× and 400×, 700×460 pixels.

Layout: ``histology_slides/breast/{benign,malignant}/SOB/<type>/<slide>/<magnification>X/<name>.png``, or all files in
one folder: every fact stands in the name, ``SOB_<B|M>_<type>-<year>-<slide>-<magnification>-<number>``. Official
folds: ``dsfold1.txt`` … ``dsfold5.txt`` with lines ``name|magnification|fold|train or test``.

A slide number may end in letters (``22549AB``, ``22549CD``): taken for blocks of one biopsy, hence one patient.
Number 14-13412 occurs as ductal and as lobular carcinoma; it is one slide all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.files import find_files, find_tables, left_out, listed, shortfall
from tejido.sources.record import ImageRecord, Reading, Source, SourceInfo
from tejido.sources.wrong_folder import not_this

BENIGN = {"A": "adenosis", "F": "fibroadenoma", "PT": "phyllodes_tumor", "TA": "tubular_adenoma"}
MALIGNANT = {
    "DC": "ductal_carcinoma",
    "LC": "lobular_carcinoma",
    "MC": "mucinous_carcinoma",
    "PC": "papillary_carcinoma",
}
TERMS = BENIGN | MALIGNANT
MAGNIFICATIONS = (40, 100, 200, 400)
FOLDS = (1, 2, 3, 4, 5)
_NAME = re.compile(r"SOB_([BM])_([A-Z]+)-(\d+)-(\d+)([A-Z]*)-(\d+)-(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """What the name of an image says.

    Attributes:
        malignant: whether it is said to be so.
        kind: type of tumour, such as ``DC``.
        patient: year and number of the biopsy, such as ``14-22549``.
        slide: the same with the letters of the block, such as ``14-22549AB``.
        magnification: 40, 100, 200 or 400.
    """

    malignant: bool
    kind: str
    patient: str
    slide: str
    magnification: int

    @property
    def is_sound(self) -> bool:
        """Whether a known type of tumour stands with its own class."""
        return self.kind not in TERMS or (self.kind in MALIGNANT) == self.malignant


def parse(stem: str) -> Name | None:
    """Read the name of an image without its ending; None where it is none of BreakHis's."""
    match = _NAME.fullmatch(stem)
    if not match:
        return None
    kind, year, number, block, magnification = (text.upper() for text in match.groups()[1:6])
    malignant = match[1].upper() == "M"
    return Name(malignant, kind, f"{year}-{number}", f"{year}-{number}{block}", int(magnification))


@dataclass(frozen=True)
class BreakHis(Source):
    """Reader of BreakHis: images in any folders; without images, the names in an official fold.

    Attributes:
        fold: the official fold, 1 to 5, that gives the split; None for no split.
    """

    fold: int | None = None
    info = SourceInfo(
        name="breakhis",
        title="BreakHis",
        summary="Microscope images of eight types of breast tumour at four magnifications, from 82 patients.",
        modality="histology",
        images=7909,
        licence="CC-BY-4.0",
        attribution="P&D Laboratory, Curitiba, and Federal University of Paraná (BreakHis)",
        citation=(
            "Spanhol FA, Oliveira LS, Petitjean C, Heutte L. A dataset for breast cancer histopathological image "
            "classification. IEEE Trans Biomed Eng 63(7), 1455-1462 (2016)."
        ),
        homepage="https://web.inf.ufpr.br/vri/databases/breast-cancer-histopathological-database-breakhis/",
        obtain="Download BreaKHis_v1.tar.gz (and mkfold.tar.gz for the official folds) and unpack them in one folder.",
        size="about 4 GB",
        terms=TERMS,
        options={"fold": "1 to 5: the official fold that gives the split"},
    )

    def _configured(self, options: Mapping[str, str]) -> BreakHis:
        if options["fold"] not in map(str, FOLDS):
            raise DataError(f"breakhis has folds 1 to 5, not {options['fold']!r}")
        return BreakHis(int(options["fold"]))

    def _read(self, root: Path, images: bool) -> Reading:
        splits = self._splits(root) if self.fold or not images else {}
        reading = Reading()
        paths: dict[str, Path | None] = dict.fromkeys(splits)
        if images:
            files = find_files(root, lambda stem: (stem.upper(), False))
            paths = dict(files.images)
            reading.problems += files.problems
        strangers, contradicted, sizes, splitless = [], [], [], []
        for name, path in paths.items():
            parsed = parse(name)
            if parsed is None:
                strangers.append(name)
                continue
            if parsed.kind not in TERMS:
                reading.unmapped[parsed.kind] += 1
            contradicted += [] if parsed.is_sound else [name]
            sizes += [] if parsed.magnification in MAGNIFICATIONS else [name]
            splitless += [name] if self.fold and name not in splits else []
            reading.records.append(
                self.info.record(
                    name,
                    path,
                    diagnosis=TERMS.get(parsed.kind) if parsed.is_sound else None,
                    confirmation="histology",
                    patient_id=parsed.patient,
                    slide_id=parsed.slide,
                    magnification=float(parsed.magnification),
                    official_split=splits.get(name) if self.fold else None,
                )
            )
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        reading.problems += left_out("images are not named as in BreakHis", strangers)
        for names, what in (
            (contradicted, "have a type of the other class in their name; their diagnosis is left unknown"),
            (sizes, "have a magnification that BreakHis has not"),
            (splitless, f"are not in dsfold{self.fold}.txt and have no split"),
        ):
            reading.problems += [f"{len(names):,} images {what}: {listed(names)}"] if names else []
        reading.problems += _two_types(reading.records)
        return reading

    def _splits(self, root: Path) -> dict[str, str]:
        """Split by name, of the fold asked for, or else of any."""
        wanted = FOLDS if self.fold is None else (self.fold,)
        tables = [path for fold in wanted for path in find_tables(root, f"dsfold{fold}.txt")]
        if not tables:
            why = "" if self.fold else "; without images, the names in a fold are read"
            raise not_this(root, "BreakHis with its folds", f"dsfold{wanted[0]}.txt of mkfold.tar.gz is missing{why}")
        try:
            lines = tables[0].read_text(encoding="utf-8-sig").split()
        except (OSError, UnicodeDecodeError):
            raise DataError(f"{tables[0]}: cannot be read as text") from None
        splits = {}
        for line in lines:
            name, *_, split = line.split("|")
            if split not in ("train", "test"):
                raise DataError(f"{tables[0].name}: {line!r} does not end in train or test")
            splits[Path(name).stem.upper()] = split
        return splits


def _two_types(records: Iterable[ImageRecord]) -> list[str]:
    types: dict[str | None, set[str]] = defaultdict(set)
    for record in records:
        if record.diagnosis is not None:
            types[record.slide_id].add(record.diagnosis)
    return [
        f"slide {slide} occurs as {' and '.join(sorted(found))}" for slide, found in types.items() if len(found) > 1
    ]
