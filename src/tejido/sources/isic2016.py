"""ISIC 2016: 900 + 379 dermoscopic images, benign or malignant (every malignant one is a melanoma).

Layout: ``ISBI2016_ISIC_Part3_{Training,Test}_Data/ISIC_*.jpg`` and ``ISBI2016_ISIC_Part3_*_GroundTruth.csv``, which
has no header: image id, then ``benign``/``malignant`` in training and 0/1 in the test file. Masks of part 1:
``ISIC_*_Segmentation.png``.
"""

from __future__ import annotations

from pathlib import Path

from tejido.sources.challenge import Part, read_challenge
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.record import Reading, Source, SourceInfo
from tejido.sources.tables import Row, number

TERMS = {"benign": "benign_lesion", "malignant": "melanoma"}
"""The test file writes 0 for benign and 1 for malignant."""


def _facts(row: Row, table: FactTable) -> Facts:
    coded = {0.0: "benign", 1.0: "malignant"}.get(number(row["class"]), row["class"])  # type: ignore[arg-type]
    return Facts(diagnosis=table.code(TERMS, coded))


GROUND_TRUTH = TableFormat(
    "ISIC 2016 ground truth",
    ("image", "class"),
    _facts,
    headless=frozenset({"benign", "malignant", "0", "1", "0.0", "1.0"}),
)
PARTS = (
    Part("train", 900, ("*Part3*_Training_GroundTruth.csv",), masks=900),
    Part("test", 379, ("*Part3*_Test_GroundTruth.csv",), masks=379),
)


class Isic2016(Source):
    """Reader of ISIC 2016."""

    info = SourceInfo(
        name="isic2016",
        title="ISIC 2016 (ISBI challenge)",
        summary="Dermoscopic images, benign or malignant, with lesion masks.",
        modality="dermoscopy",
        images=1279,
        masks=1279,
        licence="CC0-1.0",
        attribution="ISIC Archive contributors",
        citation=(
            "Gutman D, Codella N, Celebi E, et al. Skin lesion analysis toward melanoma detection: a challenge at ISBI "
            "2016. arXiv:1605.01397 (2016)."
        ),
        homepage="https://challenge.isic-archive.com/data/#2016",
        obtain="Download part 3 (data and ground truth) and the masks of part 1, and unpack them in one folder.",
        size="about 0.9 GB",
        terms=TERMS,
        collections=("Challenge 2016: Training", "Challenge 2016: Test"),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        return read_challenge(root, self.info, PARTS, (GROUND_TRUTH,), images=images)
