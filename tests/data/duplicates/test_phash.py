from __future__ import annotations

import numpy as np

from tejido.data.duplicates.phash import ORIENTATIONS, UPRIGHT, as_hex, hashes, view_hashes
from tests.data.pictures import blotch, thumbnail


def test_views_are_the_hashes_of_turned_pictures() -> None:
    thumbnails = np.stack([thumbnail(blotch(seed)) for seed in range(50)])
    for view, seen in zip(ORIENTATIONS, view_hashes(thumbnails, ORIENTATIONS), strict=True):
        turned = next(view_hashes(np.ascontiguousarray(view.apply(thumbnails)), (UPRIGHT,)))
        assert np.bitwise_count(seen ^ turned).max() <= 1
    assert len(as_hex(hashes(thumbnails)[0])) == 16
