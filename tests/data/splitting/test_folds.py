from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tejido.data.splitting import folds, splits
from tejido.errors import DataError, SplitLeakError
from tests.data.tables import lesions


def test_each_fold_tests_once_and_the_next_validates(tmp_path: Path) -> None:
    table = lesions([(2, "nevus")] * 20)
    made = folds.folds_by_group(table, 4)
    splits.write(made, tmp_path / "f.parquet")
    sides = [folds.load_fold(tmp_path / "f.parquet", table, fold) for fold in range(4)]
    for fold, side in enumerate(sides):
        assert ((side == "val") == (sides[(fold + 1) % 4] == "test")).all()
        assert set(side) == {"train", "val", "test"}
    assert (pd.DataFrame(sides) == "test").sum().eq(1).all()
    with pytest.raises(DataError, match="no fold 4"):
        folds.load_fold(tmp_path / "f.parquet", table, 4)
    with pytest.raises(DataError, match="3 folds or more"):
        folds.folds_by_group(table, 2)
    made.loc[0, "fold"] = (made.loc[1, "fold"] + 1) % 4
    splits.write(made, tmp_path / "f.parquet")
    with pytest.raises(SplitLeakError, match="several folds"):
        folds.load_fold(tmp_path / "f.parquet", table, 0)


def test_synthetic_images_are_in_no_fold_and_train(tmp_path: Path) -> None:
    table = lesions([(1, "nevus")] * 12)
    table.loc[:3, "synthetic"] = True
    splits.write(folds.folds_by_group(table, 3), tmp_path / "f.parquet")
    for fold in range(3):
        assert (folds.load_fold(tmp_path / "f.parquet", table, fold)[:4] == "train").all()


def test_folds_are_numbered_without_gaps(tmp_path: Path) -> None:
    table = lesions([(1, "nevus")] * 4)
    path = tmp_path / "f.parquet"
    for numbers, message in (
        ([0, 1, 1, 0], "this table has 0, 1"),
        ([0, 1, 3, 0], "this table has 0, 1, 3"),
        ([-1, 0, 1, 2], "this table has -1, 0, 1, 2"),
        ([None] * 4, "this table has none"),
        (["a", "b", "c", "d"], "column 'fold' is not of type Int32"),
        ([0.5, 1, 2, 3], "column 'fold' is not of type Int32"),
    ):
        pd.DataFrame({"image_id": table["image_id"], "fold": numbers}).to_parquet(path)
        for read in (lambda: folds.load_fold(path, table, 0), lambda: folds.read_sides(path, table)):
            with pytest.raises(DataError, match=message):
                read()
    pd.DataFrame({"image_id": ["0000-0"] * 4, "fold": [0, 1, 2, 0]}).to_parquet(path)
    with pytest.raises(DataError, match="0000-0 is listed twice"):
        folds.read_sides(path, table)


def test_fewer_groups_than_folds() -> None:
    with pytest.raises(DataError, match="3 groups cannot make 4 folds"):
        folds.folds_by_group(lesions([(2, "nevus")] * 3), 4)
    made = folds.folds_by_group(lesions([(1, d) for d in ("nevus", "melanoma", "nevus", "dermatofibroma")]), 4)
    assert sorted(made["fold"]) == [0, 1, 2, 3]
