"""CSV files as people have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.isic2016 import GROUND_TRUTH as CODED
from tejido.sources.isic2019 import GROUND_TRUTH, METADATA
from tejido.sources.isic2020 import DUPLICATES
from tejido.sources.tables import number, read_table
from tests.sources.trees import table


@pytest.mark.parametrize(
    "content",
    [
        b"id,age\nx,45.5\n",
        b"\xef\xbb\xbfid,age\nx,45.5\n",
        b"id;age\nx;45,5\n",
        b"sep=;\r\nid;age\r\nx;45,5\r\n",
        b"id\tage\nx\t45.5\n",
        b"\n\nid,age\n\nx,45.5\n",
        b'"id","age"\r\n"x","45.5"\r\n',
        b" id , age ,,\nx,45.5,,,,\n,,,\n",
        b"id,age\nx,45.5",
    ],
    ids=["plain", "mark", "semicolons", "excel", "tabs", "empty lines", "quotes", "trailing commas", "no last newline"],
)
def test_one_table_in_many_forms(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    rows, problems = read_table(tmp_path / "t.csv", ("id", "age"))
    assert [(row["id"], number(row["age"])) for row in rows] == [("x", 45.5)]
    assert not problems


def test_rows_that_do_not_fit_the_header(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "id,diagnosis,age", "a,nevus, atypical,50", "b,nevus,30", "c,nev")
    rows, problems = read_table(path, ("id",))
    assert [row["id"] for row in rows] == ["b", "c"]
    assert problems == [
        "1 rows have more cells than there are columns and were left out: a",
        "1 rows end before the last column; was the file cut off?",
    ]


@pytest.mark.parametrize("text", ["inf", "-inf", "1e999", "nan", "young", "", None])
def test_what_is_no_number(text: str | None) -> None:
    assert number(text) is None


def test_ages_that_are_none(tmp_path: Path) -> None:
    found = METADATA.read(
        table(
            tmp_path / "t.csv",
            "image,age_approx,anatom_site_general",
            "ISIC_0000001,55,",
            "ISIC_0000002,-5,",
            "ISIC_0000003,80-85,",
            "ISIC_0000004,unknown,",
            "ISIC_0000005,0,",
        )
    )
    assert [facts.age for facts in found.facts.values()] == [55, None, None, None, 0]
    assert found.problems == [
        "t.csv: 2 images have an age that is none; it is left unknown: ISIC_0000002 (-5), ISIC_0000003 (80-85)"
    ]


def test_many_odd_rows_give_one_line(tmp_path: Path) -> None:
    rows = [f"ISIC_{n:07},0,0,0,0,0,0,0,0" for n in range(1000)]
    found = GROUND_TRUTH.read(table(tmp_path / "t.csv", "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC", *rows))
    assert found.problems == [
        "t.csv: 1,000 images have no class or several; their diagnosis is left unknown: "
        "ISIC_0000000, ISIC_0000001, ISIC_0000002, ISIC_0000003 and 996 more"
    ]


def test_a_code_that_is_none_is_not_benign(tmp_path: Path) -> None:
    found = CODED.read(table(tmp_path / "t.csv", "ISIC_0000001,0", "ISIC_0000002,2", "ISIC_0000003,Malignant"))
    assert [facts.diagnosis for facts in found.facts.values()] == ["benign_lesion", None, "melanoma"]
    assert found.unmapped == {"2": 1}


def test_an_id_in_several_pairs(tmp_path: Path) -> None:
    path = table(
        tmp_path / "t.csv",
        "image_name_1,image_name_2",
        "ISIC_0000001,ISIC_0000002",
        "isic_0000001.jpg,ISIC_0000003",
        "ISIC_0000004,",
        "5,6",
    )
    found = DUPLICATES.read(path)
    assert found.duplicates == [("ISIC_0000001", "ISIC_0000002"), ("ISIC_0000001", "ISIC_0000003")]
    assert found.problems == ["t.csv: 2 rows are no pairs of ISIC ids and were left out: 5 = 6, ISIC_0000004 = "]


def test_a_table_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(DataError, match=r"t\.csv: cannot be read as CSV .Is a directory"):
        read_table(tmp_path / "t.csv", ("id",))
