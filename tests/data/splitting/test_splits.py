from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.data.splitting import splits
from tejido.errors import DataError, SplitLeakError
from tests.data.tables import lesions

tables = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["nevus", "melanoma", "dermatofibroma"])), min_size=1, max_size=120
).map(lesions)


@settings(deadline=None)
@given(tables, st.integers(0, 5))
def test_no_group_crosses_and_row_order_does_not_matter(table: pd.DataFrame, seed: int) -> None:
    split = splits.split_by_group(table, seed=seed)
    aligned = table["image_id"].map(split.set_index("image_id")["split"])
    splits.check(aligned, table)
    assert set(split["split"]) <= set(splits.SPLITS)
    shuffled = splits.split_by_group(table.sample(frac=1, random_state=seed), seed=seed)
    pd.testing.assert_frame_equal(split, shuffled)


@settings(deadline=None)
@given(tables)
def test_every_stratum_is_within_one_group_of_its_share(table: pd.DataFrame) -> None:
    split = splits.split_by_group(table).set_index("image_id")["split"]
    for _, rows in table.groupby("diagnosis"):
        largest = rows.groupby("group_id").size().max()
        for name, fraction in splits.DEFAULT_FRACTIONS.items():
            count = (rows["image_id"].map(split) == name).sum()
            assert abs(count - fraction * len(rows)) <= largest


def test_another_seed_is_another_split() -> None:
    table = lesions([(1, "nevus")] * 100)
    one, two = (splits.split_by_group(table, seed=seed) for seed in (0, 1))
    assert not one.equals(two)


def test_synthetic_images_stay_in_train() -> None:
    table = lesions([(2, "nevus")] * 50)
    table["synthetic"] = True
    assert set(splits.split_by_group(table)["split"]) == {"train"}


@pytest.mark.parametrize(
    "fractions", [{"train": 1.0}, {"train": 0.5, "val": 0.2, "test": 0.2}, {"train": 1.2, "val": -0.1, "test": -0.1}]
)
def test_shares_that_make_no_sense(fractions: dict[str, float]) -> None:
    with pytest.raises(DataError, match="sum to 1"):
        splits.split_by_group(lesions([(1, "nevus")]), fractions)


def saved(folder: Path, rows: dict[str, list[str]]) -> Path:
    path = folder / "split.parquet"
    pd.DataFrame(rows).to_parquet(path)
    return path


def test_a_leak_is_found_when_a_split_is_loaded(tmp_path: Path) -> None:
    table = lesions([(2, "nevus"), (1, "nevus")])
    path = saved(tmp_path, {"image_id": ["0000-0", "0000-1", "0001-0"], "split": ["train", "test", "val"]})
    with pytest.raises(SplitLeakError, match="1 groups stand in several splits: 0000-0"):
        splits.load(path, table)


def test_a_synthetic_test_image_is_found_when_a_split_is_loaded(tmp_path: Path) -> None:
    table = lesions([(1, "nevus")])
    table["synthetic"] = True
    with pytest.raises(SplitLeakError, match="synthetic"):
        splits.load(saved(tmp_path, {"image_id": ["0000-0"], "split": ["test"]}), table)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"image_id": ["0000-0"], "split": ["dev"]}, "unknown split 'dev'"),
        ({"image_id": ["0000-0", "0000-0"], "split": ["train", "train"]}, "listed twice"),
        ({"image_id": ["other"], "split": ["train"]}, "1 images of the manifest are in no split"),
        ({"image_id": ["0000-0"], "fold": ["1"]}, "column 'split' is missing"),
    ],
)
def test_a_broken_split(tmp_path: Path, rows: dict[str, list[str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        splits.load(saved(tmp_path, rows), lesions([(1, "nevus")]))


def test_no_table_at_all(tmp_path: Path) -> None:
    (tmp_path / "split.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="not a Parquet table"):
        splits.load(tmp_path / "split.parquet", lesions([(1, "nevus")]))
    with pytest.raises(DataError, match="no such file"):
        splits.load(tmp_path / "missing.parquet", lesions([(1, "nevus")]))
