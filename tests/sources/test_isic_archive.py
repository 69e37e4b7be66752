from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.ham10000 import Ham10000
from tejido.sources.isic_archive import IsicArchive
from tests.sources.trees import image, table

HEADER = (
    "isic_id,attribution,copyright_license,age_approx,anatom_site_general,diagnosis_1,diagnosis_2,diagnosis_3,"
    "diagnosis_confirm_type,fitzpatrick_skin_type,image_type,lesion_id,patient_id,sex"
)
MELANOMA = "Malignant,Malignant melanocytic proliferations (Melanoma)"


def test_as_the_tool_leaves_it(tmp_path: Path) -> None:
    for name in ("ISIC_0000001.jpg", "ISIC_0000002.JPG", "ISIC_0000003.jpg", "ISIC_0000009.jpg"):
        image(tmp_path / name)
    table(tmp_path / "attribution.txt", "Somebody")
    table(tmp_path / "licenses" / "CC-0.txt", "CC-0")
    table(
        tmp_path / "metadata.csv",
        HEADER,
        f"ISIC_0000001,Somebody,CC-0,55,head/neck,{MELANOMA},Melanoma in situ,"
        "histopathology,II,dermoscopic,IL_1,IP_1,male",
        "ISIC_0000002,Other,CC-BY,,,Benign,Benign melanocytic proliferations,Nevus of a new kind,,,"
        "clinical: close-up,,,",
        "isic_0000003.jpg,Other,CC-BY-NC,,,,,,,,TBP tile: close-up,,,",
        "ISIC_0000004,Other,CC-BY-NC,,,,,,,,,,,",
    )
    reading = IsicArchive().read(tmp_path)
    first, second, third = reading.records
    assert (first.diagnosis, first.confirmation, first.skin_type, first.licence) == (
        "melanoma_in_situ", "histology", "II", "CC0-1.0",
    )  # fmt: skip
    assert (first.patient_id, first.lesion_id, first.attribution, first.modality) == (
        "IP_1", "IL_1", "Somebody", "dermoscopy",
    )  # fmt: skip
    assert (second.diagnosis, second.modality) == ("nevus", "clinical")  # the coarser word stands in for the new one
    assert reading.unmapped == {"nevus of a new kind": 1}
    assert (third.diagnosis, third.licence, third.modality) == (None, "CC-BY-NC-4.0", "clinical")
    assert reading.problems == [
        "4 images expected, 3 found; missing: ISIC_0000004",
        "1 images are in no table and were left out: ISIC_0000009",
    ]


def test_a_folder_a_collection_and_other_columns(tmp_path: Path) -> None:
    image(tmp_path / "a" / "ISIC_0000001.jpg")
    image(tmp_path / "b" / "ISIC_0000002.jpg")
    table(tmp_path / "a" / "metadata.csv", "isic_id,benign_malignant,diagnosis", "ISIC_0000001,benign,nevus")
    table(
        tmp_path / "b" / "metadata.csv",
        "isic_id,benign_malignant,lesion_id",
        "ISIC_0000002,malignant,",
        "ISIC_0000001,,IL_1",
    )
    reading = IsicArchive().read(tmp_path)
    assert [(record.diagnosis, record.lesion_id) for record in reading.records] == [
        ("nevus", "IL_1"),
        ("malignant_lesion", None),
    ]
    assert not reading.problems


def test_a_download_that_was_cut_off(tmp_path: Path) -> None:
    image(tmp_path / "ISIC_0000001.jpg")
    with pytest.raises(DataError, match=r"1 images but no metadata.csv with isic_id; run the download again"):
        IsicArchive().read(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        IsicArchive().read(tmp_path / "missing")


def test_pictures_of_confocal_microscopes_are_left_out(tmp_path: Path) -> None:
    for n in (1, 2):
        image(tmp_path / f"ISIC_000000{n}.jpg")
    table(tmp_path / "metadata.csv", "isic_id,image_type", "ISIC_0000001,RCM: tile", "ISIC_0000002,")
    reading = IsicArchive().read(tmp_path)
    assert [(record.image_id, record.modality) for record in reading.records] == [("ISIC_0000002", "dermoscopy")]
    assert reading.problems == ["1 images are rcm: tile and were left out"]


def test_the_metadata_of_another_data_set(tmp_path: Path) -> None:
    table(tmp_path / "metadata.csv", "patient_id,img_id", "PAT_1,PAT_1_2_3.png")
    with pytest.raises(DataError, match=r"not a full download of the ISIC Archive; 0 images but no metadata\.csv with"):
        IsicArchive().read(tmp_path)


def test_a_download_that_is_read_as_something_else(tmp_path: Path) -> None:
    image(tmp_path / "ham" / "ISIC_0000001.jpg")
    table(tmp_path / "ham" / "metadata.csv", "isic_id,diagnosis", "ISIC_0000001,nevus")
    table(tmp_path / "ham" / "attribution.txt", "Somebody")
    with pytest.raises(DataError, match=f"HAM10000_metadata.csv is missing; .* --source isic_archive={tmp_path}"):
        Ham10000().read(tmp_path)


def test_the_tables_alone(tmp_path: Path) -> None:
    table(tmp_path / "metadata.csv", "isic_id,diagnosis", "ISIC_0000001,melanoma")
    (record,) = IsicArchive().read(tmp_path, images=False).records
    assert (record.diagnosis, record.path) == ("melanoma", None)
