"""Heatmaps drawn onto pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tejido.errors import TejidoError
from tejido.runtime.overlay import MAX_SIDE, Folder, colours, draw, frame_box
from tests.support.pictures import noise, smooth

NOTHING = np.zeros((4, 4), np.float32)
FULL = np.ones((4, 4), np.float32)


def test_a_heatmap_of_zeros_changes_nothing() -> None:
    np.testing.assert_array_equal(draw(noise(), NOTHING, "centre_square"), noise())
    np.testing.assert_array_equal(draw(noise(), FULL, "whole", strength=0), noise())


@pytest.mark.parametrize(
    ("height", "width", "box"),
    [(30, 30, (0, 0, 30, 30)), (30, 53, (11, 0, 41, 30)), (53, 30, (0, 11, 30, 41)), (31, 54, (11, 0, 42, 31))],
)
def test_only_the_centre_square_is_painted(height: int, width: int, box: tuple[int, int, int, int]) -> None:
    assert frame_box(height, width, "centre_square") == box
    painted = (draw(noise(height, width), FULL, "centre_square", strength=1) == (190, 0, 50)).all(axis=2)
    left, top, right, bottom = box
    assert painted[top:bottom, left:right].all()
    assert painted.sum() == (right - left) * (bottom - top)


def test_the_whole_picture_is_painted() -> None:
    painted = draw(noise(), FULL, "whole", strength=1)
    assert (painted == (190, 0, 50)).all()


def test_the_picture_stays_visible() -> None:
    result = draw(noise(), FULL, "whole", strength=0.5).astype(float)
    np.testing.assert_allclose(result, noise() * 0.5 + np.array([190, 0, 50]) * 0.5, atol=0.51)


def test_the_heatmap_is_upright_and_smooth() -> None:
    heatmap = np.array([[0, 1], [0, 0]], np.float32)  # hot at the top right
    grey = np.full((64, 64, 3), 128, np.uint8)
    change = np.abs(draw(grey, heatmap, "whole").astype(int) - grey).sum(axis=2)
    assert change[:32, 32:].mean() > 4 * change[32:, :32].mean()
    assert np.abs(np.diff(change, axis=1)).max() < 40


def test_values_outside_0_to_1_are_clipped() -> None:
    colour, opacity = colours(np.array([[-1, 0, 1, 2]], np.float32))
    assert opacity.tolist() == [[0, 0, 1, 1]]
    assert colour[0, 2].tolist() == colour[0, 3].tolist() == [190, 0, 50]


def test_the_scale_can_be_read_without_hue() -> None:
    """Over any skin tone, a higher value gives a stronger colour; and the colours themselves grow darker."""
    colour, opacity = colours(np.linspace(0, 1, 50, dtype=np.float32)[None])
    assert (np.diff(opacity[0]) > 0).all()
    assert (np.diff(colour[0] @ [0.2126, 0.7152, 0.0722]) < 0).all()


@pytest.mark.parametrize(("height", "width"), [(3000, 2000), (2000, 3000), (16, 5000)])
def test_large_pictures_are_reduced(height: int, width: int) -> None:
    result = draw(np.zeros((height, width, 3), np.uint8), FULL, "centre_square")
    assert max(result.shape) == MAX_SIDE
    assert result.shape[0] / result.shape[1] == pytest.approx(height / width, rel=0.2)
    assert result.any()


def test_files_of_one_name_do_not_collide(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new" / "folder")
    images = [Path("a.jpg"), Path("b/a.jpg"), Path("b/A.png"), Path("c.jpg")]
    written = [folder.save(image, smooth(), FULL, "whole") for image in images]
    assert [path.name for path in written] == ["a-heatmap.png", "a-heatmap-2.png", "A-heatmap-3.png", "c-heatmap.png"]
    with Image.open(written[0]) as image:
        np.testing.assert_array_equal(np.asarray(image), draw(smooth(), FULL, "whole"))
    assert len(list(folder_files(tmp_path))) == 4


def test_a_second_run_writes_over_the_first(tmp_path: Path) -> None:
    names = {Folder(tmp_path).save(Path("a.jpg"), smooth(), FULL, "whole") for _ in range(2)}
    assert len(names) == 1


def test_the_pictures_themselves_are_never_written_over(tmp_path: Path) -> None:
    picture = tmp_path / "a-heatmap.png"
    picture.write_bytes(b"mine")
    written = Folder(tmp_path, keep=[picture]).save(Path("a.jpg"), smooth(), FULL, "whole")
    assert written.name == "a-heatmap-2.png"
    assert picture.read_bytes() == b"mine"


def test_long_names_are_cut(tmp_path: Path) -> None:
    written = Folder(tmp_path).save(Path("ñ" * 120 + ".jpg"), smooth(), FULL, "whole")
    assert written.exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TejidoError, match="cannot be made a folder"):
        Folder(tmp_path / "file")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a-heatmap.png").mkdir()
    with pytest.raises(TejidoError, match="cannot be written"):
        Folder(tmp_path).save(Path("a.jpg"), smooth(), FULL, "whole")
    assert list(folder_files(tmp_path)) == []


def folder_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
