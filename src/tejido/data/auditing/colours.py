"""Pictures whose colours cannot be right, such as red and blue swapped."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tejido.data.skin_tone import lab

MARGIN = 20.0
"""Levels by which blue exceeds red on the whole picture: skin hardly ever looks so, unless channels were swapped.

The four swapped pictures published by mistake in ISIC 2020 differ by 24 to 80. Some old pictures of the ISIC Archive
have such a blue cast of their own.
"""
BLUE_SKIN = "blue skin, channels swapped?"
"""The remark on them."""
SPREADS = 6.0
"""Robust standard deviations in a* or b* beyond which a picture is an outlier among those of its source."""
_LEAST = 8.0
"""Colours of a source spread at least this much, so that a uniform source has no outliers by accident."""


def outliers(thumbnails: NDArray[np.uint8], sources: pd.Series, modality: pd.Series) -> pd.Series:
    """Why the colours of a picture are suspect; null where they are not.

    Args:
        thumbnails: ``uint8[N, S, S, 3]``.
        sources: of the pictures.
        modality: of the pictures; stained tissue may be blue.

    Returns:
        Series of ``blue skin, channels swapped?``, ``unusual colours`` or null, with the index of ``sources``.
    """
    mean = thumbnails.reshape(len(thumbnails), -1, 3).mean(1)
    swapped = (mean[:, 2] > mean[:, 0] + MARGIN) & (modality != "histology").to_numpy(bool)
    colour = pd.DataFrame(lab(mean)[:, 1:], index=sources.index)
    centre = colour.groupby(sources).transform("median")
    away = (colour - centre).abs()
    spread = (1.4826 * away.groupby(sources).transform("median")).clip(lower=_LEAST / 2)
    unusual = (away > SPREADS * spread).any(axis=1)
    reason = pd.Series(pd.NA, index=sources.index, dtype="string")
    reason[unusual] = "unusual colours"
    reason[swapped] = BLUE_SKIN
    return reason
