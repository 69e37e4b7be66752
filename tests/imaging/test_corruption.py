from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tejido.app
from tejido.imaging.corruption import NAMES, SEVERITIES, corrupt

EXAMPLE = Path(tejido.app.__file__).parent / "web" / "examples" / "ISIC_0012099.jpg"
RESIZED = ("nearer", "fewer_pixels")


@pytest.fixture(scope="module")
def lesion() -> np.ndarray:
    return np.asarray(Image.open(EXAMPLE).convert("RGB"))


@pytest.mark.parametrize("name", NAMES)
def test_every_severity_changes_more_and_always_the_same(lesion: np.ndarray, name: str) -> None:
    before = lesion.copy()
    changes = []
    for severity in SEVERITIES:
        after = corrupt(lesion, name, severity, "one")
        assert after.dtype == np.uint8
        assert after.shape[2] == 3
        np.testing.assert_array_equal(after, corrupt(lesion, name, severity, "one"))
        if name in RESIZED:
            changes.append(-after.shape[0] * after.shape[1])
        else:
            assert after.shape == lesion.shape
            changes.append(np.abs(after.astype(int) - lesion).mean())
    assert (lesion == before).all()
    if name not in ("ruler", "rotation"):  # a ruler moves inwards, and a half turn is no more than a third of one
        assert changes == sorted(changes)
        assert changes[0] < changes[-1]
    assert all(change != 0 for change in changes)


@pytest.mark.parametrize("name", ["noise", "hair"])
def test_what_is_drawn_by_lot_differs_between_pictures(lesion: np.ndarray, name: str) -> None:
    assert (corrupt(lesion, name, 3, "one") != corrupt(lesion, name, 3, "other")).any()


def test_known_cases() -> None:
    grey = np.full((60, 80, 3), 100, np.uint8)
    assert (corrupt(grey, "darker", 2) == 70).all()
    assert (corrupt(grey, "warmer", 5)[0, 0] == [126, 100, 74]).all()
    assert (corrupt(grey, "blur", 5) == 100).all()
    assert corrupt(grey, "nearer", 5).shape == (30, 40, 3)
    assert corrupt(grey, "fewer_pixels", 2).shape == (30, 40, 3)
    assert corrupt(grey, "noise", 5).std() == pytest.approx(32, rel=0.03)
    marked = np.zeros((60, 81, 3), np.uint8)
    marked[10, 20] = 255
    turned = corrupt(marked, "rotation", 5)
    # Half a turn of an even height: the middle lies between pixels, at most one of them is off.
    assert np.abs(np.argwhere(turned[..., 0] > 60).mean(0) - [49, 60]).max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_tiny_and_long_pictures(name: str) -> None:
    for shape in ((1, 1, 3), (2, 300, 3), (7, 3, 3)):
        after = corrupt(np.full(shape, 90, np.uint8), name, 5)
        assert min(after.shape) >= 1


def test_farther_shows_all_of_it_smaller_in_the_middle() -> None:
    pixels = np.full((200, 300, 3), 180, np.uint8)
    pixels[60:140, 100:200] = 40
    for severity, strength in zip(SEVERITIES, (0.95, 0.88, 0.8, 0.72, 0.65), strict=True):
        after = corrupt(pixels, "farther", severity)
        dark = after[..., 0] < 110
        rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
        assert abs(len(rows) - 80 * strength) <= 1.5
        assert abs(len(columns) - 100 * strength) <= 1.5
        assert dark.sum() == len(rows) * len(columns)  # one lesion: none is mirrored into the borders
        assert abs(rows.mean() - 99.5) <= 1
        assert abs(columns.mean() - 149.5) <= 1
    gradient = np.repeat(np.linspace(0, 255, 300).round().astype(np.uint8)[None, :, None], 200, 0).repeat(3, 2)
    edges = corrupt(gradient, "farther", 5)[100, :, 0].astype(int)
    start = 52  # of the shrunk picture, 195 of 300 pixels wide
    np.testing.assert_array_equal(edges[:start], edges[2 * start : start : -1])


def test_unknown_names_and_severities() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    for name, severity in (("fog", 1), ("blur", 0), ("blur", 6)):
        with pytest.raises(KeyError):
            corrupt(pixels, name, severity)
