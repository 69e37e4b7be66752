from __future__ import annotations

import pandas as pd
import pytest

from tejido.metrics.refusals import refusals


def test_counted_by_hand() -> None:
    asked = pd.DataFrame(
        {
            "group_id": ["a", "a", "b", "c", "d", "e"],
            "truth": ["benign", "benign", "benign", "benign", "ill", "ill"],
            "reason": ["blur", None, None, "other", None, "blur"],
        }
    )
    four = [asked.assign(group_id=asked["group_id"] + str(copy)) for copy in range(4)]
    asked = pd.concat(four, ignore_index=True)
    found = {(one.of, one.reason): one for one in refusals(asked, rounds=500)}
    assert {key: (one.images, one.share.value) for key, one in found.items()} == {
        ("all", None): (24, 0.5),
        ("benign", None): (16, 0.5),
        ("ill", None): (8, 0.5),
        ("all", "blur"): (24, pytest.approx(2 / 6)),
        ("all", "other"): (24, pytest.approx(1 / 6)),
    }
    low, high = found["all", None].share.low, found["all", None].share.high
    assert low is not None
    assert high is not None
    assert low < 0.5 < high
    assert found["benign", None].share.low is not None  # of 12 groups
    assert found["ill", None].share.low is None  # of 8


def test_none_refused_has_no_interval() -> None:
    asked = pd.DataFrame({"group_id": ["a", "b"], "truth": ["x", "y"], "reason": [None, None]})
    (every, *_) = refusals(asked, rounds=100)
    assert (every.share.value, every.share.low) == (0.0, None)
