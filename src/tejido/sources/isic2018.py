"""ISIC 2018, task 3 (seven classes; its training set is HAM10000) and task 1 (lesion masks).

Layout of task 3: ``ISIC2018_Task3_{Training,Validation,Test}_Input/ISIC_*.jpg``,
``ISIC2018_Task3_*_GroundTruth/ISIC2018_Task3_*_GroundTruth.csv`` with ``image, MEL, NV, BCC, AKIEC, BKL, DF, VASC``,
and ``ISIC2018_Task3_Training_LesionGroupings.csv`` with ``image, lesion_id, diagnosis_confirm_type``. Layout of task
1: ``ISIC2018_Task1-2_*_Input/ISIC_*.jpg``, ``ISIC2018_Task1_*_GroundTruth/ISIC_*_segmentation.png``; it has no
tables.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.challenge import CONFIRMATIONS, ISIC_CLASSES, Part, read_challenge
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.files import find_files, listed, shortfall
from tejido.sources.record import ImageRecord, Reading, Source, SourceInfo
from tejido.sources.tables import Row

TERMS = ISIC_CLASSES | {"AKIEC": "akiec"}
CITATION = (
    "Codella N, Rotemberg V, Tschandl P, et al. Skin lesion analysis toward melanoma detection 2018. arXiv:1902.03368 "
    "(2019). Tschandl P, Rosendahl C, Kittler H. The HAM10000 dataset. Sci Data 5, 180161 (2018)."
)
ATTRIBUTION = "ViDIR Group, Medical University of Vienna; ISIC Archive contributors"


def _truth(row: Row, table: FactTable) -> Facts:
    return Facts(diagnosis=table.one_hot(row, str(row["image"]), TERMS))


def _lesions(row: Row, table: FactTable) -> Facts:
    return Facts(
        lesion_id=row["lesion_id"], confirmation=CONFIRMATIONS.get((row["diagnosis_confirm_type"] or "").lower())
    )


GROUND_TRUTH = TableFormat("ISIC 2018 ground truth", ("image", *TERMS), _truth)
LESIONS = TableFormat("ISIC 2018 lesion groupings", ("image", "lesion_id", "diagnosis_confirm_type"), _lesions)
PARTS = (
    Part("train", 10015, ("*task3_training_groundtruth.csv", "*task3_training_lesiongroupings.csv")),
    Part("val", 193, ("*task3_validation_groundtruth.csv",)),
    Part("test", 1512, ("*task3_test_groundtruth.csv",)),
)
TASK1_PARTS = {"training": ("train", 2594), "validation": ("val", 100), "test": ("test", 1000)}
"""Word in the name of a folder -> split and count of images and masks."""


class Isic2018(Source):
    """Reader of ISIC 2018, task 3."""

    info = SourceInfo(
        name="isic2018",
        title="ISIC 2018 task 3",
        summary="Dermoscopic images in seven classes; the training images are HAM10000's.",
        modality="dermoscopy",
        images=11720,
        licence="CC-BY-NC-4.0",
        citation=CITATION,
        homepage="https://challenge.isic-archive.com/data/#2018",
        obtain=(
            "Download data, ground truth and lesion groupings of task 3 from the challenge page and unpack them in one "
            "folder."
        ),
        size="about 3 GB",
        terms=TERMS,
        collections=(
            "Challenge 2018: Task 3: Training",
            "Challenge 2018: Task 3: Validation",
            "Challenge 2018: Task 3: Test",
        ),
    )

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read the tables and images below ``root``; see the module for the layout."""
        return read_challenge(root, self.info, PARTS, (GROUND_TRUTH, LESIONS), attribution=ATTRIBUTION, images=images)


class Isic2018Task1(Source):
    """Reader of ISIC 2018, task 1: images with masks, without diagnoses."""

    info = SourceInfo(
        name="isic2018_task1",
        title="ISIC 2018 task 1",
        summary="Dermoscopic images with lesion masks, for segmentation; no diagnoses.",
        modality="dermoscopy",
        images=3694,
        masks=3694,
        licence="CC-BY-NC-4.0",
        citation=CITATION,
        homepage="https://challenge.isic-archive.com/data/#2018",
        obtain="Download data and ground truth of task 1 from the challenge page and unpack them in one folder.",
        size="about 13 GB",
        collections=(
            "Challenge 2018: Task 1-2: Training",
            "Challenge 2018: Task 1-2: Validation",
            "Challenge 2018: Task 1-2: Test",
        ),
    )

    def read(self, root: Path, *, images: bool = True) -> Reading:
        """Read images and masks below ``root``; the split is that of the image's folder.

        Raises:
            DataError: no such folder, no images, or ``images`` is False: there are no tables.
        """
        if not images:
            raise DataError("isic2018_task1 has no tables; it cannot be read without its images")
        files = find_files(root)
        reading = Reading(problems=files.problems)
        counts: Counter[str] = Counter()
        for name, path in sorted(files.images.items()):
            folders = "/".join(path.relative_to(root).parts[:-1]).lower()
            split = next((part[0] for word, part in TASK1_PARTS.items() if word in folders), None)
            if split:
                counts[split] += 1
            reading.records.append(
                ImageRecord(
                    image_id=name,
                    path=path,
                    source=self.info.name,
                    modality=self.info.modality,
                    licence=self.info.licence,
                    attribution=ATTRIBUTION,
                    mask_path=files.masks.get(name),
                    official_split=split,
                )
            )
        if not reading.records:
            raise DataError(f"{root}: no images of ISIC 2018 task 1")
        for split, expected in TASK1_PARTS.values():
            if not counts[split]:
                continue
            own = {record.image_id for record in reading.records if record.official_split == split}
            masked = own & set(files.masks)
            lines = shortfall("images", expected, counts[split])
            lines += shortfall("masks", expected, len(masked), own - masked)
            reading.problems += [f"{split}: {line}" for line in lines]
        if strays := set(files.masks) - set(files.images):
            reading.problems.append(f"{len(strays):,} masks have no image: {listed(strays)}")
        return reading
