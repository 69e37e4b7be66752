from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.ph2 import Ph2
from tests.sources.trees import image, table

LINES = (
    "||   Name   ||  Histological Diagnosis  ||  Clinical Diagnosis  ||  Asymmetry  || Pigment Network | Colors ||",
    "||  IMD003  ||                            ||          0             ||       0       || AT | A | 4 ||",
    "||  IMD009  ||                            ||          1             ||       1       || T | A | 3  4 ||",
    "||  IMD058  ||  Superficial spreading     ||          2             ||       2       || AT | P | 5 ||",
    "||  IMD404  ||                            ||          7             ||       2       || AT | P | 5 ||",
    "",
    "Legends:",
    "Clinical Diagnosis",
    "0 - Common Nevus; 1 - Atypical Nevus; 2 - Melanoma.",
)


def tree(root: Path) -> Path:
    table(root / "PH2_dataset.txt", *LINES)
    for name in ("IMD003", "IMD009", "IMD058", "IMD404", "IMD999"):
        folder = root / "PH2 Dataset images" / name
        image(folder / f"{name}_Dermoscopic_Image" / f"{name}.bmp")
        if name != "IMD009":
            image(folder / f"{name}_lesion" / f"{name}_lesion.bmp")
        image(folder / f"{name}_roi" / f"{name}_R1_Label3.bmp")
    return root


def test_its_layout(tmp_path: Path) -> None:
    reading = Ph2().read(tree(tmp_path))
    assert [(r.image_id, r.diagnosis, r.confirmation, bool(r.mask_path)) for r in reading.records] == [
        ("IMD003", "common_nevus", None, True),
        ("IMD009", "atypical_nevus", None, False),
        ("IMD058", "melanoma", "histology", True),
        ("IMD404", None, None, True),
    ]
    assert reading.unmapped == {"7": 1}
    assert reading.problems == [
        "200 images expected, 4 found",
        "200 masks expected, 3 found; missing: IMD009",
        "1 images are in no table and were left out: IMD999",
    ]


def test_the_table_alone(tmp_path: Path) -> None:
    table(tmp_path / "PH2_dataset.txt", *LINES, "|| IMD003 || || 2 ||", "|| IMD500 ||")
    reading = Ph2().read(tmp_path, images=False)
    assert [record.diagnosis for record in reading.records] == [None, "atypical_nevus", "melanoma", None, None]
    assert reading.problems[:2] == [
        "PH2_dataset.txt: 1 images are listed twice with different values; their diagnosis is left unknown: IMD003",
        "PH2_dataset.txt: 1 images have no clinical diagnosis: IMD500",
    ]


def test_a_table_with_tabs_and_other_columns(tmp_path: Path) -> None:
    table(tmp_path / "ph2_dataset.TXT", "Name\tClinical Diagnosis\tAsymmetry", "imd003\t0\t0", "IMD058\t2\t0", "\t\t")
    reading = Ph2().read(tmp_path, images=False)
    assert [(r.image_id, r.diagnosis, r.confirmation) for r in reading.records] == [
        ("IMD003", "common_nevus", None),
        ("IMD058", "melanoma", None),
    ]


def test_an_image_that_is_there_twice(tmp_path: Path) -> None:
    image(tree(tmp_path) / "copy" / "imd003.jpg")
    problems = Ph2().read(tmp_path).problems
    assert "1 files have the id of another file and were left out: copy/imd003.jpg" in problems


def test_another_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"PH2_dataset\.txt is missing"):
        Ph2().read(tmp_path)
    table(tmp_path / "PH2_dataset.txt", "nothing")
    with pytest.raises(DataError, match="columns 'Name' and 'Clinical Diagnosis' are missing"):
        Ph2().read(tmp_path)
    table(tmp_path / "PH2_dataset.txt", LINES[0].replace("Clinical Diagnosis", "Diagnosis"), LINES[1])
    with pytest.raises(DataError, match="columns 'Name' and 'Clinical Diagnosis' are missing"):
        Ph2().read(tmp_path)
    table(tmp_path / "PH2_dataset.txt", LINES[0])
    with pytest.raises(DataError, match="no rows of images"):
        Ph2().read(tmp_path)
