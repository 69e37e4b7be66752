from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tejido.data.geometry import FRAMES, Steps, restored, rounding
from tejido.data.patches import UMA2022, PatchGrid
from tejido.errors import DataError
from tejido.imaging.geometry import GEOMETRIES
from tejido.runtime.decode import decode, open_image


def with_torch(pixels: np.ndarray, frame: str, size: int) -> np.ndarray:
    step = GEOMETRIES[frame](size)
    result: torch.Tensor = step(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
    return result.permute(1, 2, 0).numpy()


# 200 to 128 pixels is the ratio 25:16, 200 to 170 is 20:17: their weights give exact ties, of which float and fixed
# point round some apart.
@pytest.mark.parametrize(("frame", "share"), [("centre_square", 3e-4), ("short_side", 4e-3), ("stretch", 1e-3)])
def test_equals_the_step_of_the_model_file_on_real_lesions(shared: Path, frame: str, share: float) -> None:
    paths = sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))
    paths += sorted((shared / "data" / "ham10000" / "images").glob("*.jpg"))[::400]
    off = []
    for path in paths:
        pixels = decode(path)
        (mine,) = Steps(frame, 128)(Image.fromarray(pixels))
        off.append(np.abs(mine.astype(int) - with_torch(pixels, frame, 128)).ravel())
    values = np.concatenate(off)
    assert values.max() <= 1
    assert (values > 0).mean() <= share


@pytest.mark.parametrize("size", [(97, 131), (47, 131), (100, 400), (200, 97), (640, 33)])
def test_rows_come_first_whatever_the_shape(shared: Path, size: tuple[int, int]) -> None:
    path = sorted((shared / "data" / "ham10000_600x450").glob("*.jpg"))[0]
    pixels = np.asarray(Image.fromarray(decode(path)).resize(size, Image.Resampling.BICUBIC))
    (mine,) = Steps("stretch", 128)(Image.fromarray(pixels))
    off = np.abs(mine.astype(int) - with_torch(pixels, "stretch", 128))
    assert off.max() <= 1
    assert (off > 0).mean() <= 0.015  # ties; 0.06 and more where the columns come first


def test_what_rounding_allows(shared: Path) -> None:
    picture = open_image(sorted((shared / "data" / "ham10000" / "images").glob("*.jpg"))[0]).resize((128, 128))
    for frame, size, share in (("stretch", 192, 0.3), ("centre_square", 192, 0.3), ("stretch", 127, 0.01)):
        steps = Steps(frame, size)
        least, largest = (bound.astype(int) for bound in rounding(steps, picture))
        pixels = steps(picture)
        assert least.shape == pixels.shape
        assert ((least <= pixels) & (pixels <= largest)).all()
        assert (largest - least).max() <= 2
        # A sixth of the values of the first pass are halfway, and each touches two of the second.
        assert (largest > least).mean() == pytest.approx(share, abs=0.25 if size == 192 else 0.01)


def test_every_geometry_of_a_recipe_has_its_twin() -> None:
    assert set(FRAMES) == set(GEOMETRIES)


def test_patches_are_cut_before_the_resize(shared: Path) -> None:
    path = sorted((shared / "data" / "breakhis").glob("*.png"))[0]
    picture = open_image(path)
    pixels = np.asarray(picture)
    squares = Steps("stretch", 112, UMA2022)(picture)
    assert squares.shape == (15, 112, 112, 3)
    (last,) = Steps("stretch", 112)(Image.fromarray(pixels[235:460, 475:700]))
    assert np.array_equal(squares[14], last)
    unchanged = Steps("stretch", 225, UMA2022)(picture)
    assert np.array_equal(unchanged[14], pixels[235:460, 475:700])


def test_what_was_squashed_is_restored() -> None:
    squashed = Image.new("RGB", (180, 180))
    assert restored(squashed, 4 / 3).size == (240, 180)
    assert restored(squashed, 3 / 4).size == (180, 240)
    assert restored(squashed, None) is squashed


def test_equal_keys_mean_equal_steps() -> None:
    steps = [
        Steps(frame, size, patches)
        for frame in FRAMES
        for size in (96, 128)
        for patches in (None, UMA2022, PatchGrid(225, 225, 3, 5))
    ]
    steps.append(Steps("short_side", 96, short_side=112))
    assert len({item.key() for item in steps}) == len(steps)
    for item in steps:
        again = Steps.from_dict(item.as_dict())
        assert (again, again.key()) == (item, item.key())


def test_steps_that_do_not_exist() -> None:
    with pytest.raises(DataError, match="no geometry is called 'round'"):
        Steps("round", 128)
    with pytest.raises(DataError, match="no size"):
        Steps("stretch", 0)
    for wrong in (("stretch", 64, None, 80), ("short_side", 64, None, 60)):
        with pytest.raises(DataError, match="a short side is given to the geometry short_side alone"):
            Steps(*wrong)


def test_a_cache_made_before_short_sides_is_still_the_same() -> None:
    """The keys are those of caches that exist."""
    assert Steps("centre_square", 128).as_dict() == {"patches": None, "frame": "centre_square", "size": 128}
    assert str(Steps("short_side", 96, short_side=112)) == "short_side 112 to 96"
