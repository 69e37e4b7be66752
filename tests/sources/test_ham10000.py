from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tejido.errors import DataError
from tejido.sources.ham10000 import Ham10000
from tejido.sources.isic2019 import read_ground_truth

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization\n"


def image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = np.random.default_rng(zlib.crc32(path.name.encode()))  # another name, another picture
    Image.fromarray(content.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)


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
    assert reading.problems == ["10,015 images expected, 2 found"]


def test_what_does_not_fit_is_reported(tmp_path: Path) -> None:
    reading = Ham10000().read(tree(tmp_path, "L1,ISIC_1,weird,histo,80,male,back\nL9,ISIC_9,nv,histo,80,male,back\n"))
    assert reading.unmapped == {"weird": 1}
    assert [record.diagnosis for record in reading.records] == [None]
    assert "ISIC_9: in the table, but there is no such image" in reading.problems
    assert "1 images are not in the table and were left out" in reading.problems


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


def test_ground_truth_with_integers_floats_and_trailing_commas(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK,\n"
        "ISIC_1,0,0,0,1,0,0,0,0,0,\n"
        "ISIC_2,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,0.0,\n"
        "ISIC_3,0,0,0,0,0,0,0,0,1,\n"
        ",,,,,,,,,,\n"
    )
    assert read_ground_truth(path) == {"ISIC_1": "actinic_keratosis", "ISIC_2": "squamous_cell_carcinoma"}


def test_ground_truth_with_two_classes(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC\nISIC_1,1,1,0,0,0,0,0,0\n")
    with pytest.raises(DataError, match="ISIC_1 has 2 classes"):
        read_ground_truth(path)
