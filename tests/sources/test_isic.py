"""The ISIC challenges, each on a small tree in its true layout and on its real tables."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.isic2016 import Isic2016
from tejido.sources.isic2017 import Isic2017
from tejido.sources.isic2018 import Isic2018, Isic2018Task1
from tejido.sources.isic2019 import Isic2019
from tejido.sources.isic2020 import Isic2020
from tests.sources.trees import image, table


def test_2016(tmp_path: Path) -> None:
    for name in ("ISIC_0000000", "ISIC_0000002"):
        image(tmp_path / "ISBI2016_ISIC_Part3_Training_Data" / f"{name}.jpg")
    image(tmp_path / "ISBI2016_ISIC_Part3_Test_Data" / "ISIC_0000003.jpg")
    image(tmp_path / "ISBI2016_ISIC_Part1_Training_GroundTruth" / "ISIC_0000000_Segmentation.png")
    table(
        tmp_path / "ISBI2016_ISIC_Part3_Training_GroundTruth.csv",
        "ISIC_0000000,benign", "ISIC_0000002,malignant", "ISIC_0000009,benign",
    )  # fmt: skip
    table(tmp_path / "ISBI2016_ISIC_Part3_Test_GroundTruth.csv", "ISIC_0000003,1.0")
    reading = Isic2016().read(tmp_path)
    assert [(r.image_id, r.diagnosis, r.official_split, bool(r.mask_path)) for r in reading.records] == [
        ("ISIC_0000000", "benign_lesion", "train", True),
        ("ISIC_0000002", "melanoma", "train", False),
        ("ISIC_0000003", "melanoma", "test", False),
    ]
    assert reading.problems == [
        "train: 900 images expected, 2 found; missing: ISIC_0000009",
        "train: 900 masks expected, 1 found; missing: ISIC_0000002",
        "test: 379 images expected, 1 found",
    ]


def test_2017(tmp_path: Path, shared: Path) -> None:
    pairs = shared / "data" / "isic2017_pairs"
    root = tmp_path / "ISIC-2017_Validation_Data"
    root.mkdir()
    for path in pairs.glob("ISIC_*"):
        shutil.copy(path, root)
    image(root / "ISIC_0012099_superpixels.png")
    shutil.copy(pairs / "ISIC-2017_Part3_GroundTruth.csv", tmp_path / "ISIC-2017_Validation_Part3_GroundTruth.csv")
    table(
        tmp_path / "ISIC-2017_Validation_Data_metadata.csv",
        "image_id,age_approximate,sex", "ISIC_0012099,unknown,female", "ISIC_0012434,45,unknown",
    )  # fmt: skip
    reading = Isic2017().read(tmp_path)
    assert len(reading.records) == 7
    assert all(record.mask_path and record.official_split == "val" for record in reading.records)
    found = {record.image_id: record for record in reading.records}
    assert (found["ISIC_0012099"].diagnosis, found["ISIC_0012099"].age) == ("melanoma", None)
    assert (found["ISIC_0012434"].age, found["ISIC_0012434"].sex) == (45.0, None)
    diagnoses = [record.diagnosis for record in reading.records]
    assert [diagnoses.count(name) for name in ("melanoma", "seborrheic_keratosis", "nevus")] == [2, 2, 3]
    assert reading.problems == ["val: 150 images expected, 7 found", "val: 150 masks expected, 7 found"]


def test_2017_tables_that_were_renumbered(shared: Path) -> None:
    reading = Isic2017().read(shared / "data" / "csv" / "isic2017", images=False)
    assert len(reading.records) == 150
    assert [problem.split(" (")[0] for problem in reading.problems] == [
        "train: ISIC-2017_Training_Part3_GroundTruth.csv: its 2,000 ids are no ISIC ids",
        "test: ISIC-2017_Test_v2_Part3_GroundTruth.csv: its 600 ids are no ISIC ids",
    ]


def test_2017_with_nothing_but_renumbered_tables(tmp_path: Path) -> None:
    table(
        tmp_path / "ISIC-2017_Training_Part3_GroundTruth.csv",
        "image_id,melanoma,seborrheic_keratosis,,,,,,,,,", "1,0,0,,,,,,,,,", '"1,999",1,0,,,,,,,,,', ",,,,,,,,,,,",
    )  # fmt: skip
    with pytest.raises(DataError, match=r"its 2 ids are no ISIC ids .1, 1,999.; the table was renumbered"):
        Isic2017().read(tmp_path)


def test_2017_listed_twice_with_different_labels(tmp_path: Path) -> None:
    name = "ISIC-2017_Training_Part3_GroundTruth.csv"
    table(
        tmp_path / name,
        "image_id,melanoma,seborrheic_keratosis", "ISIC_0000001,1.0,0.0", "ISIC_0000001,0.0,0.0", "7,1,0",
        "ISIC_0000002,1,1",
    )  # fmt: skip
    reading = Isic2017().read(tmp_path, images=False)
    assert [record.diagnosis for record in reading.records] == [None, None]
    assert reading.problems == [
        f"{name}: 1 ids are listed twice with different values, left unknown: ISIC_0000001 (melanoma 1.0 and 0.0)",
        f"{name}: 1 ids are no ISIC ids and were left out: 7",
        f"{name}: 2 images are neither of one class nor of none; their diagnosis is left unknown: "
        "ISIC_0000001, ISIC_0000002",
        "train: 2,000 images expected, 2 found",
        "train: no diagnosis is known; is *Training_Part3_GroundTruth.csv there?",
    ]


def test_2018_an_image_in_two_splits(tmp_path: Path) -> None:
    header = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"
    table(tmp_path / "ISIC2018_Task3_Training_GroundTruth.csv", header, "ISIC_0000001,1,0,0,0,0,0,0")
    rows = ("ISIC_0000001,0,1,0,0,0,0,0", "ISIC_0000002,0,1,0,0,0,0,0")
    table(tmp_path / "ISIC2018_Task3_Test_GroundTruth.csv", header, *rows)
    reading = Isic2018().read(tmp_path, images=False)
    assert [(r.image_id, r.official_split, r.diagnosis) for r in reading.records] == [
        ("ISIC_0000001", "train", "melanoma"),
        ("ISIC_0000002", "test", "nevus"),
    ]
    assert reading.problems[-1] == (
        "test: 1 images are in the table of an earlier split too and were left out: ISIC_0000001"
    )


def test_2018(tmp_path: Path) -> None:
    image(tmp_path / "ISIC2018_Task3_Training_Input" / "ISIC_0024306.jpg")
    image(tmp_path / "ISIC2018_Task3_Training_Input" / "ISIC_0024307.jpg")
    truth = tmp_path / "ISIC2018_Task3_Training_GroundTruth" / "ISIC2018_Task3_Training_GroundTruth.csv"
    table(
        truth, "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC",
        "ISIC_0024306,0.0,0.0,0.0,1.0,0.0,0.0,0.0", "ISIC_0024307,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
    )  # fmt: skip
    table(
        tmp_path / "ISIC2018_Task3_Training_LesionGroupings.csv", "image,lesion_id,diagnosis_confirm_type",
        "ISIC_0024306,HAM_0000550,serial imaging showing no change",
        "ISIC_0024307,HAM_0003577,single contributor clinical assessment",
    )  # fmt: skip
    reading = Isic2018().read(tmp_path)
    first, second = reading.records
    assert (first.diagnosis, first.lesion_id, first.confirmation) == ("akiec", "HAM_0000550", "follow_up")
    assert (second.diagnosis, second.lesion_id, second.confirmation) == (None, "HAM_0003577", None)
    assert reading.problems[0].endswith(
        "1 images have no class or several; their diagnosis is left unknown: ISIC_0024307"
    )


def test_2018_task_1_with_a_mask_missing(tmp_path: Path) -> None:
    for n in (1, 2, 3):
        image(tmp_path / "ISIC2018_Task1-2_Training_Input" / f"ISIC_000000{n}.jpg")
    image(tmp_path / "ISIC2018_Task1-2_Validation_Input" / "ISIC_0000004.jpg")
    for n in (1, 2, 4, 9):
        image(tmp_path / "ISIC2018_Task1_GroundTruth" / f"ISIC_000000{n}_segmentation.png")
    reading = Isic2018Task1().read(tmp_path)
    assert [record.official_split for record in reading.records] == ["train", "train", "train", "val"]
    assert reading.problems == [
        "train: 2,594 images expected, 3 found",
        "train: 2,594 masks expected, 2 found; missing: ISIC_0000003",
        "val: 100 images expected, 1 found",
        "val: 100 masks expected, 1 found",
        "1 masks have no image and were left out: ISIC_0000009",
    ]
    with pytest.raises(DataError, match="has no tables"):
        Isic2018Task1().read(tmp_path, images=False)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="there are no images in the folder"):
        Isic2018Task1().read(tmp_path / "empty")


def test_2018_task_1_in_other_folders(tmp_path: Path) -> None:
    image(tmp_path / "training data" / "ISIC2018_Task1-2_Test_Input" / "ISIC_0000001.jpg")  # the nearest folder counts
    image(tmp_path / "flat" / "ISIC_0000002.jpg")
    image(tmp_path / "flat" / "IMD003.bmp")
    reading = Isic2018Task1().read(tmp_path)
    assert [record.official_split for record in reading.records] == ["test", None]
    assert reading.problems[2:] == [
        "1 images are in no folder of a split: ISIC_0000002",
        "1 images have no ISIC id and were left out: IMD003",
    ]
    (tmp_path / "flat" / "ISIC_0000002.jpg").unlink()
    with pytest.raises(DataError, match=r"isic2018_task1; none of the 1 images there belongs to it; .*: IMD003"):
        Isic2018Task1().read(tmp_path / "flat")


def test_2019(tmp_path: Path) -> None:
    image(tmp_path / "ISIC_2019_Training_Input" / "ISIC_0000000.jpg")
    image(tmp_path / "ISIC_2019_Training_Input" / "ISIC_0000019_downsampled.JPG")
    image(tmp_path / "ISIC_2019_Training_Input" / "ISIC_9999999.jpg")
    table(
        tmp_path / "ISIC_2019_Training_GroundTruth.csv", "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK,,",
        "ISIC_0000000,0,0,0,1,0,0,0,0,0,,", "ISIC_0000019_DOWNSAMPLED,0.0,0,0,0,0,0,0,1.0,0.0,,", ",,,,,,,,,,,",
    )  # fmt: skip
    table(
        tmp_path / "ISIC_2019_Training_Metadata.csv", "image,age_approx,anatom_site_general,lesion_id,sex,extra",
        "ISIC_0000000,55,anterior torso,,female,x", "ISIC_0000019_downsampled,,,MSK4_0000019,unknown,",
    )  # fmt: skip
    reading = Isic2019().read(tmp_path)
    first, second = reading.records
    assert (first.diagnosis, first.age, first.site, first.lesion_id) == (
        "actinic_keratosis", 55.0, "anterior torso", None,
    )  # fmt: skip
    assert (second.image_id, second.diagnosis) == ("ISIC_0000019_downsampled", "squamous_cell_carcinoma")
    assert (second.lesion_id, second.age, second.sex, second.site) == ("MSK4_0000019", None, None, None)
    assert reading.problems == [
        "train: 25,331 images expected, 2 found",
        "1 images are in no table and were left out: ISIC_9999999",
    ]


def test_2019_from_its_real_tables(shared: Path) -> None:
    reading = Isic2019().read(shared / "data" / "csv" / "isic2019_toregore", images=False)
    assert not reading.problems
    assert len(reading.records) == 25_331
    assert sum(record.image_id.endswith("_downsampled") for record in reading.records) == 2_074
    assert len({record.lesion_id for record in reading.records} - {None}) == 11_847
    assert sum(record.lesion_id is None for record in reading.records) == 2_084
    counts = [record.diagnosis for record in reading.records]
    assert [counts.count(code) for code in Isic2019().info.terms.values()] == [
        4522, 12875, 3323, 2624, 239, 253, 867, 628,
    ]  # fmt: skip


def test_2019_metadata_alone(shared: Path) -> None:
    reading = Isic2019().read(shared / "data" / "csv" / "isic2019", images=False)
    assert len(reading.records) == 25_331
    assert {record.diagnosis for record in reading.records} == {None}
    assert reading.problems == ["train: no diagnosis is known; is *2019*Training_GroundTruth.csv there?"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("image,MEL,NV,BCC,AK,BKL,DF,VASC", "not a table that is known here; it begins with image, MEL"),
        ("picture,MEL,NV,BCC,AK,BKL,DF,VASC,SCC", "not a table that is known here"),
    ],
)
def test_2019_with_columns_missing_or_renamed(tmp_path: Path, header: str, message: str) -> None:
    table(tmp_path / "ISIC_2019_Training_GroundTruth.csv", header, "ISIC_0000000,1,0,0,0,0,0,0,0")
    with pytest.raises(DataError, match=message):
        Isic2019().read(tmp_path)


def test_2020_real_sample(shared: Path) -> None:
    reading = Isic2020().read(shared / "data" / "isic2020")
    assert len(reading.records) == 222
    assert len({record.patient_id for record in reading.records}) == 32
    counts = [record.diagnosis for record in reading.records]
    assert [counts.count(code) for code in ("melanoma", "nevus", "benign_lesion")] == [18, 3, 201]
    assert reading.problems[-1].startswith("4 images are in no table")  # the folder channel_swapped


def test_2020_from_its_real_tables(shared: Path) -> None:
    reading = Isic2020().read(shared / "data" / "csv" / "isic2020", images=False)
    assert not reading.problems
    assert not reading.unmapped
    assert len(reading.duplicates) == 425
    train = [record for record in reading.records if record.official_split == "train"]
    assert (len(train), len(reading.records)) == (33_126, 33_126 + 10_982)
    assert len({record.patient_id for record in train}) == 2_056
    assert len({record.lesion_id for record in train} - {None}) == 32_700
    assert {record.diagnosis for record in train} == set(Isic2020().info.terms.values()) - {"malignant_lesion"}


def test_2020_duplicates_and_terms(tmp_path: Path) -> None:
    for name in ("ISIC_0000001", "ISIC_0000002", "ISIC_0000003"):
        image(tmp_path / "train" / f"{name}.jpg")
    table(
        tmp_path / "train.csv",
        "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target",
        "ISIC_0000001,IP_1,male,45.0,torso,lentigo NOS,benign,0",
        "ISIC_0000002,IP_1,,,,unknown,benign,0",
        "ISIC_0000003,IP_2,female,50.0,,rare thing,malignant,1",
    )
    table(
        tmp_path / "ISIC_2020_Training_Duplicates.csv", "image_name_1,image_name_2",
        "ISIC_0000001,ISIC_0000003", "ISIC_0000002,ISIC_0000009",
    )  # fmt: skip
    image(tmp_path / "test" / "ISIC_0000005.jpg")
    table(
        tmp_path / "ISIC_2020_Test_Metadata.csv", "image,patient,anatom_site_general,age_approx,sex",
        "ISIC_0000005,IP_5,torso,70,male",
    )  # fmt: skip
    reading = Isic2020().read(tmp_path)
    test = reading.records.pop()
    assert (test.patient_id, test.site, test.age, test.official_split) == ("IP_5", "torso", 70.0, "test")
    assert [record.diagnosis for record in reading.records] == ["lentigo", "benign_lesion", None]
    assert reading.unmapped == {"rare thing": 1}
    assert reading.duplicates == [("ISIC_0000001", "ISIC_0000003")]
    assert "425 duplicate pairs expected, 2 found" in reading.problems


@pytest.mark.parametrize("source", [Isic2016(), Isic2017(), Isic2018(), Isic2019(), Isic2020()])
def test_another_folder(tmp_path: Path, source: Isic2016) -> None:
    image(tmp_path / "ISIC_0000001.jpg")
    with pytest.raises(DataError, match="there is no table such as"):
        source.read(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        source.read(tmp_path / "missing")
