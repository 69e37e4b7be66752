from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.data.splitting import splits
from tejido.data.splitting.growth import grow
from tejido.errors import DataError
from tests.data.splitting.linked import aligned, graphs, linked
from tests.data.tables import lesions


@settings(deadline=None, max_examples=20)
@given(graphs, st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=20))
def test_a_grown_split_keeps_sides_and_joined_groups_train(
    graph: tuple[int, list[tuple[int, int]], int], more: list[tuple[int, int]]
) -> None:
    count, links, seed = graph
    whole = linked(count, links + more, seed)
    part = linked(count, links, seed).iloc[: count // 2]
    old = splits.split_by_group(part, seed=seed)
    growth = grow(old, whole, seed=seed)
    new = aligned(growth.split, whole)
    splits.check(new, whole)
    before = aligned(old, whole)
    joined = whole["group_id"].isin(growth.joined)
    assert (new[joined] == "train").all()
    kept = before.notna() & ~joined
    assert (new[kept] == before[kept]).all()
    assert growth.split.attrs["joined_groups"] == growth.joined
    assert growth.new == count - count // 2


def test_images_that_were_left_out_stay_out_and_move_nobody() -> None:
    table = lesions([(2, "nevus"), (2, "nevus"), (1, "nevus"), (3, "melanoma")])
    names = pd.Series(["test", "unused", "unused", "unused", "train", "val", "val", "unused"])
    grown = grow(splits.table(table.iloc[:7], names[:7]), table)
    assert (grown.joined, grown.moved, grown.new) == ([], 0, 1)
    assert aligned(grown.split, table).tolist() == [*names[:7], "val"]


def test_a_group_with_a_synthetic_image_goes_to_train_and_counts_once() -> None:
    table = lesions([(1, "nevus")] * 20)
    table.loc[:1, "synthetic"] = True
    before = pd.Series(["train", "unused", *["train"] * 11, *["val"] * 3, *["test"] * 4])
    grown = grow(splits.table(table, before), table)
    assert aligned(grown.split, table).tolist() == before.tolist()
    table.loc[19, "synthetic"] = True
    grown = grow(splits.table(table, before), table)
    assert aligned(grown.split, table).tolist() == [*before[:19], "train"]
    assert grown.moved == 1


def test_shares_are_checked() -> None:
    table = lesions([(1, "nevus")])
    with pytest.raises(DataError, match="sum to 1"):
        grow(splits.table(table, pd.Series(["train"])), table, {"train": 0.5, "test": 0.5})
