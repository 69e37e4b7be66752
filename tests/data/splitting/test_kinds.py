from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings

from tejido.data.splitting import folds, kinds, splits
from tejido.errors import DataError, SplitLeakError
from tests.data.splitting.linked import aligned, graphs, linked
from tests.data.tables import lesions


@settings(deadline=None, max_examples=15)
@given(graphs)
@example((10, [(0, 1), (0, 16)], 7))
def test_for_random_links_and_seeds_no_group_crosses(graph: tuple[int, list[tuple[int, int]], int]) -> None:
    count, links, seed = graph
    table = linked(count, links, seed)
    shuffled = table.sample(frac=1, random_state=seed)
    for make in (
        lambda t: splits.split_by_group(t, seed=seed),
        lambda t: kinds.without_leaks(kinds.official(t), t),
        lambda t: kinds.balanced(t, seed=seed),
        lambda t: kinds.leave_source_out(t, "one", seed=seed),
    ):
        try:
            made = make(table)
        except DataError:
            continue  # one source, one diagnosis, or no official split in so small a table
        splits.check(aligned(made, table), table)
        pd.testing.assert_frame_equal(made, make(shuffled))
    if table["group_id"].nunique() < 3:
        return
    made = folds.folds_by_group(table, 3, seed=seed)
    folds.check_folds(table["image_id"].map(made.set_index("image_id")["fold"]), table)
    pd.testing.assert_frame_equal(made, folds.folds_by_group(shuffled, 3, seed=seed))


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


def test_a_leaky_split_says_so_and_is_refused(tmp_path: Path) -> None:
    table = lesions([(4, "nevus")] * 30)
    splits.write(kinds.leaky(table), tmp_path / "s.parquet")
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
    made = kinds.official(table)
    splits.write(made, tmp_path / "s.parquet")
    with pytest.raises(SplitLeakError, match="1 groups"):
        splits.load(tmp_path / "s.parquet", table)
    clean = kinds.without_leaks(made, table)
    assert aligned(clean, table).tolist() == ["unused", "test", "train", "unused"]
    with pytest.raises(DataError, match="official"):
        kinds.official(table.assign(official_split=None))


def test_balanced_takes_as_many_of_each_and_spreads_over_groups() -> None:
    table = lesions([(5, "nevus")] * 30 + [(1, "melanoma")] * 24)
    side = aligned(kinds.balanced(table, seed=3), table)
    used = table[side != "unused"]
    assert used["diagnosis"].value_counts().to_dict() == {"nevus": 24, "melanoma": 24}
    assert used["group_id"].nunique() == 48
    with pytest.raises(DataError, match="no column"):
        kinds.balanced(table, "colour")


def test_the_source_left_out_tests_and_what_is_tied_to_it_is_unused() -> None:
    table = lesions([(1, "nevus")] * 40)
    table["source"] = ["a"] * 30 + ["b"] * 10
    table.loc[0, "group_id"] = table.loc[35, "group_id"]
    side = aligned(kinds.leave_source_out(table, "b"), table)
    assert (side[30:] == "test").all()
    assert side[0] == "unused"
    assert set(side[1:30]) == {"train", "val"}
    with pytest.raises(DataError, match="has a, b"):
        kinds.leave_source_out(table, "c")
