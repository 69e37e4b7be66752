from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tejido.metrics.selective import risk_area, risk_coverage


def test_by_hand() -> None:
    right = np.array([True, False, True, True])
    certainty = np.array([0.9, 0.6, 0.8, 0.6])
    coverage, risk = risk_coverage(right, certainty)
    assert coverage.tolist() == [0.25, 0.5, 1.0]  # the two of .6 are answered together
    assert risk.tolist() == [0.0, 0.0, 0.25]
    assert risk_area(right, certainty)(np.ones(4)) == pytest.approx(0.5 * 0.25)


def test_certainty_that_says_nothing_has_the_error_rate() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(20_000) < 0.7
    assert risk_area(right, rng.random(20_000))(np.ones(20_000)) == pytest.approx(0.3, abs=0.02)
    assert risk_area(right, np.zeros(20_000))(np.ones(20_000)) == pytest.approx(1 - right.mean())
    best = risk_area(right, right.astype(float) + rng.random(20_000) * 0.1)(np.ones(20_000))
    share = 1 - right.mean()
    assert best == pytest.approx(share + (1 - share) * np.log(1 - share), abs=1e-3)  # Geifman et al. 2019, eq. 6


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=30))
def test_weights_are_copies(rows: list[tuple[bool, int, int]]) -> None:
    right, certainty, weights = (np.array(column) for column in zip(*rows, strict=True))
    if not weights.sum():
        return
    copied = risk_area(right.repeat(weights), certainty.repeat(weights))(np.ones(int(weights.sum())))
    assert risk_area(right, certainty)(weights.astype(float)) == pytest.approx(copied)
