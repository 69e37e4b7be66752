from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tejido.export.aggregate import Aggregate
from tejido.metrics.aggregate import RULES, aggregate, of_images


def by_hand(patches: list[list[float]], rule: str, positive: int | None, k: int) -> list[float]:
    """The rules once more, with nothing but loops."""
    labels = range(len(patches[0]))
    scores = []
    for label in labels if positive is None else [positive]:
        column = [patch[label] for patch in patches]
        if rule == "vote" and positive is not None:
            score = sum(p >= 0.5 for p in column) / len(column)
        elif rule == "vote":
            score = sum(patch.index(max(patch)) == label for patch in patches) / len(column)
        elif rule == "mean":
            score = sum(column) / len(column)
        elif rule == "max":
            score = max(column)
        else:
            best = sorted(column, reverse=True)[:k]
            score = sum(best) / len(best)
        scores.append(score)
    if positive is not None:
        return [1 - scores[0], scores[0]] if positive == 1 else [scores[0], 1 - scores[0]]
    return [score / sum(scores) for score in scores]


@given(
    st.sampled_from(RULES),
    st.sampled_from([(2, 0), (2, 1), (2, None), (3, None), (8, None)]),
    st.integers(1, 20),
    st.integers(1, 20),
    st.data(),
)
def test_three_ways_to_the_same_answer(
    rule: str, task: tuple[int, int | None], count: int, k: int, data: st.DataObject
) -> None:
    labels, positive = task
    # Powers of two keep sums exact, so that a vote on the edge of 0.5 is the same in every precision.
    raw = data.draw(arrays(np.int64, (count, labels), elements=st.integers(0, 64)))
    patches = (raw + 1) / 2.0 ** np.ceil(np.log2((raw + 1).sum(1, keepdims=True)))
    if labels == 2:
        patches[:, 1] = 1 - patches[:, 0]
    expected = by_hand(patches.tolist(), rule, positive, k)
    found = aggregate(patches[None], rule, positive=positive, top_k=k)[0]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    graph = Aggregate(rule, positive=positive, top_k=k)(torch.tensor(patches, dtype=torch.float32))
    np.testing.assert_allclose(graph.numpy(), expected, atol=1e-6)
    assert found.sum() == pytest.approx(1)


def test_by_numbers() -> None:
    patches = np.array([[[0.9, 0.1], [0.5, 0.5], [0.2, 0.8], [0.4, 0.6]]])
    values = {"vote": 0.75, "mean": 0.5, "max": 0.8, "top_k": 0.7}
    for rule, value in values.items():
        np.testing.assert_allclose(aggregate(patches, rule, positive=1, top_k=2), [[1 - value, value]])
    assert aggregate(patches, "vote", positive=0)[0, 0] == 0.5


def test_images_from_a_table_of_patches() -> None:
    table = pd.DataFrame(
        {
            "image_id": ["a"] * 3 + ["b"] * 3,
            "patch": [0, 1, 2] * 2,
            "group_id": ["g"] * 6,
            "truth": ["bad"] * 3 + ["good"] * 3,
            "p_good": [0.1, 0.2, 0.9, 0.8, 0.6, 0.4],
            "p_bad": [0.9, 0.8, 0.1, 0.2, 0.4, 0.6],
        }
    )
    images, votes = of_images(table, "vote", positive="bad")
    assert votes.tolist() == [2, 1]
    assert images["image_id"].tolist() == ["a", "b"]
    assert images["truth"].tolist() == ["bad", "good"]
    np.testing.assert_allclose(images["p_bad"], [2 / 3, 1 / 3])
    assert "patch" not in images
    many, none = of_images(table, "mean")
    np.testing.assert_allclose(many["p_bad"], [0.6, 0.4])
    assert none.tolist() == [0, 0]
