"""How many images have what, and which diagnoses give their source away."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

NEARLY = 0.9
"""A class whose images come from one source to this share nearly equals it, if others have images too."""
SUSPECT = 20
"""Fewer images than this say nothing about a class."""
_AGES = (0, 20, 30, 40, 50, 60, 70, 80, 200)
_UNKNOWN = "(unknown)"


def counts(values: pd.Series) -> dict[str, int]:
    """How often each value occurs, the most frequent first; null is ``(unknown)``."""
    found = values.astype("string").fillna(_UNKNOWN).value_counts()
    return {str(name): int(count) for name, count in found.items()}


def sizes(rows: pd.DataFrame) -> pd.Series:
    """``WIDTH×HEIGHT`` of every image, null where it was not read."""
    text = rows["width"].astype("string") + "×" + rows["height"].astype("string")
    return text.where(rows["width"].notna())


def age_bands(ages: pd.Series) -> pd.Series:
    """Ages in years as ``0–19``, then ten years each, then ``80+``."""
    names = [f"{low}–{high - 1}" for low, high in pairwise(_AGES[:-1])] + [f"{_AGES[-2]}+"]
    return pd.cut(ages.astype(float), list(_AGES), right=False, labels=names).astype("string")


def by_source(rows: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Images of each diagnosis by source; sources without any are left out."""
    table = pd.crosstab(rows["diagnosis"].fillna(_UNKNOWN), rows["source"])
    return {str(name): {str(k): int(v) for k, v in row.items() if v} for name, row in table.iterrows()}


def nearly_equal(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Diagnoses that nearly equal a source: a network can then name the source instead of the disease.

    Of one modality with several sources: a diagnosis with ``SUSPECT`` images of which ``NEARLY`` all come from one
    source, although that source has less than that share of all images.
    """
    found = []
    for modality, part in rows.groupby("modality"):
        shares = part["source"].value_counts(normalize=True)
        for diagnosis, members in part.groupby("diagnosis"):
            own = members["source"].value_counts(normalize=True)
            if len(shares) > 1 and len(members) >= SUSPECT and own.iloc[0] >= NEARLY > shares[own.index[0]]:
                found.append(
                    {
                        "modality": str(modality),
                        "diagnosis": str(diagnosis),
                        "source": str(own.index[0]),
                        "images": len(members),
                        "share": round(float(own.iloc[0]), 3),
                    }
                )
    return found
