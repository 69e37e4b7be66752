"""ISIC 2017: 2,000 + 150 + 600 dermoscopic images: melanoma, seborrheic keratosis or nevus, all with masks.

Layout: ``ISIC-2017_{Training,Validation,Test_v2}_Data/ISIC_*.jpg`` (with ``*_superpixels.png``, which are passed over),
``ISIC-2017_*_Part3_GroundTruth.csv`` with ``image_id, melanoma, seborrheic_keratosis`` (both 0: nevus),
``ISIC-2017_*_Data_metadata.csv`` with ``image_id, age_approximate, sex``, masks ``ISIC_*_segmentation.png``.
"""

from __future__ import annotations

from pathlib import Path

from tejido.sources.challenge import Part, read_challenge
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, lower, number

TERMS = {"melanoma": "melanoma", "seborrheic_keratosis": "seborrheic_keratosis", "both 0": "nevus"}


def _truth(row: Row, table: FactTable) -> Facts:
    melanoma, keratosis = number(row["melanoma"]), number(row["seborrheic_keratosis"])
    classes = {(1.0, 0.0): "melanoma", (0.0, 1.0): "seborrheic_keratosis", (0.0, 0.0): "both 0"}
    term = None if melanoma is None or keratosis is None else classes.get((melanoma, keratosis))
    if term is None:
        table.is_odd("are neither of one class nor of none; their diagnosis is left unknown", str(row["image_id"]))
    return Facts(diagnosis=table.code(TERMS, term))


def _metadata(row: Row, table: FactTable) -> Facts:
    return Facts(age=table.age(row["age_approximate"], str(row["image_id"])), sex=lower(row.get("sex")))


GROUND_TRUTH = TableFormat("ISIC 2017 ground truth", ("image_id", "melanoma", "seborrheic_keratosis"), _truth)
METADATA = TableFormat("ISIC 2017 metadata", ("image_id", "age_approximate"), _metadata)
PARTS = (
    Part("train", 2000, ("*Training_Part3_GroundTruth.csv", "*Training_Data_metadata.csv"), masks=2000),
    Part("val", 150, ("*Validation_Part3_GroundTruth.csv", "*Validation_Data_metadata.csv"), masks=150),
    Part("test", 600, ("*Test*_Part3_GroundTruth.csv", "*Test*_Data_metadata.csv"), masks=600),
)


class Isic2017(Source):
    """Reader of ISIC 2017."""

    info = SourceInfo(
        name="isic2017",
        title="ISIC 2017",
        summary="Dermoscopic images of melanoma, seborrheic keratosis and nevus, with lesion masks.",
        modality="dermoscopy",
        images=2750,
        masks=2750,
        licence="CC0-1.0",
        attribution="ISIC Archive contributors",
        citation=(
            "Codella N, Gutman D, Celebi ME, et al. Skin lesion analysis toward melanoma detection: a challenge at the "
            "2017 International Symposium on Biomedical Imaging. arXiv:1710.05006 (2017)."
        ),
        homepage="https://challenge.isic-archive.com/data/#2017",
        obtain="Download data and ground truth of parts 1 and 3, of all three splits, and unpack them in one folder.",
        size="about 12 GB",
        terms=TERMS,
        collections=("Challenge 2017: Training", "Challenge 2017: Validation", "Challenge 2017: Test"),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        return read_challenge(root, self.info, PARTS, (GROUND_TRUTH, METADATA), images=images)
