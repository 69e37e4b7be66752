"""Every source: its description and its table of terms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.catalogue import SOURCES, parse
from tejido.sources.files import image_id, is_isic_id, listed
from tejido.sources.folders import Folders
from tejido.sources.record import SourceInfo
from tejido.taxonomy import diagnoses

INFOS = [pytest.param(source.info, id=name) for name, source in SOURCES.items()]


@pytest.mark.parametrize("info", INFOS)
def test_every_description_is_full(info: SourceInfo) -> None:
    texts = (info.title, info.summary, info.licence, info.attribution, info.citation, info.obtain, info.size)
    assert all(texts)
    assert (info.homepage or "").startswith("http") or info.name in {"folders", "cases"}
    assert info.modality in {"dermoscopy", "clinical", "histology"}
    assert set(info.terms.values()) <= set(diagnoses())


def test_a_source_and_its_options(tmp_path: Path) -> None:
    source, folder = parse(f"folders={tmp_path},aspect=4:3,licence=CC0-1.0")
    assert folder == tmp_path
    assert isinstance(source, Folders)
    assert (source.info.licence, source.info.aspect) == ("CC0-1.0", pytest.approx(4 / 3))
    assert parse("ham10000=a=b") == (SOURCES["ham10000"], Path("a=b"))
    assert parse("ham10000=~/data")[1] == Path.home() / "data"  # the shell leaves it as it is


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("ham10000", "write NAME=DIR, such as ham10000=data/ham10000; for the names see: tejido sources"),
        ("ham10000=", "write NAME=DIR"),
        ("ham10000=,fold=1", "write NAME=DIR"),
        ("data/ham10000", "write NAME=DIR"),
        ("ham=x", "no source is called 'ham'; did you mean ham10000"),
        ("PAD-UFES-20=x", "no source is called 'PAD-UFES-20'; did you mean pad_ufes_20"),
        ("q=x", "no source is called 'q'; there are: ham10000, isic2016"),
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
