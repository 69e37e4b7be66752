from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tejido.data.splitting.limit import limited
from tests.data.splitting.test_splits import lesions, tables


@settings(max_examples=25)
@given(tables, st.integers(1, 300), st.integers(0, 3))
def test_whole_groups_never_too_many_and_row_order_does_not_matter(table: pd.DataFrame, limit: int, seed: int) -> None:
    part = limited(table, limit, seed=seed)
    assert len(part) <= limit
    whole = table.groupby("group_id").size()
    assert (part.groupby("group_id").size() == whole[part["group_id"].unique()]).all()
    others = table[~table["group_id"].isin(part["group_id"])]
    if len(others):  # nothing that would still have fitted was left out
        assert len(part) + others.groupby("group_id").size().min() > limit
    shuffled = limited(table.sample(frac=1, random_state=seed), limit, seed=seed)
    assert set(shuffled["image_id"]) == set(part["image_id"])


def test_every_diagnosis_keeps_its_share() -> None:
    table = lesions([(1, "nevus")] * 700 + [(2, "melanoma")] * 100 + [(1, "dermatofibroma")] * 100)
    counts = limited(table, 100)["diagnosis"].value_counts()
    assert counts.to_dict() == {"nevus": 70, "melanoma": 20, "dermatofibroma": 10}


def test_single_images_are_drawn_exactly_and_another_seed_draws_others() -> None:
    table = lesions([(1, "nevus")] * 90 + [(1, "melanoma")] * 10)
    one, two = (limited(table, 37, seed=seed) for seed in (0, 1))
    assert len(one) == len(two) == 37
    assert set(one["image_id"]) != set(two["image_id"])
    assert len(limited(table, 1000)) == 100
