"""ASAN: 17,125 thumbnails of clinical photos in 12 classes, and Hallym: 125 of basal-cell carcinoma, as contact sheets.

Layout: one sheet a class anywhere below the root, named with the class's word or abbreviation (``bcc.png``,
``asan_nevus_1.jpg``, or in a folder named so); sheets or folders with ``hallym`` in their name are Hallym's. The
sheets say nothing of patients, so images of one patient cannot be kept together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.files import shortfall
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.sheets import SheetOptions, read_sheets

TERMS = {
    "ak": "actinic_keratosis",
    "akiec": "akiec",
    "actinickeratosis": "actinic_keratosis",
    "bcc": "basal_cell_carcinoma",
    "basalcellcarcinoma": "basal_cell_carcinoma",
    "df": "dermatofibroma",
    "dermatofibroma": "dermatofibroma",
    "hao": "hemangioma",
    "hemangioma": "hemangioma",
    "haemangioma": "hemangioma",
    "ic": "bowen_disease",
    "iec": "bowen_disease",
    "intraepithelialcarcinoma": "bowen_disease",
    "len": "lentigo",
    "lentigo": "lentigo",
    "ml": "melanoma",
    "mm": "melanoma",
    "malignantmelanoma": "melanoma",
    "melanoma": "melanoma",
    "nv": "nevus",
    "nevus": "nevus",
    "melanocyticnevus": "nevus",
    "pg": "pyogenic_granuloma",
    "pyogenicgranuloma": "pyogenic_granuloma",
    "scc": "squamous_cell_carcinoma",
    "squamouscellcarcinoma": "squamous_cell_carcinoma",
    "sk": "seborrheic_keratosis",
    "seborrheickeratosis": "seborrheic_keratosis",
    "seborrhoeickeratosis": "seborrheic_keratosis",
    "wart": "wart",
    "hallym": "basal_cell_carcinoma",
}
"""Letters only, in small letters. HAO is haemangioma, though some papers print "hereditary angioedema"."""
COUNTS = {"asan": 17125, "hallym": 125}


@dataclass(frozen=True)
class Asan(Source):
    """Reader of ASAN and Hallym.

    Attributes:
        options: how to cut the sheets.
    """

    options: SheetOptions = field(default_factory=SheetOptions)
    info = SourceInfo(
        name="asan",
        title="ASAN and Hallym",
        summary="Thumbnails of clinical photos from two Korean hospitals in 12 classes, as contact sheets.",
        modality="clinical",
        images=17250,
        licence="not stated; research only",
        citation=(
            "Han SS, Kim MS, Lim W, et al. Classification of the clinical images for benign and malignant cutaneous "
            "tumors using a deep learning algorithm. J Invest Dermatol 138(7), 1529-1538 (2018)."
        ),
        homepage="https://doi.org/10.6084/m9.figshare.5406136",
        obtain="Download the thumbnails from the figshare page; full images need the hospital's consent.",
        size="about 0.3 GB",
        terms=TERMS,
    )

    def configured(self, options: Mapping[str, str]) -> Asan:
        """Options ``grid`` (COLUMNSxROWS of every sheet) and ``tiles`` (folder to cut into)."""
        return Asan(SheetOptions.parse(self.info.name, options))

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Cut and read the sheets below ``root``; Hallym's tiles have ``hallym`` as their source.

        Raises:
            DataError: no such folder, no sheets, or ``images`` is False: there are no tables.
        """
        if not images:
            raise DataError("asan has no tables; its facts stand in the names of its sheets")
        reading = read_sheets(
            root, self.info, TERMS, self.options, "Asan Medical Center; Hallym University (Han et al.)"
        )
        reading.records = [
            replace(record, source="hallym") if "hallym" in record.image_id.lower() else record
            for record in reading.records
        ]
        for name, expected in COUNTS.items():
            count = sum(record.source == name for record in reading.records)
            reading.problems += [f"{name}: {line}" for line in shortfall("images", expected, count)]
        return reading
