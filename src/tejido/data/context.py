"""Age, sex and site of manifest rows, as the numbers that a network reads."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.context import SEXES, SITES, UNKNOWN, sex_code, site_code


def context_of(rows: pd.DataFrame) -> tuple[NDArray[np.float32], Counter[str]]:
    """Encode the columns ``age``, ``sex`` and ``site``.

    Returns:
        ``float32[N, 3]``: age in years or NaN, code of the sex, code of the site (``tejido.context``; 0 for unknown);
        and the words that have no code, which count as unknown, as ``site 'elbow'``, with how many rows have them.
    """
    result = np.empty((len(rows), 3), np.float32)
    result[:, 0] = rows["age"].to_numpy(float, na_value=np.nan)
    unmapped: Counter[str] = Counter()
    for column, (name, code) in enumerate((("sex", sex_code), ("site", site_code)), start=1):
        words = [None if pd.isna(word) else str(word) for word in rows[name]]
        result[:, column] = [code(word) for word in words]
        unmapped.update(f"{name} {word!r}" for word in words if word is not None and code(word) == UNKNOWN)
    return result, unmapped


def in_words(row: Sequence[float]) -> dict[str, float | str | None]:
    """A row of ``context_of`` as a person would tell it: ``age``, ``sex`` and ``site``, None for unknown."""
    age, sex, site = row
    return {
        "age": None if math.isnan(age) else float(age),
        "sex": None if sex == UNKNOWN else SEXES[int(sex) - 1].name,
        "site": None if site == UNKNOWN else SITES[int(site) - 1].name,
    }
