"""Manifests whose images are tied by random links."""

from __future__ import annotations

import random

import pandas as pd
from hypothesis import strategies as st

from tejido.data.splitting.groups import group_ids
from tests.data.tables import manifest

graphs = st.tuples(
    st.integers(8, 80), st.lists(st.tuples(st.integers(0, 79), st.integers(0, 79)), max_size=60), st.integers(0, 9)
)


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


def aligned(split: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    return table["image_id"].map(split.set_index("image_id")["split"])
