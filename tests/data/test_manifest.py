from __future__ import annotations

import contextlib
import hashlib
import math
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.data import manifest
from tejido.errors import DataError
from tejido.sources.record import ImageRecord
from tests.sources.trees import image


def record(path: Path, **changes: object) -> ImageRecord:
    values = {"image_id": path.stem, "path": path, "source": "test", "modality": "dermoscopy", "licence": "CC0-1.0"}
    return ImageRecord(**(values | {"attribution": "us", "diagnosis": "nevus"} | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sound manifest."""
    folder = tmp_path_factory.mktemp("whole")
    image(folder / "a.png")
    table, _ = manifest.build([record(folder / "a.png", age=50.0)], folder)
    manifest.write(table, folder / "m.parquet")
    return (folder / "m.parquet").read_bytes()


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
    assert len(row["phash"]) == 16


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
    [("diagnosis", "flu", "no diagnosis 'flu'"), ("group_id", None, "have no group"), ("image_id", None, "missing")]
    + [("aspect", value, "between 0.1 and 10") for value in (0.0, -1.0, math.inf)],
)
def test_a_broken_manifest(tmp_path: Path, column: str, value: object, message: str) -> None:
    image(tmp_path / "a.png")
    table, _ = manifest.build([record(tmp_path / "a.png")], tmp_path)
    table[column] = pd.Series([value], dtype=manifest.TYPES[column])
    manifest.write(table, tmp_path / "m.parquet")
    with pytest.raises(DataError, match=message):
        manifest.read(tmp_path / "m.parquet")


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("width", ["a"]),
        ("width", [1.5]),
        ("width", [2**40]),
        ("age", ["old"]),
        ("aspect", ["wide"]),
        ("synthetic", ["x"]),
        ("magnification", [["x"]]),
    ],
)
def test_columns_of_another_type(tmp_path: Path, column: str, values: list[object]) -> None:
    table, _ = manifest.build([replace(record(Path("a")), path=None)], tmp_path)
    table.assign(**{column: values}).to_parquet(tmp_path / "m.parquet")
    with pytest.raises(DataError, match=f"m.parquet: column '{column}' is not of type") as error:
        manifest.read(tmp_path / "m.parquet")
    assert "\n" not in str(error.value)


def test_an_empty_manifest(tmp_path: Path) -> None:
    table, _ = manifest.build([replace(record(Path("a")), path=None)], tmp_path)
    manifest.write(table.iloc[:0], tmp_path / "m.parquet")
    with pytest.raises(DataError, match="holds no image"):
        manifest.read(tmp_path / "m.parquet")


def test_a_changed_byte_is_seen(whole: bytes, tmp_path: Path) -> None:
    changed = whole.replace(b"dermoscopy", b"dermoscopX")
    assert changed != whole
    (tmp_path / "m.parquet").write_bytes(changed)
    with pytest.raises(DataError, match="not a Parquet table"):
        manifest.read(tmp_path / "m.parquet")


@settings(max_examples=150)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12), st.floats(0.1, 1))
def test_a_damaged_file_is_read_or_refused(whole: bytes, changes: list[tuple[float, int]], length: float) -> None:
    data = bytearray(whole[: int(len(whole) * length)])
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.parquet"
        path.write_bytes(data)
        with contextlib.suppress(DataError):  # and no other error
            manifest.read(path)


def test_images_that_are_absent_have_no_hash(tmp_path: Path) -> None:
    records = [replace(record(Path("a")), path=None), replace(record(Path("b")), path=None)]
    table, unreadable = manifest.build(records, tmp_path)
    assert not unreadable
    assert table[["path", "sha256", "width", "height", "mask_path"]].isna().all(axis=None)
    assert table["group_id"].tolist() == ["a", "b"]
    manifest.write(table, tmp_path / "m.parquet")
    assert manifest.read(tmp_path / "m.parquet")["path"].isna().all()


def test_known_duplicates_are_one_group(tmp_path: Path) -> None:
    records = [replace(record(Path(name)), path=None) for name in "abc"]
    table, _ = manifest.build(records, tmp_path, links=[("c", "b"), ("a", "not there")])
    assert table["group_id"].tolist() == ["a", "b", "b"]


def test_the_aspect_counts_for_squares_only(tmp_path: Path) -> None:
    image(tmp_path / "square.png", (30, 30))
    image(tmp_path / "wide.png")
    records = [record(tmp_path / name, aspect=4 / 3) for name in ("square.png", "wide.png")]
    table, _ = manifest.build(records, tmp_path)
    assert table["aspect"].isna().tolist() == [False, True]
    assert table["aspect"][0] == pytest.approx(4 / 3)


def test_a_manifest_from_before_the_aspect(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    table, _ = manifest.build([record(tmp_path / "a.png")], tmp_path)
    manifest.write(table.drop(columns="aspect"), tmp_path / "m.parquet")
    assert list(manifest.read(tmp_path / "m.parquet").columns) == list(manifest.TYPES)
