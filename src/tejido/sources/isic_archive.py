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

from tejido.errors import DataError
from tejido.sources.assemble import assemble
from tejido.sources.challenge import CONFIRMATIONS
from tejido.sources.facts import Facts, FactTable, TableFormat, merge_facts
from tejido.sources.files import find_files, listed
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower, number, read_table

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
MODALITIES = {"dermoscopic": "dermoscopy", "clinical: close-up": "clinical", "clinical: overview": "clinical"}
_LEVELS = ("diagnosis", "diagnosis_5", "diagnosis_4", "diagnosis_3", "diagnosis_2", "diagnosis_1", "benign_malignant")


def _facts(row: Row, table: FactTable) -> Facts:
    named = [term.lower() for level in _LEVELS if (term := row.get(level))]
    code = next((TERMS[term] for term in named if term in TERMS), None)
    if named and named[0] not in TERMS:  # counted although a coarser word stands in for it
        table.unmapped[named[0]] += 1
    return Facts(
        diagnosis=code,
        confirmation=CONFIRMATIONS.get((row.get("diagnosis_confirm_type") or "").lower()),
        patient_id=row.get("patient_id"),
        lesion_id=row.get("lesion_id"),
        age=number(row.get("age_approx")),
        sex=lower(row.get("sex")),
        site=row.get("anatom_site_general"),
        skin_type=row.get("fitzpatrick_skin_type"),
        licence=row.get("copyright_license"),
        attribution=row.get("attribution"),
    )


METADATA = TableFormat("ISIC Archive metadata", ("isic_id",), _facts)


class IsicArchive(Source):
    """Reader of downloads from the ISIC Archive."""

    info = SourceInfo(
        name="isic_archive",
        title="ISIC Archive",
        summary="Whatever was downloaded from the ISIC Archive with its command line tool.",
        modality="dermoscopy",
        images=None,
        licence="CC-BY-NC-4.0",
        citation="The International Skin Imaging Collaboration: the ISIC Archive, and the attribution of each image.",
        homepage="https://www.isic-archive.com",
        obtain="tejido data download isic_archive DIR --collection NAME",
        size="any; the whole archive is several hundred GB",
        terms=TERMS,
    )

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read every ``metadata.csv`` below ``root`` and the images; see the module for the layout.

        Raises:
            DataError: no such folder, or no metadata, as after a download that was cut off.
        """
        if not root.is_dir():
            raise DataError(f"{root}: no such folder")
        files = find_files(root) if images else None
        paths = sorted(root.rglob("metadata.csv"))
        if not paths:
            count = len(files.images) if files else 0
            raise DataError(f"{root}: {count:,} images but no metadata.csv; run the download again, it will go on")
        reading = Reading(problems=files.problems if files else [])
        facts: dict[str, Facts] = {}
        modalities: dict[str, str] = {}
        for path in paths:
            table = METADATA.read(path)
            reading.problems += table.problems
            reading.unmapped += Counter({term: count for term, count in table.unmapped.items() if term})
            for name, new in table.facts.items():
                facts[name] = merge_facts(facts[name], new) if name in facts else new
            for row in read_table(path, ("isic_id",)):
                kind = MODALITIES.get((row.get("image_type") or "").lower())
                if kind and row["isic_id"]:
                    modalities[row["isic_id"]] = kind
        records, problems = assemble(
            self.info, facts, files, attribution="ISIC Archive contributors", images=len(facts)
        )
        reading.records = [replace(r, modality=modalities.get(r.image_id, r.modality)) for r in records]
        reading.problems += problems
        if files and (strays := set(files.images) - set(facts)):
            reading.problems.append(
                f"{len(strays):,} images are in no metadata.csv and were left out: {listed(strays)}"
            )
        return reading
