"""ISIC 2020 (SIIM-ISIC): 33,126 dermoscopic images of 2,056 patients, melanoma or not, and 10,982 test images.

Layout: images in any folder; ``ISIC_2020_Training_GroundTruth.csv`` with ``image_name, patient_id, sex, age_approx,
anatom_site_general_challenge, diagnosis, benign_malignant, target`` (``_v2`` has ``lesion_id`` too; Kaggle's copies
are ``train.csv`` and ``test.csv``), ``ISIC_2020_Test_Metadata.csv`` with ``image, patient, anatom_site_general,
age_approx, sex``, and ``ISIC_2020_Training_Duplicates.csv`` with ``image_name_1, image_name_2``: 425 pairs of the
same picture under two ids.
"""

from __future__ import annotations

from pathlib import Path

from tejido.errors import DataError
from tejido.sources.challenge import Part, find_tables, read_challenge
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.files import image_id
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower, number

TERMS = {
    "melanoma": "melanoma",
    "nevus": "nevus",
    "seborrheic keratosis": "seborrheic_keratosis",
    "lichenoid keratosis": "lichenoid_keratosis",
    "solar lentigo": "solar_lentigo",
    "lentigo NOS": "lentigo",
    "cafe-au-lait macule": "cafe_au_lait_macule",
    "atypical melanocytic proliferation": "atypical_melanocytic_proliferation",
    "benign": "benign_lesion",
    "malignant": "malignant_lesion",
}
"""Words of ``diagnosis``; where that is ``unknown``, the word of ``benign_malignant`` counts."""
DUPLICATE_PAIRS = 425


def _facts(row: Row, table: FactTable) -> Facts:
    lesion = row.get("lesion_id")
    return Facts(
        diagnosis=table.code(TERMS, row.get("diagnosis") or row.get("benign_malignant")),
        patient_id=row["patient_id"],
        lesion_id=None if lesion == "0" else lesion,  # one row of the second version
        age=number(row.get("age_approx")),
        sex=lower(row.get("sex")),
        site=row.get("anatom_site_general_challenge"),
    )


def _test_facts(row: Row, table: FactTable) -> Facts:
    return Facts(
        patient_id=row["patient"],
        age=number(row.get("age_approx")),
        sex=lower(row.get("sex")),
        site=row.get("anatom_site_general"),
    )


def _pair(row: Row, table: FactTable) -> Facts:
    first, second = row["image_name_1"], row["image_name_2"]
    if first and second:
        table.duplicates.append((image_id(first), image_id(second)))
    return Facts()


GROUND_TRUTH = TableFormat("ISIC 2020 ground truth", ("image_name", "patient_id"), _facts)
TEST_METADATA = TableFormat("ISIC 2020 test metadata", ("image", "patient"), _test_facts)
DUPLICATES = TableFormat("ISIC 2020 duplicates", ("image_name_1", "image_name_2"), _pair)
PARTS = (
    Part("train", 33126, ("isic_2020_training_groundtruth*.csv", "train.csv", "*siim*train*.csv")),
    Part("test", 10982, ("isic_2020_test_metadata*.csv", "test.csv", "*siim*test*.csv")),
)


class Isic2020(Source):
    """Reader of ISIC 2020."""

    info = SourceInfo(
        name="isic2020",
        title="ISIC 2020 (SIIM-ISIC)",
        summary="Dermoscopic images with patients; 1.8 % melanoma, most of the others only known to be benign.",
        modality="dermoscopy",
        images=44108,
        licence="CC-BY-NC-4.0",
        citation=(
            "Rotemberg V, Kurtansky N, Betz-Stablein B, et al. A patient-centric dataset of images and metadata for "
            "identifying melanomas using clinical context. Sci Data 8, 34 (2021)."
        ),
        homepage="https://challenge.isic-archive.com/data/#2020",
        obtain=(
            "Download images (JPEG), ground truth v2 and the list of duplicates from the challenge page and unpack "
            "them in one folder."
        ),
        size="about 30 GB",
        terms=TERMS,
        collections=("Challenge 2020: Training",),
    )

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read the tables and images below ``root``; the pairs of duplicates are kept as links."""
        reading = read_challenge(
            root,
            self.info,
            PARTS,
            (GROUND_TRUTH, TEST_METADATA),
            attribution="The ISIC 2020 Challenge Dataset, doi:10.34970/2020-ds01",
            images=images,
        )
        there = {record.image_id for record in reading.records}
        for path in find_tables(root, "*training_duplicates.csv"):
            try:
                table = DUPLICATES.read(path)
            except DataError as error:
                reading.problems.append(str(error))
                continue
            reading.problems += table.problems
            if len(table.duplicates) != DUPLICATE_PAIRS:
                reading.problems.append(f"{DUPLICATE_PAIRS} duplicate pairs expected, {len(table.duplicates)} found")
            reading.duplicates += [pair for pair in table.duplicates if there.issuperset(pair)]
        return reading
