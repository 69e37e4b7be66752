"""What divides images into parts: age bands and what else a manifest knows, and what was measured in the pictures."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from tejido.data.skin_tone import BANDS

AGES = (30, 50, 70)
"""Years at which an age band begins."""
COVERED = (0.1, 0.3)
"""Shares of the picture at which a lesion begins to be larger."""
_AS_THEY_ARE = ("sex", "site", "skin_type", "source", "modality", "confirmation", "device")


def attributes(rows: pd.DataFrame) -> pd.DataFrame:
    """One column an attribute, text or ordered categories, null where it is not known; a row an image.

    Args:
        rows: of a manifest or another table with some of its columns; ``tone`` (degrees), ``hair`` and ``covered``
            (shares of the picture) where they were measured.
    """
    found = {name: rows[name].astype("string") for name in _AS_THEY_ARE if name in rows}
    if "age" in rows:
        names = [f"{low}-{high - 1}" for low, high in pairwise((0, *AGES))]
        found["age"] = _banded(rows["age"], AGES, [*names, f"{AGES[-1]}+"])
    if "tone" in rows:
        tones, angles = zip(*reversed(BANDS), strict=True)
        found["skin tone"] = _banded(rows["tone"], angles[1:], list(tones))
    if "hair" in rows:
        found["hair"] = _thirds(rows["hair"])
    if "covered" in rows:
        shares = [0, *(round(100 * share) for share in COVERED), 100]
        found["lesion covers"] = _banded(rows["covered"], COVERED, [f"{a}-{b} %" for a, b in pairwise(shares)])
    table = pd.DataFrame(found, index=rows.index)
    return table.loc[:, table.notna().any()]


def _banded(values: pd.Series, edges: tuple[float, ...], names: list[str]) -> pd.Series:
    """Bands, each from its edge up to the next."""
    numbers = values.astype("Float64").to_numpy(float, na_value=float("nan"))
    bins = [-float("inf"), *edges, float("inf")]
    return pd.Series(pd.cut(numbers, bins, labels=names, right=False), index=values.index)


def _thirds(values: pd.Series) -> pd.Series:
    """Least, middle and most third; where many values are equal, all of them are in the same."""
    rank = values.astype("Float64").rank(method="average", pct=True).to_numpy(float, na_value=float("nan"))
    names = ["least third", "middle third", "most third"]
    return pd.Series(pd.cut(rank, [0, 1 / 3, 2 / 3, 1], labels=names), index=values.index)
