from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tejido.data import manifest, splits
from tejido.errors import DataError
from tejido.sources.ham10000 import Ham10000
from tejido.sources.isic2019 import read_ground_truth
from tejido.sources.record import ImageRecord
from tests.sources.test_ham10000 import image


def record(path: Path, **changes: object) -> ImageRecord:
    values = {"image_id": path.stem, "path": path, "source": "test", "modality": "dermoscopy", "licence": "CC0-1.0"}
    return ImageRecord(**(values | {"attribution": "us", "diagnosis": "nevus"} | changes))  # type: ignore[arg-type]


def test_a_manifest_can_be_moved_with_its_images(tmp_path: Path) -> None:
    image(tmp_path / "one" / "images" / "a.png")
    folder = tmp_path / "one"
    table, unreadable = manifest.build([record(folder / "images" / "a.png", lesion_id="L")], folder)
    assert not unreadable
    manifest.write(table, folder / "manifest.parquet")
    shutil.move(folder, tmp_path / "two")
    row = manifest.read(tmp_path / "two" / "manifest.parquet").iloc[0]
    data = Path(row["path"]).read_bytes()
    assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert (row["width"], row["height"], row["malignancy"], row["synthetic"]) == (30, 20, "benign", False)
    assert pd.isna(row["patient_id"])
    assert pd.isna(row["phash"])


def test_unreadable_images_are_listed_not_fatal(tmp_path: Path) -> None:
    image(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes((tmp_path / "good.png").read_bytes()[:40])
    table, unreadable = manifest.build(
        [record(tmp_path / "good.png"), record(tmp_path / "bad.png"), record(tmp_path / "gone.png")], tmp_path
    )
    assert table["image_id"].tolist() == ["good"]
    assert [item.image_id for item in unreadable] == ["bad", "gone"]


def test_nothing_readable(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no image could be read"):
        manifest.build([record(tmp_path / "gone.png")], tmp_path)


def test_two_records_with_one_id(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="two images are called a"):
        manifest.build([record(tmp_path / "x" / "a.png"), record(tmp_path / "y" / "a.png")], tmp_path)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("diagnosis", "flu", "no diagnosis 'flu'"), ("group_id", None, "have no group"), ("image_id", None, "missing")],
)
def test_a_broken_manifest(tmp_path: Path, column: str, value: str | None, message: str) -> None:
    image(tmp_path / "a.png")
    table, _ = manifest.build([record(tmp_path / "a.png")], tmp_path)
    table[column] = pd.Series([value], dtype="string")
    manifest.write(table, tmp_path / "m.parquet")
    with pytest.raises(DataError, match=message):
        manifest.read(tmp_path / "m.parquet")


def test_only_finer_diagnoses_replace() -> None:
    records = [record(Path(name), diagnosis=d) for name, d in (("a", "akiec"), ("b", "nevus"), ("c", None))]
    refined, count = manifest.refine(records, {"a": "actinic_keratosis", "b": "melanoma", "c": "melanoma"})
    assert [item.diagnosis for item in refined] == ["actinic_keratosis", "nevus", None]
    assert count == 1


def test_the_real_manifest_and_its_split(shared: Path, tmp_path: Path) -> None:
    records = Ham10000().read(shared / "data" / "ham10000").records
    truth = read_ground_truth(shared / "data" / "csv" / "isic2019_toregore" / "ISIC_2019_Training_GroundTruth.csv")
    records, refined = manifest.refine(records, truth)
    assert refined == 327
    table, unreadable = manifest.build(records, tmp_path)
    assert not unreadable
    counts = table["diagnosis"].value_counts()
    assert (counts["squamous_cell_carcinoma"], counts["actinic_keratosis"]) == (197, 130)
    assert table["group_id"].nunique() == 7_470
    assert table["sha256"].duplicated().sum() == 2
    assigned = table["image_id"].map(splits.split_by_group(table).set_index("image_id")["split"])
    splits.check(assigned, table)
    for _, rows in table.groupby("diagnosis"):
        shares = assigned[rows.index].value_counts(normalize=True)
        for name, fraction in splits.DEFAULT_FRACTIONS.items():
            assert abs(shares[name] - fraction) < 0.02
