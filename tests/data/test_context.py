from __future__ import annotations

import numpy as np
import pandas as pd

from tejido.context import SEXES, SITES
from tejido.data.context import context_of, in_words
from tejido.data.manifest import TYPES


def rows(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns).astype({name: TYPES[name] for name in columns})


def test_known_unknown_and_words_without_a_code() -> None:
    table = rows(
        age=[55.0, None, 0.0, 81.5],
        sex=["male", "female", None, "other"],
        site=["posterior torso", "elbow pit", None, "elbow pit"],
    )
    context, unmapped = context_of(table)
    sexes, sites = ([choice.name for choice in table] for table in (SEXES, SITES))
    assert context.dtype == np.float32
    np.testing.assert_array_equal(context[:, 0], [55, np.nan, 0, 81.5])
    assert context[:, 1].tolist() == [sexes.index("male") + 1, sexes.index("female") + 1, 0, 0]
    assert context[:, 2].tolist() == [sites.index("posterior_torso") + 1, 0, 0, 0]
    assert unmapped == {"sex 'other'": 1, "site 'elbow pit'": 2}
    assert in_words(context[0]) == {"age": 55, "sex": "male", "site": "posterior_torso"}
    assert in_words(context[3]) == {"age": 81.5, "sex": None, "site": None}
    assert in_words(context[1])["age"] is None


def test_nothing_known_at_all() -> None:
    context, unmapped = context_of(rows(age=[None] * 3, sex=[None] * 3, site=[None] * 3))
    np.testing.assert_array_equal(context, np.tile([np.nan, 0, 0], (3, 1)).astype(np.float32))
    assert not unmapped
