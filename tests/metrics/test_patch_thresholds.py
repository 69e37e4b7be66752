from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tejido.metrics.patch_thresholds import UMA2022, between_votes, threshold_table, votes_needed

VOTES = np.array([15, 14, 13, 5, 14, 6, 2, 1])
POSITIVE = np.array([True] * 4 + [False] * 4)
GROUPS = pd.Series(list("abcdefgh"))


def test_the_table_of_the_thesis_by_hand() -> None:
    table = threshold_table(VOTES, 15, POSITIVE, GROUPS, rounds=200).set_index("threshold")
    # At least so many of 15: 1.5, 3.75, 7.5, 11.25 and 13.5, rounded up.
    expected = {
        0.10: (2, 4 / 4, 1 / 4, 5 / 8),
        0.25: (4, 4 / 4, 2 / 4, 6 / 8),
        0.50: (8, 3 / 4, 3 / 4, 6 / 8),
        0.75: (12, 3 / 4, 3 / 4, 6 / 8),
        0.90: (14, 2 / 4, 3 / 4, 5 / 8),
    }
    for threshold, row in expected.items():
        found = table.loc[threshold, ["votes", "recall_positive", "recall_negative", "accuracy"]]
        assert tuple(found) == pytest.approx(row), threshold


def test_every_step_of_any_grid_is_there() -> None:
    table = threshold_table(VOTES, 15, POSITIVE, GROUPS, rounds=200)
    assert len(table) == 15 + len(UMA2022)
    assert table["threshold"].is_monotonic_increasing
    steps = table[~table["threshold"].isin(UMA2022)]
    assert steps["votes"].tolist() == list(range(1, 16))
    # Asking for more never finds more, and never accuses more.
    assert table["recall_positive"].is_monotonic_decreasing
    assert table["recall_negative"].is_monotonic_increasing
    known = table.dropna()
    assert ((known["accuracy_low"] <= known["accuracy"]) & (known["accuracy"] <= known["accuracy_high"])).all()
    assert threshold_table(VOTES // 4, 4, POSITIVE, GROUPS, rounds=200)["votes"].max() == 4


def test_without_a_negative_its_recall_is_undefined() -> None:
    table = threshold_table(VOTES[:4], 15, POSITIVE[:4], GROUPS[:4], rounds=200)
    assert table["recall_negative"].isna().all()
    assert table["recall_positive"].notna().all()


@given(st.integers(1, 60), st.data())
def test_a_threshold_between_votes_decides_alike_in_any_precision(count: int, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, 4 * count))
    exact = Fraction(step, 4 * count)
    between = between_votes(float(exact), count)
    for votes in range(count + 1):
        assert (votes >= votes_needed(float(exact), count)) == (Fraction(votes, count) >= exact)
        for share in (np.float32(votes) / np.float32(count), np.float64(votes / count)):
            assert (share >= between) == (Fraction(votes, count) >= exact)
            for near in (np.nextafter(share, share - 1), np.nextafter(share, share + 1)):
                assert (near >= between) == (share >= between) or between == 0
