from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tejido.data.patches import UMA2022, PatchGrid, expand, origin, origins
from tejido.errors import DataError
from tests.data.tables import manifest


@given(st.integers(1, 3000), st.integers(1, 400), st.integers(1, 40))
def test_origins_stay_inside_are_even_and_leave_nothing_out(length: int, side: int, count: int) -> None:
    side = min(side, length)
    found = origins(length, side, count)
    room = length - side
    assert len(found) == count
    assert all(0 <= origin <= room for origin in found)
    mirrored = [room - origin for origin in reversed(found)]
    assert all(abs(a - b) <= 1 for a, b in zip(found, mirrored, strict=True))
    if count > 1:
        assert (found[0], found[-1]) == (0, room)
        steps = np.diff(found)
        assert steps.max() - steps.min() <= 1
        if side * count >= length:
            assert steps.max() <= side


@given(st.integers(0, 20_000), st.integers(2, 60), st.data())
def test_origins_are_pythons_round_without_its_division(room: int, count: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, count - 1))
    exact = Fraction(number * room, count - 1)
    assert origin(number, room, count) == round(exact)
    assert origin(np.array([number]), room, count)[0] == round(exact)


@given(st.integers(1, 3000), st.integers(1, 400), st.integers(1, 40))
def test_a_grid_stretched_over_the_picture_shows_each_patch_in_its_place(length: int, side: int, count: int) -> None:
    """Each of the equal cells lies within its patch where patches cover the picture; else its patch lies within it."""
    side = min(side, length)
    for number, begin in enumerate(origins(length, side, count)):
        cell, patch = (number * length / count, (number + 1) * length / count), (begin, begin + side)
        inner, outer = (cell, patch) if side * count >= length else (patch, cell)
        assert outer[0] - 0.5 <= inner[0]  # origins are whole pixels
        assert inner[1] <= outer[1] + 0.5


def test_origins_by_hand() -> None:
    assert origins(700, 225, 5) == [0, 119, 238, 356, 475]
    assert origins(460, 225, 3) == [0, 118, 235]
    assert origins(10, 4, 1) == [3]
    assert origins(8, 5, 3) == [0, 2, 3]  # 1.5 goes to 2
    assert origins(10, 5, 3) == [0, 2, 5]  # and so does 2.5
    assert origins(4, 4, 3) == [0, 0, 0]
    with pytest.raises(ValueError, match="do not fit"):
        origins(3, 4, 2)


def test_the_fifteen_patches_of_the_thesis_cover_the_picture() -> None:
    pixels = np.zeros((460, 700, 3), np.uint8)
    patches = UMA2022.cut(pixels)
    assert [patch.shape for patch in patches] == [(225, 225, 3)] * 15
    for number, patch in enumerate(patches):
        assert not patch.all(axis=-1).all(), f"patch {number} lies within the others"
        patch[:] = 255
    assert pixels.all()


def test_patches_go_row_by_row_from_the_top_left() -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, axis=2)
    assert [patch[0, 0, 0] for patch in PatchGrid(1, 1, 3, 2).cut(pixels)] == [0, 1, 2, 3, 4, 5]


def test_a_patch_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(DataError, match="200x460 pixels are smaller than a patch of 225x225"):
        UMA2022.cut(np.zeros((460, 200, 3), np.uint8))


def test_grids_in_words() -> None:
    grid = PatchGrid.parse("225x200:5x3")
    assert grid == PatchGrid(225, 200, 5, 3)
    assert PatchGrid.parse(str(grid)) == grid
    assert grid.count == 15
    for text in ("", "225", "225x225", "225x225:15", "axb:cxd"):
        with pytest.raises(DataError, match="WIDTHxHEIGHT:COLUMNSxROWS"):
            PatchGrid.parse(text)
    with pytest.raises(DataError, match="1 or more"):
        PatchGrid.parse("0x225:5x3")


def test_a_patch_carries_the_group_of_its_image() -> None:
    table = manifest([{"image_id": "b", "lesion_id": "L"}, {"image_id": "a", "lesion_id": "L"}, {"image_id": "c"}])
    rows = expand(table, 15)
    assert rows["image_id"].tolist() == ["b"] * 15 + ["a"] * 15 + ["c"] * 15
    assert rows["patch"].tolist() == list(range(15)) * 3
    assert (rows["group_id"] == rows["image_id"].map(table.set_index("image_id")["group_id"])).all()
    assert rows["group_id"].nunique() == 2
    assert rows.drop(columns="patch").dtypes.equals(table.dtypes)
