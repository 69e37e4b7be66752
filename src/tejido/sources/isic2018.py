"""ISIC 2018, task 3 (seven classes; its training set is HAM10000) and task 1 (lesion masks).

Layout of task 3: ``ISIC2018_Task3_{Training,Validation,Test}_Input/ISIC_*.jpg``,
``ISIC2018_Task3_*_GroundTruth/ISIC2018_Task3_*_GroundTruth.csv`` with ``image, MEL, NV, BCC, AKIEC, BKL, DF, VASC``,
and ``ISIC2018_Task3_Training_LesionGroupings.csv`` with ``image, lesion_id, diagnosis_confirm_type``. Layout of task
1: ``ISIC2018_Task1-2_*_Input/ISIC_*.jpg``, ``ISIC2018_Task1_*_GroundTruth/ISIC_*_segmentation.png``; it has no
tables.
"""

from __future__ import annotations

from pathlib import Path

from tejido.sources.challenge import CONFIRMATIONS, ISIC_CLASSES, Part, read_challenge
from tejido.sources.facts import Facts, FactTable, TableFormat
from tejido.sources.files import find_files, is_isic_id, left_out, listed, shortfall, unused
from tejido.sources.record import Reading, Source, SourceInfo
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
    Part("train", 10015, ("*Task3_Training_GroundTruth.csv", "*Task3_Training_LesionGroupings.csv")),
    Part("val", 193, ("*Task3_Validation_GroundTruth.csv",)),
    Part("test", 1512, ("*Task3_Test_GroundTruth.csv",)),
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
        attribution=ATTRIBUTION,
        citation=CITATION,
        homepage="https://challenge.isic-archive.com/data/#2018",
        obtain="Download data, ground truth and lesion groupings of task 3, and unpack them in one folder.",
        size="about 3 GB",
        terms=TERMS,
        collections=(
            "Challenge 2018: Task 3: Training",
            "Challenge 2018: Task 3: Validation",
            "Challenge 2018: Task 3: Test",
        ),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        return read_challenge(root, self.info, PARTS, (GROUND_TRUTH, LESIONS), images=images)


class Isic2018Task1(Source):
    """Reader of ISIC 2018, task 1: images with masks, without diagnoses; the split is that of the image's folder."""

    facts_in = "the names of its folders"
    info = SourceInfo(
        name="isic2018_task1",
        title="ISIC 2018 task 1",
        summary="Dermoscopic images with lesion masks, for segmentation; no diagnoses.",
        modality="dermoscopy",
        images=3694,
        masks=3694,
        licence="CC-BY-NC-4.0",
        attribution=ATTRIBUTION,
        citation=CITATION,
        homepage="https://challenge.isic-archive.com/data/#2018",
        obtain="Download data and ground truth of task 1, and unpack them in one folder.",
        size="about 13 GB",
        collections=(
            "Challenge 2018: Task 1-2: Training",
            "Challenge 2018: Task 1-2: Validation",
            "Challenge 2018: Task 1-2: Test",
        ),
    )

    def _read(self, root: Path, images: bool) -> Reading:
        files = find_files(root)
        reading = Reading(problems=files.problems)
        strangers = [name for name in files.images if not is_isic_id(name)]
        own = {name: path for name, path in files.images.items() if is_isic_id(name)}
        splits = {name: _split(path.relative_to(root)) for name, path in own.items()}
        for name, path in own.items():
            reading.records.append(
                self.info.record(name, path, mask_path=files.masks.get(name), official_split=splits[name])
            )
        for split, expected in TASK1_PARTS.values():
            there = {name for name in own if splits[name] == split}
            masked = there & set(files.masks)
            lines = shortfall("images", expected, len(there)) if there else []
            lines += shortfall("masks", expected, len(masked), there - masked) if there else []
            reading.problems += [f"{split}: {line}" for line in lines]
        if splitless := [name for name in own if splits[name] is None]:
            reading.problems.append(f"{len(splitless):,} images are in no folder of a split: {listed(splitless)}")
        reading.problems += left_out("images have no ISIC id", strangers) + unused(files, files.images)
        return reading


def _split(path: Path) -> str | None:
    """The split of an image, from the nearest folder that names one."""
    for folder in reversed(path.parts[:-1]):
        for word, (split, _) in TASK1_PARTS.items():
            if word in folder.lower():
                return split
    return None
