from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.data.splitting import splits
from tejido.data.splitting.growth import grow
from tests.data.splitting.linked import aligned, graphs, linked


@settings(deadline=None, max_examples=40)
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
