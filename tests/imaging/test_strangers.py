from __future__ import annotations

import numpy as np
import pytest

from tejido.imaging.strangers import FAMILIES, stranger


@pytest.mark.parametrize("family", FAMILIES)
def test_always_the_same_and_never_twice(family: str) -> None:
    pictures = [stranger(family, number) for number in range(8)]
    assert all(picture.shape == (192, 192, 3) and picture.dtype == np.uint8 for picture in pictures)
    assert np.array_equal(pictures[3], stranger(family, 3))
    assert len({picture.tobytes() for picture in pictures}) == 8


def test_text_has_letters_and_plain_has_none() -> None:
    def edges(family: str) -> float:
        return float(np.mean([np.abs(np.diff(stranger(family, n).astype(float), axis=1)).max() for n in range(5)]))

    assert edges("text") > 80
    assert edges("gradient") < 20
