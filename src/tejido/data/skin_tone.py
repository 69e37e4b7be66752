"""Skin tone by the individual typology angle, for pictures without a Fitzpatrick type.

ITA = atan((L* - 50) / b*) in degrees, of the skin around the lesion: here the median over the brighter half of the
thumbnail's border, which leaves out dark corners and hairs. Light, camera and colour correction change it, so it is an
estimate for counting subgroups, no measurement of a person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BANDS = (
    ("very light", 55.0),
    ("light", 41.0),
    ("intermediate", 28.0),
    ("tan", 10.0),
    ("brown", -30.0),
    ("dark", -91.0),
)
"""Names with the least angle of each (Del Bino and Bernerd 2013)."""
_BORDER = 3


def ita(thumbnails: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Angle in degrees of every picture: ``float64[N]`` of ``uint8[N, S, S, 3]``."""
    mask = np.ones(thumbnails.shape[1:3], bool)
    mask[_BORDER:-_BORDER, _BORDER:-_BORDER] = False
    border = lab(thumbnails[:, mask])
    lightness = border[..., 0]
    bright = lightness >= np.median(lightness, axis=1, keepdims=True)
    kept = np.where(bright[..., None], border, np.nan)
    middle = np.nanmedian(kept, axis=1)
    result: NDArray[np.float64] = np.degrees(np.arctan2(middle[:, 0] - 50, middle[:, 2].clip(1e-6)))
    return result


def band(angle: float) -> str:
    """The name of an angle's band."""
    return next(name for name, least in BANDS if angle > least)


def lab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIE L*a*b* (D65) of sRGB, ``[..., 3]``."""
    value = rgb / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = linear @ _TO_XYZ.T / _WHITE
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lightness = 116 * root[..., 1] - 16
    return np.stack([lightness, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])], axis=-1)


_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
