from __future__ import annotations

import numpy as np

from tejido.data.skin_tone import lab


def test_known_colours() -> None:
    # sRGB primaries in CIELAB under D65, as tables give them.
    colours = {
        (255, 255, 255): (100.0, 0.0, 0.0),
        (0, 0, 0): (0.0, 0.0, 0.0),
        (255, 0, 0): (53.24, 80.09, 67.20),
        (0, 255, 0): (87.73, -86.18, 83.18),
        (0, 0, 255): (32.30, 79.19, -107.86),
    }
    found = lab(np.array(list(colours), np.uint8))
    np.testing.assert_allclose(found, list(colours.values()), atol=0.03)
