"""The ISIC Archive as its own command line tool (isic-cli) lays it out; its columns vary with the query.

Layout: ``<folder>/ISIC_*.jpg`` with ``metadata.csv``, ``attribution.txt`` and ``licenses/`` beside them, in the root
or in one folder a collection. Diagnoses run from coarse (``diagnosis_1``) to fine (``diagnosis_5``); the finest one
that the taxonomy knows counts. Older downloads have one column ``diagnosis``. Licence and attribution are each
image's own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from tejido.sources.assemble import from_table
from tejido.sources.challenge import CONFIRMATIONS
from tejido.sources.facts import Facts, FactTable, TableFormat, merge_facts
from tejido.sources.files import find_files, find_tables, image_paths
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, first_row, lower
from tejido.sources.wrong_folder import not_this

TERMS = {
    "benign": "benign_lesion",
    "malignant": "malignant_lesion",
    "indeterminate": "indeterminate_lesion",
    # melanocytic
    "benign melanocytic proliferations": "nevus",
    "nevus": "nevus",
    "nevus, atypical, dysplastic, or clark": "atypical_nevus",
    "nevus, congenital": "congenital_nevus",
    "nevus, spitz": "spitz_nevus",
    "nevus, reed": "spitz_nevus",
    "nevus, halo": "halo_nevus",
    "nevus, recurrent or persistent": "recurrent_nevus",
    "nevus, combined": "combined_nevus",
    "nevus, spilus": "nevus_spilus",
    "blue nevus": "blue_nevus",
    "blue nevus, cellular": "blue_nevus",
    "malignant melanocytic proliferations (melanoma)": "melanoma",
    "melanoma": "melanoma",
    "melanoma, nos": "melanoma",
    "melanoma in situ": "melanoma_in_situ",
    "melanoma in situ, lentigo maligna type": "lentigo_maligna",
    "lentigo maligna": "lentigo_maligna",
    "melanoma invasive": "invasive_melanoma",
    "melanoma metastasis": "melanoma_metastasis",
    "indeterminate melanocytic proliferations": "indeterminate_lesion",
    "atypical melanocytic neoplasm": "atypical_melanocytic_proliferation",
    "atypical melanocytic proliferation": "atypical_melanocytic_proliferation",
    "atypical intraepithelial melanocytic proliferation": "atypical_melanocytic_proliferation",
    "aimp": "atypical_melanocytic_proliferation",
    "atypical spitz tumor": "atypical_spitz_tumor",
    # flat pigmentations
    "flat melanotic pigmentations - not melanocytic nevus": "benign_lesion",
    "lentigo nos": "lentigo",
    "lentigo simplex": "lentigo_simplex",
    "solar lentigo": "solar_lentigo",
    "mucosal melanotic macule": "mucosal_melanotic_macule",
    "ink-spot lentigo": "lentigo",
    "cafe-au-lait macule": "cafe_au_lait_macule",
    # epidermal
    "benign epidermal proliferations": "benign_lesion",
    "seborrheic keratosis": "seborrheic_keratosis",
    "pigmented benign keratosis": "pigmented_benign_keratosis",
    "lichen planus like keratosis": "lichenoid_keratosis",
    "lichenoid keratosis": "lichenoid_keratosis",
    "clear cell acanthoma": "clear_cell_acanthoma",
    "porokeratosis": "porokeratosis",
    "epidermal nevus": "epidermal_nevus",
    "indeterminate epidermal proliferations": "akiec",
    "solar or actinic keratosis": "actinic_keratosis",
    "actinic keratosis": "actinic_keratosis",
    "malignant epidermal proliferations": "squamous_cell_carcinoma",
    "squamous cell carcinoma": "squamous_cell_carcinoma",
    "squamous cell carcinoma, nos": "squamous_cell_carcinoma",
    "squamous cell carcinoma in situ": "bowen_disease",
    "squamous cell carcinoma in situ, bowens disease": "bowen_disease",
    "squamous cell carcinoma, invasive": "invasive_squamous_cell_carcinoma",
    "squamous cell carcinoma, invasive, keratoacanthoma-type": "keratoacanthoma",
    "keratoacanthoma": "keratoacanthoma",
    # appendages
    "basal cell carcinoma": "basal_cell_carcinoma",
    "malignant adnexal epithelial proliferations - follicular": "malignant_lesion",
    "malignant adnexal epithelial proliferations - sebaceous": "adnexal_carcinoma",
    "malignant adnexal epithelial proliferations - apocrine or eccrine": "adnexal_carcinoma",
    "sebaceous hyperplasia": "sebaceous_hyperplasia",
    "trichoepithelioma": "trichoepithelioma",
    "trichoblastoma": "benign_lesion",
    "nevus sebaceous": "nevus_sebaceus",
    "infundibular or epidermal cyst": "epidermal_cyst",
    # soft tissue
    "benign soft tissue proliferations - fibro-histiocytic": "benign_lesion",
    "dermatofibroma": "dermatofibroma",
    "scar": "scar",
    "angiofibroma": "angiofibroma",
    "fibrous papule": "angiofibroma",
    "acrochordon": "skin_tag",
    "fibroepithelial polyp": "skin_tag",
    "juvenile xanthogranuloma": "juvenile_xanthogranuloma",
    "neurofibroma": "neurofibroma",
    "benign soft tissue proliferations - vascular": "vascular_lesion",
    "vascular lesion": "vascular_lesion",
    "angioma": "hemangioma",
    "hemangioma": "hemangioma",
    "angiokeratoma": "angiokeratoma",
    "pyogenic granuloma": "pyogenic_granuloma",
    "lymphangioma": "lymphangioma",
    "hemorrhage": "hemorrhage",
    "merkel cell carcinoma": "merkel_cell_carcinoma",
    "kaposi sarcoma": "kaposi_sarcoma",
    # the rest
    "inflammatory or infectious diseases": "skin_disease",
    "verruca": "wart",
    "molluscum": "molluscum_contagiosum",
    "benign - other": "benign_lesion",
}
"""In small letters."""
MODALITIES = {
    "dermoscopic": "dermoscopy",
    "clinical: close-up": "clinical",
    "clinical: overview": "clinical",
    "tbp tile: close-up": "clinical",
    "tbp tile: overview": "clinical",
}
"""Words of ``image_type``, in small letters. Other kinds, such as confocal microscopy (``RCM: tile``), are left out."""
LICENCES = {"CC-0": "CC0-1.0", "CC-BY": "CC-BY-4.0", "CC-BY-NC": "CC-BY-NC-4.0"}
_LEVELS = ("diagnosis", "diagnosis_5", "diagnosis_4", "diagnosis_3", "diagnosis_2", "diagnosis_1", "benign_malignant")


def _facts(row: Row, table: FactTable) -> Facts:
    named = [term.lower() for level in _LEVELS if (term := row.get(level))]
    code = next((TERMS[term] for term in named if term in TERMS), None)
    if named and named[0] not in TERMS:  # counted although a coarser word stands in for it
        table.unmapped[named[0]] += 1
    kind, licence = lower(row.get("image_type")), row.get("copyright_license")
    return Facts(
        diagnosis=code,
        confirmation=CONFIRMATIONS.get((row.get("diagnosis_confirm_type") or "").lower()),
        patient_id=row.get("patient_id"),
        lesion_id=row.get("lesion_id"),
        age=table.age(row.get("age_approx"), str(row["isic_id"])),
        sex=lower(row.get("sex")),
        site=row.get("anatom_site_general"),
        skin_type=row.get("fitzpatrick_skin_type"),
        licence=None if licence is None else LICENCES.get(licence, licence),
        attribution=row.get("attribution"),
        modality=None if kind is None else MODALITIES.get(kind, kind),
    )


METADATA = TableFormat("ISIC Archive metadata", ("isic_id",), _facts)


class IsicArchive(Source):
    """Reader of downloads from the ISIC Archive: every ``metadata.csv`` in the folder, and the images."""

    info = SourceInfo(
        name="isic_archive",
        title="ISIC Archive",
        summary="Whatever was downloaded from the ISIC Archive with its command line tool.",
        modality="dermoscopy",
        images=None,
        licence="per image (CC0, CC BY or CC BY-NC)",
        attribution="ISIC Archive contributors",
        citation="The International Skin Imaging Collaboration: the ISIC Archive, and the attribution of each image.",
        homepage="https://www.isic-archive.com",
        obtain="Install the archive's tool (isic-cli), then: tejido data download isic_archive DIR --collection NAME",
        size="any size",
        terms=TERMS,
    )

    def _read(self, root: Path, images: bool) -> Reading:
        paths = [path for path in find_tables(root, "metadata.csv") if METADATA.fits(first_row(path))]
        if not paths:
            count = len(image_paths(root))
            why = "run the download again, it will go on"
            raise not_this(
                root, "a full download of the ISIC Archive", f"{count:,} images but no metadata.csv with isic_id; {why}"
            )
        whole = FactTable(METADATA.title)
        for path in paths:
            table = METADATA.read(path)
            whole.problems += table.problems
            whole.unmapped += table.unmapped
            for name, new in table.facts.items():
                whole.facts[name] = merge_facts(whole.facts[name], new) if name in whole.facts else new
        expected = replace(self.info, images=len(whole.facts))
        reading = from_table(expected, whole, find_files(root) if images else None)
        known = set(MODALITIES.values())
        others = Counter(record.modality for record in reading.records if record.modality not in known)
        reading.records = [record for record in reading.records if record.modality in known]
        reading.problems += [f"{count:,} images are {kind} and were left out" for kind, count in others.items()]
        return reading
