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
from tejido.sources.files import image_paths, listed, shortfall
from tejido.sources.record import ImageRecord, Reading, Source, SourceInfo

TERMS = {
    "A": "adenosis",
    "F": "fibroadenoma",
    "PT": "phyllodes_tumor",
    "TA": "tubular_adenoma",
    "DC": "ductal_carcinoma",
    "LC": "lobular_carcinoma",
    "MC": "mucinous_carcinoma",
    "PC": "papillary_carcinoma",
}
MAGNIFICATIONS = (40, 100, 200, 400)
FOLDS = (1, 2, 3, 4, 5)
_NAME = re.compile(r"SOB_([BM])_([A-Z]+)-(\d+)-(\d+)([A-Z]*)-(\d+)-(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """What the name of an image says.

    Attributes:
        kind: type of tumour, such as ``DC``.
        patient: year and number of the biopsy, such as ``14-22549``.
        slide: the same with the letters of the block, such as ``14-22549AB``.
        magnification: 40, 100, 200 or 400.
    """

    kind: str
    patient: str
    slide: str
    magnification: int


def parse(stem: str) -> Name | None:
    """Read the name of an image without its ending; None where it is none of BreakHis's."""
    match = _NAME.fullmatch(stem)
    if not match:
        return None
    _, kind, year, number, block, magnification, _ = match.groups()
    return Name(kind.upper(), f"{year}-{number}", f"{year}-{number}{block.upper()}", int(magnification))


@dataclass(frozen=True)
class BreakHis(Source):
    """Reader of BreakHis.

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
        citation=(
            "Spanhol FA, Oliveira LS, Petitjean C, Heutte L. A dataset for breast cancer histopathological image "
            "classification. IEEE Trans Biomed Eng 63(7), 1455-1462 (2016)."
        ),
        homepage="https://web.inf.ufpr.br/vri/databases/breast-cancer-histopathological-database-breakhis/",
        obtain="Download BreaKHis_v1.tar.gz (and mkfold.tar.gz for the official folds) and unpack them in one folder.",
        size="about 4 GB",
        terms=TERMS,
    )

    def configured(self, options: Mapping[str, str]) -> BreakHis:
        """Option ``fold``: 1 to 5, which official fold gives the split."""
        if strange := set(options) - {"fold"}:
            raise DataError(f"breakhis takes no option {strange.pop()!r}; it takes fold=1 to fold=5")
        fold = options.get("fold")
        if fold is None:
            return self
        if fold not in map(str, FOLDS):
            raise DataError(f"breakhis has folds 1 to 5, not {fold!r}")
        return BreakHis(int(fold))

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read images in any folders below ``root``; without images, the names in an official fold.

        Raises:
            DataError: no such folder, no image, or the fold that was asked for is missing.
        """
        if not root.is_dir():
            raise DataError(f"{root}: no such folder")
        splits = self._splits(root, images)
        reading = Reading()
        paths: dict[str, Path | None] = {}
        if images:
            for found in image_paths(root):
                if (first := paths.setdefault(found.stem.upper(), found)) != found:
                    reading.problems.append(f"{found.stem} is there twice, {found} is left out for {first}")
        else:
            paths.update(dict.fromkeys(splits))
        strangers = []
        for name, path in sorted(paths.items()):
            parsed = parse(name)
            if parsed is None:
                strangers.append(name)
                continue
            if parsed.magnification not in MAGNIFICATIONS:
                reading.problems.append(f"{name}: a magnification of {parsed.magnification}")
            if parsed.kind not in TERMS:
                reading.unmapped[parsed.kind] += 1
            reading.records.append(
                ImageRecord(
                    image_id=name,
                    path=path,
                    source=self.info.name,
                    modality=self.info.modality,
                    licence=self.info.licence,
                    attribution="P&D Laboratory, Curitiba, and Federal University of Paraná (BreakHis)",
                    diagnosis=TERMS.get(parsed.kind),
                    confirmation="histology",
                    patient_id=parsed.patient,
                    slide_id=parsed.slide,
                    magnification=float(parsed.magnification),
                    official_split=splits.get(name) if self.fold else None,
                )
            )
        if not reading.records:
            raise DataError(f"{root}: no images of BreakHis")
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        if strangers:
            reading.problems.append(f"{len(strangers):,} images are not named as in BreakHis: {listed(strangers)}")
        reading.problems += _two_types(reading.records)
        return reading

    def _splits(self, root: Path, images: bool) -> dict[str, str]:
        """Split by name, of the fold asked for; without images any fold will do."""
        if images and not self.fold:
            return {}
        wanted = FOLDS if self.fold is None else (self.fold,)
        tables = [path for fold in wanted for path in sorted(root.rglob(f"dsfold{fold}.txt"))]
        if not tables:
            raise DataError(f"{root}: dsfold{wanted[0]}.txt is missing; it is in mkfold.tar.gz")
        splits = {}
        for line in tables[0].read_text(encoding="utf-8").split():
            name, *_, split = line.split("|")
            if split not in ("train", "test"):
                raise DataError(f"{tables[0].name}: {line!r} does not end in train or test")
            splits[Path(name).stem.upper()] = split
        return splits


def _two_types(records: Iterable[ImageRecord]) -> list[str]:
    types: dict[str | None, set[str]] = defaultdict(set)
    for record in records:
        types[record.slide_id].add(str(record.diagnosis))
    return [
        f"slide {slide} occurs as {' and '.join(sorted(found))}" for slide, found in types.items() if len(found) > 1
    ]
