"""ISIC 2019: 25,331 dermoscopic images in eight classes (HAM10000, BCN20000 and MSK), and 8,238 test images.

Layout: ``ISIC_2019_{Training,Test}_Input/ISIC_*.jpg`` (2,074 names end in ``_downsampled``),
``ISIC_2019_*_GroundTruth.csv`` with ``image, MEL, NV, BCC, AK, BKL, DF, VASC, SCC, UNK`` (0/1 or 0.0/1.0),
``ISIC_2019_*_Metadata.csv`` with ``image, age_approx, anatom_site_general, lesion_id, sex``. Some copies of the
metadata have three more columns, which are passed over.
"""

from __future__ import annotations

from pathlib import Path

from tejido.sources.challenge import ISIC_CLASSES, Part, read_challenge
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower

TERMS = ISIC_CLASSES | {"AK": "actinic_keratosis", "SCC": "squamous_cell_carcinoma"}


def _truth(row: Row, table: FactTable) -> Facts:
    return Facts(diagnosis=table.one_hot(row, str(row["image"]), TERMS))


def _metadata(row: Row, table: FactTable) -> Facts:
    return Facts(
        age=table.age(row.get("age_approx"), str(row["image"])),
        sex=lower(row.get("sex")),
        site=row["anatom_site_general"],
        lesion_id=row.get("lesion_id"),
    )


GROUND_TRUTH = TableFormat("ISIC 2019 ground truth", ("image", *TERMS), _truth)
METADATA = TableFormat("ISIC 2019 metadata", ("image", "age_approx", "anatom_site_general"), _metadata)
PARTS = (
    Part("train", 25331, ("*2019*Training_GroundTruth.csv", "*2019*Training_Metadata.csv")),
    Part("test", 8238, ("*2019*Test_GroundTruth.csv", "*2019*Test_Metadata.csv")),
)


class Isic2019(Source):
    """Reader of ISIC 2019."""

    info = SourceInfo(
        name="isic2019",
        title="ISIC 2019",
        summary="Dermoscopic images in eight classes, from HAM10000, BCN20000 and MSK.",
        modality="dermoscopy",
        images=33569,
        licence="CC-BY-NC-4.0",
        attribution="ViDIR Group, Medical University of Vienna; Hospital Clínic de Barcelona; ISIC 2019 (MSK)",
        citation=(
            "Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset. Sci Data 5, 180161 (2018). Codella N, et al. "
            "arXiv:1710.05006 (2017). Hernández-Pérez C, Combalia M, et al. BCN20000: dermoscopic lesions in the wild. "
            "Sci Data 11, 641 (2024)."
        ),
        homepage="https://challenge.isic-archive.com/data/#2019",
        obtain="Download data, metadata and ground truth, of training and test, and unpack them in one folder.",
        size="about 13 GB",
        terms=TERMS,
        collections=("Challenge 2019: Training",),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        return read_challenge(root, self.info, PARTS, (GROUND_TRUTH, METADATA), images=images)
