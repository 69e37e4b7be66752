"""Severance A: 10,426 thumbnails of clinical photos of lesions in 38 classes, as contact sheets.

Layout: one sheet a class anywhere below the root, named with the class's words without spaces
(``actinickeratosis.png``, ``bluenevus.png``). The sheets say nothing of patients. Its paper counts 10,426 cases, all of
them biopsied.
"""

from __future__ import annotations

from pathlib import Path

from tejido.sources.files import shortfall
from tejido.sources.record import Reading, SourceInfo
from tejido.sources.sheets import OPTIONS, Sheets, first_known

TERMS = {
    "actinickeratosis": "actinic_keratosis",
    "angiofibroma": "angiofibroma",
    "angiokeratoma": "angiokeratoma",
    "basalcellcarcinoma": "basal_cell_carcinoma",
    "beckernevus": "becker_nevus",
    "beckersnevus": "becker_nevus",
    "bluenevus": "blue_nevus",
    "bowendisease": "bowen_disease",
    "bowensdisease": "bowen_disease",
    "cafeaulaitmacule": "cafe_au_lait_macule",
    "chondrodermatitis": "chondrodermatitis_nodularis",
    "chondrodermatitisnodularis": "chondrodermatitis_nodularis",
    "congenitalnevus": "congenital_nevus",
    "dermatofibroma": "dermatofibroma",
    "epidermalcyst": "epidermal_cyst",
    "epidermalnevus": "epidermal_nevus",
    "hemangioma": "hemangioma",
    "juvenilexanthogranuloma": "juvenile_xanthogranuloma",
    "kaposisarcoma": "kaposi_sarcoma",
    "keloid": "scar",
    "keratoacanthoma": "keratoacanthoma",
    "lentigo": "lentigo",
    "lipoma": "lipoma",
    "lymphangioma": "lymphangioma",
    "malignantmelanoma": "melanoma",
    "melanoma": "melanoma",
    "melanocyticnevus": "nevus",
    "merkelcellcarcinoma": "merkel_cell_carcinoma",
    "milia": "milia",
    "molluscumcontagiosum": "molluscum_contagiosum",
    "mucosalmelanoticmacule": "mucosal_melanotic_macule",
    "mucouscyst": "mucous_cyst",
    "neurofibroma": "neurofibroma",
    "nevusspilus": "nevus_spilus",
    "otanevus": "nevus_of_ota",
    "nevusofota": "nevus_of_ota",
    "pagetdisease": "paget_disease",
    "porokeratosis": "porokeratosis",
    "portwinestain": "port_wine_stain",
    "pyogenicgranuloma": "pyogenic_granuloma",
    "scar": "scar",
    "sebaceoushyperplasia": "sebaceous_hyperplasia",
    "seborrheickeratosis": "seborrheic_keratosis",
    "skintag": "skin_tag",
    "spitznevus": "spitz_nevus",
    "squamouscellcarcinoma": "squamous_cell_carcinoma",
    "syringoma": "syringoma",
    "trichoepithelioma": "trichoepithelioma",
    "venouslake": "venous_lake",
    "wart": "wart",
    "xanthelasma": "xanthelasma",
}
"""Letters only, in small letters; a plural ``s`` does not matter."""


class Severance(Sheets):
    """Reader of Severance A."""

    confirmation = "histology"
    info = SourceInfo(
        name="severance",
        title="Severance A",
        summary="Thumbnails of photos of biopsied lesions from a Korean hospital in 38 classes, as contact sheets.",
        modality="clinical",
        images=10426,
        licence="not stated; research only",
        attribution="Severance Hospital, Seoul (Han et al.)",
        citation=(
            "Han SS, Moon IJ, Kim SH, et al. Assessment of deep neural networks for the diagnosis of benign and "
            "malignant skin neoplasms in comparison with dermatologists. PLoS Med 17(11), e1003381 (2020)."
        ),
        homepage="https://doi.org/10.1371/journal.pmed.1003381",
        obtain="Download the thumbnails of part A through the paper's data availability statement.",
        size="about 0.3 GB",
        terms=TERMS,
        options=OPTIONS,
    )

    def term(self, names: list[str]) -> tuple[str, str | None] | None:
        """From the class's words, singular or plural, in the name of the sheet or of a folder."""
        return first_known(names, TERMS | {f"{term}s": code for term, code in TERMS.items()})

    def _read(self, root: Path, images: bool) -> Reading:
        reading = super()._read(root, images)
        reading.problems += shortfall("images", self.info.images, len(reading.records))
        return reading
