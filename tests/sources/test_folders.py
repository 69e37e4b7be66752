from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.folders import Folders
from tests.sources.test_ham10000 import image


def test_plain_class_folders(tmp_path: Path) -> None:
    image(tmp_path / "Melanoma" / "a.jpg")
    image(tmp_path / "basal-cell carcinoma" / "b.png")
    image(tmp_path / "nevus melanocítico" / "deeper" / "c.jpeg")
    image(tmp_path / "something else" / "d.jpg")
    (tmp_path / "Melanoma" / "notes.txt").write_text("no image")
    reading = Folders().read(tmp_path)
    found = {record.image_id: record.diagnosis for record in reading.records}
    assert found == {
        "Melanoma/a": "melanoma",
        "basal-cell carcinoma/b": "basal_cell_carcinoma",
        "nevus melanocítico/deeper/c": "nevus",
        "something else/d": None,
    }
    assert reading.unmapped == {"something else": 1}


def test_a_train_and_test_level(tmp_path: Path) -> None:
    image(tmp_path / "Train" / "nevus" / "a.jpg")
    image(tmp_path / "Test" / "nevus" / "a.jpg")
    image(tmp_path / "stray.jpg")
    reading = Folders().read(tmp_path)
    assert {record.image_id: record.official_split for record in reading.records} == {
        "Train/nevus/a": "train",
        "Test/nevus/a": "test",
    }
    assert reading.problems == ["stray.jpg: not in a class folder, left out"]


def test_the_real_nine_classes(shared: Path) -> None:
    reading = Folders().read(shared / "data" / "isic9")
    assert len(reading.records) == 2_359
    assert sum(record.official_split == "test" for record in reading.records) == 118
    assert sum(reading.unmapped.values()) == sum(record.diagnosis is None for record in reading.records)


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_nothing_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"no such folder|no images"):
        Folders().read(tmp_path / name)
