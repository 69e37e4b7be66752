from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tejido.data.manifest import build
from tejido.data.splitting.groups import group_ids
from tejido.errors import DataError
from tejido.sources.breakhis import BreakHis, parse
from tests.sources.trees import image, table


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SOB_B_A-14-22549AB-40-001", ("A", "14-22549", "14-22549AB", 40)),
        ("SOB_B_A-14-22549CD-400-012", ("A", "14-22549", "14-22549CD", 400)),
        ("SOB_B_F-14-25197-100-001", ("F", "14-25197", "14-25197", 100)),
        ("SOB_B_PT-14-29315EF-200-001", ("PT", "14-29315", "14-29315EF", 200)),
        ("SOB_B_TA-14-3411F-40-001", ("TA", "14-3411", "14-3411F", 40)),
        ("SOB_M_PC-15-190EF-400-005", ("PC", "15-190", "15-190EF", 400)),
        ("SOB_M_DC-14-13412-100-001", ("DC", "14-13412", "14-13412", 100)),
        ("sob_m_lc-14-13412-200-003", ("LC", "14-13412", "14-13412", 200)),
        ("SOB_M_MC-14-18842D-200-016", ("MC", "14-18842", "14-18842D", 200)),
        ("SOB_M_MC-14-18842D-200", None),
        ("ISIC_0012345", None),
    ],
)
def test_names(name: str, expected: tuple[str, str, str, int] | None) -> None:
    parsed = parse(name)
    assert expected == (parsed and (parsed.kind, parsed.patient, parsed.slide, parsed.magnification))


def test_the_real_sample_flat_and_as_a_tree(shared: Path, tmp_path: Path) -> None:
    flat = BreakHis().read(shared / "data" / "breakhis")
    assert len(flat.records) == 30
    assert {record.magnification for record in flat.records} == {40, 100, 200, 400}
    assert {record.diagnosis for record in flat.records} == set(BreakHis.info.terms.values())
    for path in (shared / "data" / "breakhis").glob("*.png"):
        name = parse(path.stem)
        assert name is not None
        kind = {"B": "benign", "M": "malignant"}[path.stem[4]]
        slide = path.stem.rsplit("-", 2)[0]
        folder = tmp_path / "histology_slides/breast" / kind / "SOB" / name.kind / slide / f"{name.magnification}X"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    tree = BreakHis().read(tmp_path)
    assert [r.image_id for r in tree.records] == [r.image_id for r in flat.records]
    assert tree.problems == flat.problems == ["7,909 images expected, 30 found"]


def test_a_slide_with_two_types_is_one_group(tmp_path: Path) -> None:
    table(
        tmp_path / "dsfold1.txt",
        "SOB_M_DC-14-13412-100-001.png|100|1|train",
        "SOB_M_LC-14-13412-100-001.png|100|1|test",
        "SOB_B_A-14-22549AB-40-001.png|40|1|train",
        "SOB_B_A-14-22549G-40-001.png|40|1|train",
    )
    reading = BreakHis().read(tmp_path, images=False)
    assert "slide 14-13412 occurs as ductal_carcinoma and lobular_carcinoma" in reading.problems
    rows, _ = build(reading.records, tmp_path)
    assert group_ids(rows).nunique() == 2
    assert {record.official_split for record in reading.records} == {None}


def test_official_folds(tmp_path: Path) -> None:
    image(tmp_path / "SOB_M_DC-14-2523-40-010.png")
    image(tmp_path / "SOB_B_A-14-22549AB-40-001.png")
    table(
        tmp_path / "folds" / "dsfold2.txt",
        "SOB_M_DC-14-2523-40-010.png|40|2|test",
        "SOB_B_A-14-22549AB-40-001.png|40|2|train",
    )
    reading = BreakHis().configured({"fold": "2"}).read(tmp_path)
    assert [record.official_split for record in reading.records] == ["train", "test"]
    with pytest.raises(DataError, match=r"dsfold3\.txt of mkfold\.tar\.gz is missing"):
        BreakHis().configured({"fold": "3"}).read(tmp_path)
    table(tmp_path / "dsfold4.txt", "SOB_M_DC-14-2523-40-010.png|40|4|maybe")
    with pytest.raises(DataError, match="does not end in train or test"):
        BreakHis().configured({"fold": "4"}).read(tmp_path)


def test_what_does_not_fit_is_reported(tmp_path: Path) -> None:
    image(tmp_path / "a" / "SOB_B_XX-14-1-50-001.png")
    image(tmp_path / "b" / "SOB_B_XX-14-1-50-001.PNG")
    image(tmp_path / "other.png")
    reading = BreakHis().read(tmp_path)
    assert reading.unmapped == {"XX": 1}
    assert reading.problems == [
        "1 files have the id of another file and were left out: b/SOB_B_XX-14-1-50-001.PNG",
        "7,909 images expected, 1 found",
        "1 images are not named as in BreakHis and were left out: OTHER",
        "1 images have a magnification that BreakHis has not: SOB_B_XX-14-1-50-001",
    ]


def test_a_type_of_the_other_class(tmp_path: Path) -> None:
    image(tmp_path / "SOB_B_DC-14-2523-40-010.png")
    reading = BreakHis().read(tmp_path)
    assert [record.diagnosis for record in reading.records] == [None]
    assert reading.problems[1:] == [
        "1 images have a type of the other class in their name; their diagnosis is left unknown: "
        "SOB_B_DC-14-2523-40-010"
    ]


def test_images_that_are_in_no_line_of_the_fold(tmp_path: Path) -> None:
    image(tmp_path / "SOB_M_DC-14-2523-40-010.png")
    image(tmp_path / "SOB_M_DC-14-2523-40-011.png")
    table(tmp_path / "dsfold1.txt", "SOB_M_DC-14-2523-40-010.png|40|1|test")
    reading = BreakHis(1).read(tmp_path)
    assert [record.official_split for record in reading.records] == ["test", None]
    assert reading.problems[1:] == ["1 images are not in dsfold1.txt and have no split: SOB_M_DC-14-2523-40-011"]


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no image for the source breakhis; only its tables are there: add the images"):
        BreakHis().read(tmp_path)
    image(tmp_path / "ISIC_0000001.jpg")
    with pytest.raises(DataError, match=r"none of the 1 images there belongs to it; .* named as in BreakHis"):
        BreakHis().read(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        BreakHis().read(tmp_path / "missing")
    with pytest.raises(DataError, match=r"dsfold1\.txt of mkfold\.tar\.gz is missing; without images"):
        BreakHis().read(tmp_path, images=False)
    (tmp_path / "dsfold1.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="cannot be read as text"):
        BreakHis().read(tmp_path, images=False)
    with pytest.raises(DataError, match="folds 1 to 5, not '6'"):
        BreakHis().configured({"fold": "6"})
    with pytest.raises(DataError, match="takes no option 'grid'; it takes fold"):
        BreakHis().configured({"grid": "1x1"})
    assert BreakHis().configured({}) == BreakHis()
