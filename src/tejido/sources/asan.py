"""Contact sheets: ASAN, 17,125 thumbnails of clinical photos in 12 classes, and Hallym, 125 of basal-cell carcinoma.

Layout: one sheet a class anywhere below the root, named with the class's word or abbreviation (``bcc.png``,
``asan_nevus_1.jpg``, or in a folder named so); sheets or folders with ``hallym`` in their name are Hallym's. The
sheets say nothing of patients, so images of one patient cannot be kept together.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tejido.sources.files import shortfall
from tejido.sources.record import Reading, SourceInfo
from tejido.sources.sheets import OPTIONS, Sheets, first_known

TERMS = {
    "ak": "actinic_keratosis",
    "akiec": "actinic_keratosis",
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
}
"""Letters only, in small letters. HAO is haemangioma, though some papers print "hereditary angioedema". Bowen's disease
has a sheet of its own (IC), so that AKIEC, as others call it, is actinic keratosis."""
COUNTS = {
    "actinic_keratosis": 651,
    "basal_cell_carcinoma": 1082,
    "dermatofibroma": 1247,
    "hemangioma": 2715,
    "bowen_disease": 918,
    "lentigo": 1193,
    "melanoma": 599,
    "nevus": 2706,
    "pyogenic_granuloma": 375,
    "squamous_cell_carcinoma": 1231,
    "seborrheic_keratosis": 1423,
    "wart": 2985,
}
"""Of ASAN. They are the only check of a grid that was found."""
_CITATION = (
    "Han SS, Kim MS, Lim W, et al. Classification of the clinical images for benign and malignant cutaneous "
    "tumors using a deep learning algorithm. J Invest Dermatol 138(7), 1529-1538 (2018)."
)
_HOMEPAGE = "https://doi.org/10.6084/m9.figshare.5406136"
_LICENCE = "not stated; research only"


class Asan(Sheets):
    """Reader of ASAN."""

    info = SourceInfo(
        name="asan",
        title="ASAN",
        summary="Thumbnails of clinical photos from a Korean hospital in 12 classes, as contact sheets.",
        modality="clinical",
        images=17125,
        licence=_LICENCE,
        attribution="Asan Medical Center (Han et al.)",
        citation=_CITATION,
        homepage=_HOMEPAGE,
        obtain="Download the thumbnails from the figshare page; full images need the hospital's consent.",
        size="about 0.3 GB",
        terms=TERMS,
        options=OPTIONS,
    )

    def term(self, names: list[str]) -> tuple[str, str | None] | None:
        """From its word or abbreviation in the name of the sheet or of a folder."""
        return None if _is_hallym(names) else first_known(names, TERMS)

    def _read(self, root: Path, images: bool) -> Reading:
        reading = super()._read(root, images)
        found = Counter(record.diagnosis for record in reading.records)
        for diagnosis, expected in COUNTS.items():
            if found[diagnosis]:
                reading.problems += shortfall(f"images of {diagnosis}", expected, found[diagnosis])
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        return reading


class Hallym(Sheets):
    """Reader of Hallym, whose sheets come with ASAN's."""

    info = SourceInfo(
        name="hallym",
        title="Hallym",
        summary="Thumbnails of clinical photos of basal-cell carcinoma from a Korean hospital, as contact sheets.",
        modality="clinical",
        images=125,
        licence=_LICENCE,
        attribution="Hallym University (Han et al.)",
        citation=_CITATION,
        homepage=_HOMEPAGE,
        obtain="Download the thumbnails from the figshare page of ASAN.",
        size="a few MB",
        terms={"bcc": "basal_cell_carcinoma"},
        options=OPTIONS,
    )

    def term(self, names: list[str]) -> tuple[str, str | None] | None:
        """Basal-cell carcinoma, of every sheet with ``hallym`` in its name or that of a folder."""
        return ("hallym", "basal_cell_carcinoma") if _is_hallym(names) else None

    def _read(self, root: Path, images: bool) -> Reading:
        reading = super()._read(root, images)
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        return reading


def _is_hallym(names: list[str]) -> bool:
    return any("hallym" in name.lower() and "asan" not in name.lower() for name in names)
