"""Fewer training images on purpose, as for a learning curve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tejido.data.splitting.strata import strata


def limited(table: pd.DataFrame, limit: int, *, seed: int = 0) -> pd.DataFrame:
    """At most ``limit`` images: whole groups, every stratum of diagnosis and confirmation with its share.

    The groups of a stratum are taken in an order that only ``seed`` and their ids decide, as long as they fit into its
    share (largest remainders); then what is left is filled with any groups that fit.

    Args:
        table: manifest rows.
        limit: of images; more than there are takes them all.
        seed: another seed, other groups.

    Returns:
        The rows of the chosen groups, in their order.
    """
    if limit >= len(table):
        return table
    groups = strata(table, seed)
    room = _shares(groups.groupby("stratum")["size"].sum(), limit)
    chosen: set[str] = set()
    for group, stratum, size in zip(groups.index, groups["stratum"], groups["size"], strict=True):
        if size <= room[stratum]:
            chosen.add(group)
            room[stratum] -= size
    left = sum(room.values())
    for group, size in groups["size"].items():
        if group not in chosen and size <= left:
            chosen.add(str(group))
            left -= size
    return table[table["group_id"].isin(chosen)]


def _shares(sizes: pd.Series, limit: int) -> dict[str, int]:
    """Whole numbers in proportion to ``sizes`` that sum to ``limit``; the largest remainders are rounded up."""
    exact = sizes.to_numpy(float) * limit / sizes.sum()
    whole = np.floor(exact).astype(int)
    most = np.argsort(whole - exact, kind="stable")[: limit - whole.sum()]
    whole[most] += 1
    return dict(zip(sizes.index, whole.tolist(), strict=True))
