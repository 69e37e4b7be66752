"""Hashes that differ in few bits, found without comparing all with all.

Several sets of bits are drawn; two hashes are compared where they agree on all bits of one set. The more hashes there
are, the more bits a set has, so that the number of comparisons grows about as fast as the number of hashes.
"""

from __future__ import annotations

from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

BANDS = 24
"""How many sets of bits are drawn; with 24, a pair of 60,000 hashes that differs in 4 of 64 bits is missed once in
2,000 times, one that differs in 6 once in 40."""
_BITS = 64
_CHUNK = 4_000_000
_ROWS = 16_384
_CROWD = 512
"""More hashes than this that agree on a set of bits say nothing (blank glass): that set passes them over."""


class HashIndex:
    """Hashes, sorted by each set of bits.

    Args:
        hashes: ``uint64[N]``.
    """

    def __init__(self, hashes: NDArray[np.uint64]) -> None:
        self._hashes = hashes
        width = min(_BITS // 2, max(8, ceil(log2(max(2, len(hashes)))) + 2))
        draw = np.random.default_rng(0)
        bands = np.zeros((_BITS, BANDS))
        for band in range(BANDS):
            bands[draw.permutation(_BITS)[:width], band] = 2.0 ** np.arange(width)
        self._bands = bands
        keys = self._keys(hashes)
        self._orders = [np.argsort(key, kind="stable") for key in keys]
        self._sorted = [key[order] for key, order in zip(keys, self._orders, strict=True)]

    def near(self, queries: NDArray[np.uint64], radius: int) -> NDArray[np.int64]:
        """Pairs of a query and a hash that differ in at most ``radius`` bits.

        Returns:
            ``int64[2, pairs]``: positions of the queries, and of the hashes. No pair occurs twice.
        """
        count = len(self._hashes)
        found = [np.zeros(0, np.int64)]
        for wanted, order, keys in zip(self._keys(queries), self._orders, self._sorted, strict=True):
            turn = np.argsort(wanted, kind="stable")  # neighbours in the index are asked for one after the other
            first = np.searchsorted(keys, wanted[turn], "left")
            sizes = np.searchsorted(keys, wanted[turn], "right") - first
            sizes[sizes > _CROWD] = 0
            for place, position in _ranges(first, sizes):
                asked, hit = turn[place], order[position]
                close = np.bitwise_count(queries[asked] ^ self._hashes[hit]) <= radius
                found.append(asked[close] * count + hit[close])
        codes = np.unique(np.concatenate(found))
        return np.stack(np.divmod(codes, max(count, 1)))

    def _keys(self, hashes: NDArray[np.uint64]) -> list[NDArray[np.uint32]]:
        """The bits of every set, packed: one array a set."""
        keys = np.empty((BANDS, len(hashes)), np.uint32)
        for start in range(0, len(hashes), _ROWS):
            some = hashes[start : start + _ROWS]
            bits = np.unpackbits(some.view(np.uint8).reshape(-1, 8), axis=1)
            keys[:, start : start + _ROWS] = (bits @ self._bands).T  # exact: whole numbers below 2 ** 32
        return list(keys)


def _ranges(first: NDArray[np.int64], sizes: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Every position in the ranges with the query it answers, in parts that fit in memory."""
    ends = np.cumsum(sizes)
    parts = []
    start = 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _CHUNK, "right")))
        some = sizes[start:stop]
        asked = np.repeat(np.arange(start, stop), some)
        offset = np.arange(len(asked)) - np.repeat(np.cumsum(some) - some, some)
        parts.append((asked, np.repeat(first[start:stop], some) + offset))
        start = stop
    return parts
