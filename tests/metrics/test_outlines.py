from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, strategies
from numpy.typing import NDArray
from torchmetrics.functional.classification import binary_f1_score, binary_jaccard_index

from tejido.metrics import outlines

EMPTY, FULL = np.zeros((6, 8), bool), np.ones((6, 8), bool)


def box(top: int, bottom: int, left: int, right: int) -> NDArray[np.bool_]:
    mask = EMPTY.copy()
    mask[top:bottom, left:right] = True
    return mask


def test_by_hand() -> None:
    found, truth = box(0, 4, 0, 4), box(2, 6, 0, 4)  # 16 and 16 pixels, 8 in both
    assert outlines.dice(found, truth) == 0.5
    assert outlines.jaccard(found, truth) == pytest.approx(1 / 3)
    fit = outlines.fit(found, truth)
    assert (fit["sensitivity"], fit["precision"]) == (0.5, 0.5)
    # One row of pixels against the next but one: every pixel is two away.
    lines = outlines.boundary_distances(box(1, 2, 0, 8), box(3, 4, 0, 8))
    assert lines.tolist() == [2.0] * 16


@pytest.mark.parametrize(
    ("found", "truth", "dice", "distance"),
    [(EMPTY, EMPTY, 1, 0), (EMPTY, FULL, 0, 1), (FULL, EMPTY, 0, 1), (FULL, FULL, 1, 0)],
)
def test_empty_and_full(found: NDArray[np.bool_], truth: NDArray[np.bool_], dice: float, distance: float) -> None:
    fit = outlines.fit(found, truth)
    assert (fit["dice"], fit["jaccard"], fit["distance"], fit["distance_95"]) == (dice, dice, distance, distance)
    assert np.isfinite(list(fit.values())).all()


masks = strategies.integers(0, 2**24 - 1).map(
    lambda bits: np.array([bits >> place & 1 for place in range(24)], bool).reshape(4, 6)
)


@given(masks, masks)
def test_overlap_is_that_of_torchmetrics(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> None:
    if not (found.any() or truth.any()):
        return
    pair = torch.from_numpy(found).int(), torch.from_numpy(truth).int()
    assert outlines.dice(found, truth) == pytest.approx(float(binary_f1_score(*pair)))
    assert outlines.jaccard(found, truth) == pytest.approx(float(binary_jaccard_index(*pair)))


@given(masks, masks)
def test_distances_are_those_of_all_pairs(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> None:
    def boundary(mask: NDArray[np.bool_]) -> NDArray[np.int_]:
        padded = np.pad(mask, 1)
        inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        return np.argwhere(mask & ~inner)

    one, other = boundary(found), boundary(truth)
    seen = np.sort(outlines.boundary_distances(found, truth))
    if not (len(one) and len(other)):
        assert not len(seen)
        return
    pairs = np.linalg.norm(one[:, None] - other[None], axis=2)
    assert np.allclose(seen, np.sort(np.concatenate([pairs.min(1), pairs.min(0)])))


def test_pieces_touch_at_corners_too() -> None:
    mask = EMPTY.copy()
    mask[0, 0] = mask[1, 1] = mask[5, 7] = True
    assert outlines.pieces(mask) == 2
    assert outlines.pieces(EMPTY) == 0


def test_summary_is_the_mean_with_an_interval_by_group() -> None:
    rows = [outlines.fit(box(0, 4, 0, 4), box(0, 4, 0, 1 + number)) for number in range(4)]
    table = pd.DataFrame(rows * 5).assign(group_id=[f"g{number // 2}" for number in range(20)])
    found = outlines.summary(table, rounds=200)
    assert found["dice"].value == pytest.approx(table["dice"].mean())
    assert found["dice"].low is not None
    assert found["dice"].low < found["dice"].value
    assert found["failed"].value == pytest.approx((table["jaccard"] < 0.65).mean()) == 0.5
    # Jaccards of 1/4, 1/2, 3/4 and 1: the challenge of 2018 counts the first two as 0.
    assert found["jaccard"].value == pytest.approx(2.5 / 4)
    assert found["thresholded_jaccard"].value == pytest.approx(1.75 / 4)
    assert outlines.summary(table.head(8), rounds=100)["dice"].low is None  # four groups
    limit = table.head(1).assign(jaccard=0.65)
    assert outlines.summary(limit, rounds=100)["thresholded_jaccard"].value == 0.65
