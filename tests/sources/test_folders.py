from __future__ import annotations

from pathlib import Path

import pytest

from tejido.errors import DataError
from tejido.sources.dermnet import DERMNET
from tejido.sources.folders import Folders
from tejido.sources.isic9 import ISIC9
from tests.sources.trees import image, table


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
    assert reading.problems == ["1 images are in no class folder and were left out: stray.jpg"]


def test_the_real_nine_classes(shared: Path) -> None:
    reading = ISIC9.read(shared / "data" / "isic9")
    assert len(reading.records) == 2_359
    assert sum(record.official_split == "test" for record in reading.records) == 118
    assert not reading.unmapped
    assert {record.diagnosis for record in reading.records} == set(ISIC9.info.terms.values())
    assert {(record.source, record.aspect) for record in reading.records} == {("isic9", 4 / 3)}


def test_folders_around_the_whole(tmp_path: Path) -> None:
    image(tmp_path / "Skin cancer ISIC" / "Train" / "nevus" / "a.jpg")
    image(tmp_path / "Skin cancer ISIC" / "Test" / "images" / "melanoma" / "b.jpg")
    image(tmp_path / "one hospital" / "nevus" / "c.jpg")
    image(tmp_path / "one hospital" / "unheard of" / "d.jpg")
    reading = Folders().read(tmp_path)
    assert [(r.image_id, r.official_split, r.diagnosis) for r in reading.records] == [
        ("Skin cancer ISIC/Test/images/melanoma/b", "test", "melanoma"),
        ("Skin cancer ISIC/Train/nevus/a", "train", "nevus"),
        ("one hospital/nevus/c", None, "nevus"),
        ("one hospital/unheard of/d", None, None),
    ]
    assert reading.unmapped == {"one hospital": 1}


def test_pictures_that_differ_in_their_ending_only(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.png"):
        image(tmp_path / "nevus" / name)
    assert [record.image_id for record in Folders().read(tmp_path).records] == ["nevus/a", "nevus/a.png"]


def test_masks_are_no_images(tmp_path: Path) -> None:
    for name in ("a.jpg", "a_segmentation.png", "lone_segmentation.png"):
        image(tmp_path / "nevus" / name)
    first, second = Folders().read(tmp_path).records
    assert (first.image_id, first.mask_path) == ("nevus/a", tmp_path / "nevus" / "a_segmentation.png")
    assert (second.image_id, second.mask_path) == ("nevus/lone_segmentation", None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "missing: no such folder"),
        ("empty", "no image for the source folders; there are no images in the folder"),
        ("flat", "none of the 1 images there belongs to it; 1 images are in no class folder and were left out: a.jpg"),
        ("packed", "there are no images in the folder; not unpacked yet: isic.zip"),
        ("packed/isic.zip", "isic.zip is an archive; unpack it and give the folder"),
        ("flat/a.jpg", "a.jpg is a file; give the folder that it lies in"),
    ],
)
def test_nothing_there(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    image(tmp_path / "flat" / "a.jpg")
    table(tmp_path / "packed" / "isic.zip", "packed")
    with pytest.raises(DataError, match=message):
        Folders().read(tmp_path / name)


def test_another_folder_than_a_published_one(tmp_path: Path) -> None:
    image(tmp_path / "10253" / "0" / "a.png")
    image(tmp_path / "scar" / "b.png")  # the taxonomy may know it; the data set has no such class
    for source, title in ((ISIC9, "ISIC, nine classes"), (DERMNET, "Dermnet")):
        with pytest.raises(DataError, match=f"not {title}; none of its folders is a class of it: 10253, scar"):
            source.read(tmp_path)


def test_what_is_declared(tmp_path: Path) -> None:
    image(tmp_path / "bcc" / "a.jpg")
    options = {"name": "clinic", "aspect": "4:3", "licence": "CC0-1.0", "modality": "clinical", "attribution": "us"}
    (record,) = Folders().configured(options).read(tmp_path).records
    assert (record.source, record.licence, record.modality, record.attribution) == (
        "clinic", "CC0-1.0", "clinical", "us",
    )  # fmt: skip
    assert record.aspect == pytest.approx(4 / 3)
    assert record.diagnosis == "basal_cell_carcinoma"


@pytest.mark.parametrize("aspect", ["wide", "0", "4:0", "1000", "-1"])
def test_an_aspect_that_is_none(aspect: str) -> None:
    with pytest.raises(DataError, match="aspect must be width:height"):
        Folders().configured({"aspect": aspect})


def test_options_that_are_none() -> None:
    with pytest.raises(DataError, match="takes no option 'colour'; it takes name, modality, aspect"):
        Folders().configured({"colour": "red"})
    with pytest.raises(DataError, match="nothing stands behind licence="):
        Folders().configured({"licence": ""})
    with pytest.raises(DataError, match="modality must be one of dermoscopy, clinical, histology, not 'x-ray'"):
        Folders().configured({"modality": "x-ray"})


def test_no_tables(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="folders has no tables"):
        Folders().read(tmp_path, images=False)


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    image(tmp_path / "nevus" / "a.jpg")
    (tmp_path / "nevus" / "._a.jpg").write_bytes(b"a Mac left this")
    assert len(Folders().read(tmp_path).records) == 1


def test_dermnet(tmp_path: Path) -> None:
    image(tmp_path / "train" / "Acne and Rosacea Photos" / "07Acne1.jpg")
    image(tmp_path / "test" / "Melanoma Skin Cancer Nevi and Moles" / "dysplastic-nevus-1.jpg")
    image(tmp_path / "test" / "Something New" / "x.jpg")
    reading = DERMNET.read(tmp_path)
    assert [(r.diagnosis, r.official_split, r.modality) for r in reading.records] == [
        ("melanocytic_lesion", "test", "clinical"),
        (None, "test", "clinical"),
        ("acne_or_rosacea", "train", "clinical"),
    ]
    assert reading.unmapped == {"Something New": 1}
    assert reading.problems == ["19,559 images expected, 3 found"]
