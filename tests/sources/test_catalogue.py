"""Every source: its description, its table of terms, its page in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.catalogue import SOURCES, parse
from tejido.sources.files import image_id, is_isic_id, listed
from tejido.sources.folders import Folders
from tejido.sources.record import SourceInfo
from tejido.taxonomy import diagnoses

PAGES = Path(__file__).parents[2] / "docs" / "sources"
INFOS = [pytest.param(source.info, id=name) for name, source in SOURCES.items()]


@pytest.mark.parametrize("info", INFOS)
def test_every_description_is_full(info: SourceInfo) -> None:
    texts = (info.title, info.summary, info.licence, info.citation, info.homepage, info.obtain, info.size)
    assert all(texts)
    assert info.modality in {"dermoscopy", "clinical", "histology"}
    assert set(info.terms.values()) <= set(diagnoses())


@pytest.mark.parametrize("info", INFOS)
def test_every_source_has_a_page_with_its_terms(info: SourceInfo) -> None:
    page = (PAGES / f"{info.name}.md").read_text(encoding="utf-8")
    assert info.licence in page
    assert info.homepage in page
    for term, code in info.terms.items():
        assert f"| {term} | `{code}` |" in page


def test_no_page_without_a_source() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(SOURCES)


def test_a_source_and_its_options(tmp_path: Path) -> None:
    source, folder = parse(f"folders={tmp_path},aspect=4:3,licence=CC0-1.0")
    assert folder == tmp_path
    assert isinstance(source, Folders)
    assert (source.info.licence, source.info.aspect) == ("CC0-1.0", pytest.approx(4 / 3))
    assert parse("ham10000=a=b") == (SOURCES["ham10000"], Path("a=b"))


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("ham10000", "write NAME=DIR with one of the sources ham10000"),
        ("ham10000=", "write NAME=DIR"),
        ("nothing=x", "write NAME=DIR"),
        ("folders=x,aspect", "'aspect' is no option; write key=value"),
        ("ham10000=x,aspect=4:3", "ham10000 takes no option 'aspect'"),
    ],
)
def test_what_is_no_source(item: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse(item)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ISIC_0012345", "ISIC_0012345"),
        ("isic_0012345.JPG", "ISIC_0012345"),
        ("ISIC-0012345.jpeg", "ISIC_0012345"),
        (" ISIC_0012345_Downsampled.jpg ", "ISIC_0012345_downsampled"),
        ("ISIC_0012345(1).jpg", "ISIC_0012345"),
        ("ISIC_0012345 (2).jpg", "ISIC_0012345"),
        ("PAT_46_881_939.png", "PAT_46_881_939"),
        ("IMD003.bmp", "IMD003"),
        ("version.2", "version.2"),
        ("1,999", "1,999"),
    ],
)
def test_image_ids(name: str, expected: str) -> None:
    assert image_id(name) == expected
    assert is_isic_id(expected) == expected.startswith("ISIC_")


def test_long_lists_are_cut() -> None:
    assert listed(["b", "a"]) == "a, b"
    assert listed([f"{n:04}" for n in range(1003)]) == "0000, 0001, 0002, 0003 and 999 more"
