from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.ham10000 import Ham10000
from tests.sources.trees import image

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization\n"


def tree(root: Path, rows: str) -> Path:
    (root / "HAM10000_metadata.csv").write_text(HEADER + rows)
    image(root / "HAM10000_images_part_1" / "ISIC_1.jpg")
    image(root / "HAM10000_images_part_2" / "ISIC_2.JPG")
    image(root / "masks" / "ISIC_1_segmentation.png")
    return root


def test_the_real_data_set(shared: Path) -> None:
    reading = Ham10000().read(shared / "data" / "ham10000")
    assert len(reading.records) == 10_015
    assert not reading.problems
    assert not reading.unmapped
    assert len({record.lesion_id for record in reading.records}) == 7_470
    assert all(record.mask_path for record in reading.records)
    assert sum(record.sex is None for record in reading.records) == 57
    assert sum(record.age is None for record in reading.records) == 57
    by_diagnosis = [record.diagnosis for record in reading.records]
    assert (by_diagnosis.count("nevus"), by_diagnosis.count("melanoma"), by_diagnosis.count("akiec")) == (
        6705,
        1113,
        327,
    )


def test_two_image_folders_and_masks(tmp_path: Path) -> None:
    reading = Ham10000().read(tree(tmp_path, "L1,ISIC_1,mel,histo,80.0,male,back\nL2,ISIC_2,nv,follow_up,,unknown,\n"))
    first, second = reading.records
    assert (first.diagnosis, first.confirmation, first.age, first.sex, first.site) == (
        "melanoma", "histology", 80.0, "male", "back",
    )  # fmt: skip
    assert first.mask_path is not None
    assert (second.age, second.sex, second.site, second.mask_path) == (None, None, None, None)
    assert reading.problems == [
        "10,015 images expected, 2 found",
        "10,015 masks expected, 1 found; missing: ISIC_2",
    ]


@pytest.mark.parametrize("name", ["HAM10000_metadata", "HAM10000_metadata.tab", "ham10000_metadata.CSV"])
def test_its_table_under_other_names(tmp_path: Path, name: str) -> None:
    root = tree(tmp_path, "L1,ISIC_1,mel,histo,80,male,back\n")
    text = (root / "HAM10000_metadata.csv").read_text()
    (root / "HAM10000_metadata.csv").unlink()
    (root / "dataverse_files").mkdir()
    (root / "dataverse_files" / name).write_text(text if name.endswith("CSV") else text.replace(",", "\t"))
    (record,) = Ham10000().read(root).records
    assert (record.diagnosis, record.site) == ("melanoma", "back")


def test_what_does_not_fit_is_reported(tmp_path: Path) -> None:
    reading = Ham10000().read(tree(tmp_path, "L1,ISIC_1,weird,histo,80,male,back\nL9,ISIC_9,nv,histo,80,male,back\n"))
    assert reading.unmapped == {"weird": 1}
    assert [record.diagnosis for record in reading.records] == [None]
    assert "10,015 images expected, 1 found; missing: ISIC_9" in reading.problems
    assert "1 images are in no table and were left out: ISIC_2" in reading.problems


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("lesion_id,image_id,dx\nL1,ISIC_1,mel\n", "column 'dx_type' is missing"),
        (HEADER, "no rows"),
        ("", "found nothing"),
    ],
)
def test_a_broken_table(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "HAM10000_metadata.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        Ham10000().read(tmp_path)


def test_a_table_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "HAM10000_metadata.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match="cannot be read as CSV"):
        Ham10000().read(tmp_path)


def test_another_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not HAM10000"):
        Ham10000().read(tmp_path)


def test_the_tables_alone(shared: Path) -> None:
    reading = Ham10000().read(shared / "data" / "ham10000", images=False)
    assert len(reading.records) == 10_015
    assert len({record.lesion_id for record in reading.records}) == 7_470
    assert not any(record.path or record.mask_path for record in reading.records)
    assert not reading.problems


def test_odd_ids_repeated_rows_and_trailing_commas(tmp_path: Path) -> None:
    rows = (
        "L1,isic_1.jpg,mel,histo,80,male,back\n"
        "L1,ISIC_1,mel,histo,80,male,back\n"
        "L2,ISIC_2,nv,follow_up,30,male,,\n"
        "L2,ISIC_2,mel,follow_up,30,male,\n"
        ",,,,,,,\n"
        ",,nv,histo,,,\n"
    )
    reading = Ham10000().read(tree(tmp_path, rows))
    first, second = reading.records
    assert (first.image_id, first.diagnosis) == ("ISIC_1", "melanoma")
    assert (second.image_id, second.diagnosis, second.age) == ("ISIC_2", None, 30.0)
    name = "HAM10000_metadata.csv: "
    assert reading.problems[:3] == [
        name + "1 ids are listed twice with different values, left unknown: ISIC_2 (dx nv and mel)",
        name + "1 rows are repeated",
        name + "1 rows have no image id and were left out",
    ]


def test_an_image_that_is_there_twice(tmp_path: Path) -> None:
    root = tree(tmp_path, "L1,ISIC_1,mel,histo,80,male,back\nL2,ISIC_2,nv,histo,80,male,back\n")
    image(root / "ham10000_images_part_1" / "ISIC_1.jpg")  # as in Kaggle's archive
    reading = Ham10000().read(root)
    assert len(reading.records) == 2
    assert reading.problems[0] == (
        "1 files have the id of another file and were left out: ham10000_images_part_1/ISIC_1.jpg"
    )
