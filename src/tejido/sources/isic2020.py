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
from tejido.sources.challenge import Part, read_challenge
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.files import find_tables, image_id, is_isic_id, left_out
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower, read_table

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
        age=table.age(row.get("age_approx"), str(row["image_name"])),
        sex=lower(row.get("sex")),
        site=row.get("anatom_site_general_challenge"),
    )


def _test_facts(row: Row, table: FactTable) -> Facts:
    return Facts(
        patient_id=row["patient"],
        age=table.age(row.get("age_approx"), str(row["image"])),
        sex=lower(row.get("sex")),
        site=row.get("anatom_site_general"),
    )


class _Pairs(TableFormat):
    """Two columns of ids; one id may stand in several rows."""

    def read(self, path: Path) -> FactTable:
        rows, problems = read_table(path, self.needed)
        table = FactTable(self.title)
        strange = []
        for row in rows:
            first, second = (image_id(row[column] or "") for column in self.needed)
            if is_isic_id(first) and is_isic_id(second) and first != second:
                table.duplicates.append((first, second))
                table.facts |= {first: Facts(), second: Facts()}
            else:
                strange.append(f"{first} = {second}")
        problems += left_out("rows are no pairs of ISIC ids", strange)
        table.problems = [f"{path.name}: {problem}" for problem in problems]
        return table


GROUND_TRUTH = TableFormat("ISIC 2020 ground truth", ("image_name", "patient_id"), _facts)
TEST_METADATA = TableFormat("ISIC 2020 test metadata", ("image", "patient"), _test_facts)
DUPLICATES = _Pairs("ISIC 2020 duplicates", ("image_name_1", "image_name_2"), lambda row, table: Facts())
PARTS = (
    Part("train", 33126, ("*2020_Training_GroundTruth*.csv", "train.csv", "*siim*train*.csv")),
    Part("test", 10982, ("*2020_Test_Metadata*.csv", "test.csv", "*siim*test*.csv")),
)


class Isic2020(Source):
    """Reader of ISIC 2020; its pairs of duplicates are kept as links."""

    info = SourceInfo(
        name="isic2020",
        title="ISIC 2020 (SIIM-ISIC)",
        summary="Dermoscopic images with patients; 1.8 % melanoma, most of the others only known to be benign.",
        modality="dermoscopy",
        images=44108,
        licence="CC-BY-NC-4.0",
        attribution="The ISIC 2020 Challenge Dataset, doi:10.34970/2020-ds01",
        citation=(
            "Rotemberg V, Kurtansky N, Betz-Stablein B, et al. A patient-centric dataset of images and metadata for "
            "identifying melanomas using clinical context. Sci Data 8, 34 (2021)."
        ),
        homepage="https://challenge.isic-archive.com/data/#2020",
        obtain="Download the JPEG images, ground truth v2, test metadata and the list of duplicates into one folder.",
        size="about 30 GB",
        terms=TERMS,
        collections=("Challenge 2020: Training",),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        reading = read_challenge(root, self.info, PARTS, (GROUND_TRUTH, TEST_METADATA), images=images)
        there = {record.image_id for record in reading.records}
        for path in find_tables(root, "*Training_Duplicates.csv"):
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
