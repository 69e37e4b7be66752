from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tejido.runtime.measures import COLOURS, asymmetry, colours, measure, perimeter

ROWS, COLUMNS = np.mgrid[:240, :320]
SKIN = np.full((240, 320, 3), 200, np.uint8)


def disc(radius: float, row: float = 120, column: float = 160) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (ROWS - row) ** 2 + (COLUMNS - column) ** 2 <= radius**2
    return inside


def ellipse(angle: float) -> NDArray[np.bool_]:
    y, x = ROWS - 120, COLUMNS - 160
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    inside: NDArray[np.bool_] = (along / 90) ** 2 + (across / 40) ** 2 <= 1
    return inside


def test_a_disc() -> None:
    found = measure(SKIN, disc(60), mm_per_pixel=0.05)
    assert found is not None
    assert found.area_share == pytest.approx(np.pi * 60**2 / (240 * 320), rel=0.01)
    assert found.asymmetry < 0.01
    assert found.irregularity == pytest.approx(1, abs=0.02)
    assert (found.extent, found.extent_mm) == (121, pytest.approx(6.05))
    assert not found.cut_off


@pytest.mark.parametrize("angle", [0, 0.4, np.pi / 4, 1.2])
def test_an_ellipse_is_symmetric_however_it_lies(angle: float) -> None:
    assert asymmetry(ellipse(angle)) < 0.02
    exact = 2 * np.pi * np.sqrt((90**2 + 40**2) / 2)  # an ellipse's perimeter, to some 3 %
    assert perimeter(ellipse(angle)) == pytest.approx(exact, rel=0.05)


def test_a_half_disc_with_a_bite_is_not() -> None:
    bitten = disc(80) & ~disc(60, row=90, column=200)
    assert asymmetry(bitten) > 0.1
    assert measure(SKIN, bitten).irregularity > 1.3  # type: ignore[union-attr]


def test_a_lesion_at_the_edge_says_so() -> None:
    assert measure(SKIN, disc(60, row=20)).cut_off  # type: ignore[union-attr]


def test_nothing_to_measure() -> None:
    assert measure(SKIN, np.zeros((240, 320), bool)) is None
    one = np.zeros((240, 320), bool)
    one[5, 5] = True
    found = measure(SKIN, one)
    assert found is not None
    assert found.extent == 1
    assert np.isfinite(found.asymmetry)


def test_colours_that_cover_enough() -> None:
    names = list(COLOURS)
    values = np.array([COLOURS["dark_brown"]] * 90 + [COLOURS["blue_grey"]] * 8 + [COLOURS["white"]] * 2, np.uint8)
    assert colours(values) == ("dark_brown", "blue_grey")
    for name in names:
        assert colours(np.array([COLOURS[name]] * 10, np.uint8)) == (name,)
