from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tejido.data import folds, split_kinds, splits
from tejido.data.groups import group_ids
from tejido.errors import DataError, SplitLeakError
from tests.data.tables import manifest
from tests.data.test_splits import lesions


def linked(count: int, links: list[tuple[int, int]], seed: int) -> pd.DataFrame:
    """Images of two sources, with random diagnoses, tied by links."""
    draw = random.Random(seed)
    rows = [
        {
            "image_id": f"i{n:03}",
            "source": draw.choice(["one", "two"]),
            "diagnosis": draw.choice(["nevus", "nevus", "melanoma", "dermatofibroma"]),
            "official_split": draw.choice(["train", "test", None]),
        }
        for n in range(count)
    ]
    table = manifest(rows)
    table["group_id"] = group_ids(table, [(f"i{a % count:03}", f"i{b % count:03}") for a, b in links])
    return table


graphs = st.tuples(
    st.integers(8, 80), st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=60), st.integers(0, 9)
)


def aligned(split: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    return table["image_id"].map(split.set_index("image_id")["split"])


@settings(deadline=None, max_examples=60)
@given(graphs)
@example((10, [(0, 1), (0, 16)], 7))
def test_for_random_links_and_seeds_no_group_crosses(graph: tuple[int, list[tuple[int, int]], int]) -> None:
    count, links, seed = graph
    table = linked(count, links, seed)
    shuffled = table.sample(frac=1, random_state=seed)
    for make in (
        lambda t: splits.split_by_group(t, seed=seed),
        lambda t: split_kinds.without_leaks(split_kinds.official(t), t),
        lambda t: split_kinds.balanced(t, seed=seed),
        lambda t: split_kinds.leave_source_out(t, "one", seed=seed),
    ):
        try:
            made = make(table)
        except DataError:
            continue  # one source, one diagnosis, or no official split in so small a table
        splits.check(aligned(made, table), table)
        pd.testing.assert_frame_equal(made, make(shuffled))
    made = folds.folds_by_group(table, 3, seed=seed)
    folds.check_folds(table["image_id"].map(made.set_index("image_id")["fold"]), table)
    pd.testing.assert_frame_equal(made, folds.folds_by_group(shuffled, 3, seed=seed))


@settings(deadline=None, max_examples=40)
@given(graphs, st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=20))
def test_a_grown_split_keeps_sides_and_joined_groups_train(
    graph: tuple[int, list[tuple[int, int]], int], more: list[tuple[int, int]]
) -> None:
    count, links, seed = graph
    whole = linked(count, links + more, seed)
    part = linked(count, links, seed).iloc[: count // 2]
    old = splits.split_by_group(part, seed=seed)
    growth = split_kinds.grow(old, whole, seed=seed)
    new = aligned(growth.split, whole)
    splits.check(new, whole)
    before = aligned(old, whole)
    joined = whole["group_id"].isin(growth.joined)
    assert (new[joined] == "train").all()
    kept = before.notna() & ~joined
    assert (new[kept] == before[kept]).all()
    assert growth.split.attrs["joined_groups"] == growth.joined
    assert growth.new == count - count // 2


def test_strata_are_within_two_points_when_groups_allow() -> None:
    table = lesions([(1 + n % 2, d) for n, d in enumerate(["nevus"] * 400 + ["melanoma"] * 200)])
    for seed in range(5):
        split = splits.split_by_group(table, seed=seed).set_index("image_id")["split"]
        fold = folds.folds_by_group(table, 5, seed=seed).set_index("image_id")["fold"]
        for _, rows in table.groupby("diagnosis"):
            shares = rows["image_id"].map(split).value_counts(normalize=True)
            for name, fraction in splits.DEFAULT_FRACTIONS.items():
                assert abs(shares[name] - fraction) <= 0.02
            for share in rows["image_id"].map(fold).value_counts(normalize=True):
                assert abs(share - 0.2) <= 0.02


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


def test_a_leaky_split_says_so_and_is_refused(tmp_path: Path) -> None:
    table = lesions([(4, "nevus")] * 30)
    splits.write(split_kinds.leaky(table), tmp_path / "s.parquet")
    with pytest.raises(SplitLeakError, match="leaky on purpose"):
        splits.load(tmp_path / "s.parquet", table)
    side = splits.load(tmp_path / "s.parquet", table, allow_leaks=True)
    assert splits.crossing(side, table)
    alone = table.assign(group_id=table["image_id"])
    with pytest.raises(SplitLeakError, match="leaky on purpose"):  # even where by chance no group crosses
        splits.load(tmp_path / "s.parquet", alone)


def test_official_splits_keep_their_leaks_until_they_are_dropped(tmp_path: Path) -> None:
    table = lesions([(2, "nevus"), (1, "nevus"), (1, "nevus")])
    table["official_split"] = pd.Series(["train", "test", "train", None], dtype="string")
    made = split_kinds.official(table)
    splits.write(made, tmp_path / "s.parquet")
    with pytest.raises(SplitLeakError, match="1 groups"):
        splits.load(tmp_path / "s.parquet", table)
    clean = split_kinds.without_leaks(made, table)
    assert aligned(clean, table).tolist() == ["unused", "test", "train", "unused"]
    with pytest.raises(DataError, match="official"):
        split_kinds.official(table.assign(official_split=None))


def test_balanced_takes_as_many_of_each_and_spreads_over_groups() -> None:
    table = lesions([(5, "nevus")] * 30 + [(1, "melanoma")] * 24)
    side = aligned(split_kinds.balanced(table, seed=3), table)
    used = table[side != "unused"]
    assert used["diagnosis"].value_counts().to_dict() == {"nevus": 24, "melanoma": 24}
    assert used["group_id"].nunique() == 48
    with pytest.raises(DataError, match="no column"):
        split_kinds.balanced(table, "colour")


def test_the_source_left_out_tests_and_what_is_tied_to_it_is_unused() -> None:
    table = lesions([(1, "nevus")] * 40)
    table["source"] = ["a"] * 30 + ["b"] * 10
    table.loc[0, "group_id"] = table.loc[35, "group_id"]
    side = aligned(split_kinds.leave_source_out(table, "b"), table)
    assert (side[30:] == "test").all()
    assert side[0] == "unused"
    assert set(side[1:30]) == {"train", "val"}
    with pytest.raises(DataError, match="has a, b"):
        split_kinds.leave_source_out(table, "c")
