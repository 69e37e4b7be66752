from __future__ import annotations

import numpy as np

from tejido.data.duplicates.hamming import HashIndex


def test_the_index_finds_what_comparing_all_finds() -> None:
    draw = np.random.default_rng(1)
    base = draw.integers(0, 2**63, 400, dtype=np.uint64)
    flips = [
        np.bitwise_or.reduce(np.uint64(1) << draw.permutation(64)[:k].astype(np.uint64))
        for k in range(1, 4)
        for _ in range(100)
    ]
    near = base[:300] ^ np.array(flips, np.uint64)
    both = np.concatenate([base, near])
    asked, hit = HashIndex(both).near(both, 3)
    found = set(zip(asked.tolist(), hit.tolist(), strict=True))
    distance = np.bitwise_count(both[:, None] ^ both[None, :])
    truth = set(zip(*(part.tolist() for part in np.nonzero(distance <= 3)), strict=True))
    assert found <= truth
    assert len(found) >= 0.99 * len(truth)


def test_a_crowd_of_equal_hashes_costs_no_time() -> None:
    asked, _ = HashIndex(np.zeros(20_000, np.uint64)).near(np.zeros(20_000, np.uint64), 8)
    assert len(asked) == 0
