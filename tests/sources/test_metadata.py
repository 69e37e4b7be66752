"""Known tables, told apart by their columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.metadata import FORMATS, LYAKHOVA_TERMS, read_metadata
from tejido.taxonomy import diagnoses
from tests.sources.trees import table


@pytest.mark.parametrize(
    ("path", "title", "count"),
    [
        ("csv/isic2017/ISIC-2017_Validation_Part3_GroundTruth.csv", "ISIC 2017 ground truth", 150),
        ("csv/isic2019/ISIC_2019_Training_Metadata.csv", "ISIC 2019 metadata", 25_331),
        ("csv/isic2019_toregore/ISIC_2019_Training_Metadata.csv", "ISIC 2019 metadata", 25_331),
        ("csv/isic2019_toregore/ISIC_2019_Training_GroundTruth.csv", "ISIC 2019 ground truth", 25_331),
        ("csv/isic2020/ISIC_2020_Training_Duplicates.csv", "ISIC 2020 duplicates", 850),
        ("csv/isic2020/kaggle_siim_test.csv", "ISIC 2020 ground truth", 10_982),
        ("csv/lyakhova_MetaData2.csv", "Lyakhova's merged ISIC table", 41_725),
        ("ham10000/HAM10000_metadata_ext.csv", "HAM10000 metadata", 10_015),
        ("pad_ufes_20/metadata.csv", "PAD-UFES-20 metadata", 2_298),
    ],
)
def test_real_tables(shared: Path, path: str, title: str, count: int) -> None:
    found = read_metadata(shared / "data" / path)
    assert (found.title, len(found.facts)) == (title, count)
    assert not found.unmapped
    assert not found.problems


def test_terms_with_a_number_before_them(shared: Path) -> None:
    facts = read_metadata(shared / "data" / "csv" / "lyakhova_MetaData2.csv").facts
    assert facts["ISIC_0010512"].known() == {"diagnosis": "actinic_keratosis"}  # its ages and sites are made up in part
    assert {fact.diagnosis for fact in facts.values()} == set(LYAKHOVA_TERMS.values())
    assert set(LYAKHOVA_TERMS.values()) <= set(diagnoses())


@pytest.mark.parametrize("name", ["Training", "Test_v2"])
def test_tables_that_were_renumbered(shared: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"are no ISIC ids .* the table was renumbered and cannot be joined"):
        read_metadata(shared / "data" / "csv" / "isic2017" / f"ISIC-2017_{name}_Part3_GroundTruth.csv")


@pytest.mark.parametrize(
    ("lines", "title", "facts"),
    [
        (["ISIC_0000001,malignant"], "ISIC 2016 ground truth", {"diagnosis": "melanoma"}),
        (["isic_0000001.jpg,0"], "ISIC 2016 ground truth", {"diagnosis": "benign_lesion"}),
        (
            ["image_id,age_approximate,sex", "ISIC_0000001,45.0,Male"],
            "ISIC 2017 metadata",
            {"age": 45.0, "sex": "male"},
        ),
        (
            ["image,lesion_id,diagnosis_confirm_type", "ISIC_0000001,HAM_1,histopathology"],
            "ISIC 2018 lesion groupings",
            {"lesion_id": "HAM_1", "confirmation": "histology"},
        ),
        (
            ["isic_id,copyright_license,attribution", "ISIC_0000001,CC-0,Us"],
            "ISIC Archive metadata",
            {"licence": "CC0-1.0", "attribution": "Us"},
        ),
    ],
)
def test_small_tables(tmp_path: Path, lines: list[str], title: str, facts: dict[str, object]) -> None:
    found = read_metadata(table(tmp_path / "t.csv", *lines))
    assert found.title == title
    assert found.facts["ISIC_0000001"].known() == facts


def test_no_table_is_taken_for_another() -> None:
    for number, form in enumerate(FORMATS):
        if form.headless:
            continue
        assert next(i for i, other in enumerate(FORMATS) if other.fits(form.needed)) == number, form.title


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,b\n1,2\n", "not a table that is known here; it begins with a, b"),
        ("isic_id,diagnosis\n", "no rows"),
        ("isic_id,diagnosis\n,nevus\n", "none of its rows has an image id"),
    ],
)
def test_a_table_that_nobody_knows(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        read_metadata(tmp_path / "t.csv")


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(DataError, match=r"cannot be read as CSV \(it is no UTF-8 text\)"):
        read_metadata(tmp_path / "t.csv")
    with pytest.raises(DataError, match="no such file"):
        read_metadata(tmp_path / "missing.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_metadata(tmp_path)
