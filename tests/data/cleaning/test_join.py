from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tejido import taxonomy
from tejido.data import manifest
from tejido.data.cleaning.join import Contradiction, join
from tejido.data.cleaning.select import in_task
from tejido.sources.facts import Facts
from tejido.sources.ham10000 import Ham10000
from tejido.sources.isic9 import ISIC9
from tejido.sources.isic2020 import Isic2020
from tejido.sources.metadata import read_metadata
from tejido.sources.record import ImageRecord

BLANK = ImageRecord("ISIC_1", None, "test", "dermoscopy", "unknown", "unknown")


def joined(facts: Facts, name: str = "ISIC_1", **values: object) -> ImageRecord:
    (record,), _ = join([replace(BLANK, **values)], {name: facts}, "t.csv")  # type: ignore[arg-type]
    return record


def test_what_is_unknown_is_filled_in() -> None:
    facts = Facts("melanoma", "histology", "P", "L", 50.0, "male", "back", "II", "CC0-1.0", "us")
    record = joined(facts, age=40.0)
    assert (record.diagnosis, record.patient_id, record.lesion_id, record.age) == ("melanoma", "P", "L", 40.0)
    assert (record.licence, record.attribution) == ("CC0-1.0", "us")
    assert joined(facts, licence="per image (CC0 or CC BY)").licence == "CC0-1.0"
    assert joined(facts, licence="CC-BY-4.0").licence == "CC-BY-4.0"


@pytest.mark.parametrize(
    ("ours", "theirs", "result", "contradicted"),
    [
        (None, "melanoma", "melanoma", False),
        ("akiec", "actinic_keratosis", "actinic_keratosis", False),
        ("benign_lesion", "blue_nevus", "blue_nevus", False),
        ("actinic_keratosis", "akiec", "actinic_keratosis", False),
        ("nevus", "nevus", "nevus", False),
        ("nevus", "melanoma", "nevus", True),
        ("malignant_lesion", "squamous_cell_carcinoma", "squamous_cell_carcinoma", False),
        ("squamous_cell_carcinoma", "malignant_lesion", "squamous_cell_carcinoma", False),
        ("akiec", "malignant_lesion", "akiec", False),
        ("nevus", None, "nevus", False),
    ],
)
def test_diagnoses(ours: str | None, theirs: str | None, result: str, contradicted: bool) -> None:
    (record,), report = join([replace(BLANK, diagnosis=ours)], {"ISIC_1": Facts(diagnosis=theirs)}, "t.csv")
    assert record.diagnosis == result
    found = [Contradiction("ISIC_1", "diagnosis", str(ours), str(theirs), "t.csv")] if contradicted else []
    assert report.contradictions == found


@pytest.mark.parametrize(
    ("image", "name", "found"),
    [
        ("Train/nevus/ISIC_0000019", "ISIC_0000019", True),
        ("Train/nevus/isic_0000019", "ISIC_0000019", True),
        ("ISIC_0000019", "ISIC_0000019_downsampled", True),
        ("ISIC_0000019_downsampled", "ISIC_0000019", True),
        ("ISIC_0000019", "ISIC_0000018", False),
    ],
)
def test_ids(image: str, name: str, found: bool) -> None:
    assert (joined(Facts(age=1.0), name, image_id=image).age is not None) == found


def test_akiec_becomes_two_diagnoses_from_tables_alone(shared: Path) -> None:
    data = shared / "data"
    records = Ham10000().read(data / "ham10000", images=False).records
    truth = read_metadata(data / "csv" / "isic2019_toregore" / "ISIC_2019_Training_GroundTruth.csv")
    records, report = join(records, truth.facts, "ground truth")
    assert (report.matched, report.refined, report.contradictions) == (10_015, 327, [])
    counts = [record.diagnosis for record in records]
    assert [counts.count(code) for code in ("akiec", "squamous_cell_carcinoma", "actinic_keratosis")] == [0, 197, 130]
    table, _ = manifest.build(records, data)
    assert (len(table), table["group_id"].nunique()) == (10_015, 7_470)


def test_duplicate_pairs_of_2020_are_merged_into_groups(shared: Path) -> None:
    reading = Isic2020().read(shared / "data" / "csv" / "isic2020", images=False)
    linked = {name for pair in reading.duplicates for name in pair}
    strangers = [replace(r, patient_id=None, lesion_id=None) for r in reading.records if r.image_id in linked]
    table, _ = manifest.build(strangers, shared, links=reading.duplicates)
    assert (len(table), table["group_id"].nunique()) == (850, 425)


def test_a_bare_copy_regains_its_lesions(shared: Path) -> None:
    data = shared / "data"
    records = ISIC9.read(data / "isic9").records
    for name in ("GroundTruth", "Metadata"):
        table = read_metadata(data / "csv" / "isic2019_toregore" / f"ISIC_2019_Training_{name}.csv")
        records, report = join(records, table.facts, name)
        assert report.matched == 2_016
        if name == "GroundTruth":
            assert len(report.contradictions) >= 99
    lesions: dict[str, set[str | None]] = {}
    for record in records:
        if record.lesion_id:
            lesions.setdefault(record.lesion_id, set()).add(record.official_split)
    assert sum(len(splits) == 2 for splits in lesions.values()) == 38


@pytest.mark.parametrize(
    ("task", "kept"),
    [
        ("skin-suspicion", ["nevus", "actinic_keratosis"]),
        ("skin-malignancy", ["nevus"]),
        ("confirmation", ["ductal_carcinoma"]),
        ("breast-8", ["ductal_carcinoma"]),
        ("source", ["nevus", "actinic_keratosis", "ductal_carcinoma", None]),
    ],
)
def test_images_of_a_task(task: str, kept: list[str | None]) -> None:
    records = [
        replace(BLANK, diagnosis="nevus"),
        replace(BLANK, diagnosis="actinic_keratosis"),
        replace(BLANK, diagnosis="ductal_carcinoma", modality="histology", confirmation="histology"),
        replace(BLANK, modality="clinical"),
    ]
    assert [record.diagnosis for record in records if in_task(record, taxonomy.task(task))] == kept
