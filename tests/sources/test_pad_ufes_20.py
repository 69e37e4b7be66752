from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.pad_ufes_20 import PadUfes20
from tests.sources.trees import image, table


def test_the_real_table(shared: Path) -> None:
    reading = PadUfes20().read(shared / "data" / "pad_ufes_20", images=False)
    assert not reading.problems
    assert not reading.unmapped
    counts = [record.diagnosis for record in reading.records]
    assert [counts.count(code) for code in PadUfes20().info.terms.values()] == [730, 845, 52, 244, 192, 235]
    assert len({record.patient_id for record in reading.records}) == 1_373
    lesions = {record.lesion_id for record in reading.records}
    assert len({lesion.split("/")[1] for lesion in lesions if lesion}) == 1_641  # numbers, which patients share
    assert all(str(record.lesion_id).startswith(f"{record.patient_id}/") for record in reading.records)
    assert sum(record.skin_type is not None for record in reading.records) == 1_494
    assert sum(record.confirmation == "histology" for record in reading.records) == 1_342


def test_the_real_sample(shared: Path) -> None:
    reading = PadUfes20().read(shared / "data" / "pad_ufes_20")
    assert len(reading.records) == 36
    assert {record.modality for record in reading.records} == {"clinical"}
    assert reading.problems[0].startswith("2,298 images expected, 36 found; missing: PAT_")
    assert reading.problems[0].endswith("2,258 more")


def test_its_layout(tmp_path: Path) -> None:
    image(tmp_path / "images" / "imgs_part_1" / "imgs_part_1" / "PAT_46_881_939.png")
    image(tmp_path / "images" / "imgs_part_2" / "PAT_1_2_3.png")
    table(
        tmp_path / "metadata.csv",
        "patient_id,lesion_id,age,gender,fitspatrick,region,diagnostic,img_id,biopsed",
        "PAT_46,881,55,FEMALE,3.0,NECK,bcc,PAT_46_881_939.png,True",
        "PAT_1,2,550,,inf,,XYZ,PAT_1_2_3,False",
    )
    second, first = PadUfes20().read(tmp_path).records
    assert (first.diagnosis, first.confirmation, first.sex, first.skin_type, first.site, first.age) == (
        "basal_cell_carcinoma", "histology", "female", "III", "neck", 55.0,
    )  # fmt: skip
    assert (second.diagnosis, second.confirmation, second.sex, second.skin_type) == (None, "consensus", None, None)
    assert second.age is None
    reading = PadUfes20().read(tmp_path)
    assert reading.unmapped == {"XYZ": 1}
    assert reading.problems[0] == (
        "metadata.csv: 1 images have an age that is none; it is left unknown: PAT_1_2_3 (550)"
    )


def test_another_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"metadata\.csv is missing"):
        PadUfes20().read(tmp_path)
    table(tmp_path / "metadata.csv", "isic_id,diagnosis", "ISIC_1,nevus")
    with pytest.raises(DataError, match="column 'img_id' is missing; found isic_id, diagnosis"):
        PadUfes20().read(tmp_path)
    table(tmp_path / "z" / "metadata.csv", "patient_id,lesion_id,diagnostic,img_id", "PAT_1,2,NEV,PAT_1_2_3.png")
    image(tmp_path / "z" / "PAT_1_2_3.png")
    assert len(PadUfes20().read(tmp_path).records) == 1  # of two tables the one that fits
