"""Contact sheets, and the two data sets that come as such."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tejido.errors import DataError
from tejido.sources.asan import Asan, Hallym
from tejido.sources.grid import find_grid, is_blank
from tejido.sources.severance import Severance
from tejido.sources.sheets import plain


def photos(shared: Path, count: int, size: tuple[int, int]) -> list[np.ndarray]:
    paths = sorted((shared / "data" / "ham10000" / "images").iterdir())[:count]
    return [np.asarray(Image.open(path).convert("RGB").resize(size)) for path in paths]


def sheet(tiles: list[np.ndarray], columns: int, rows: int) -> np.ndarray:
    """Tiles row by row; the places left over are white."""
    height, width, _ = tiles[0].shape
    page = np.full((rows * height, columns * width, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * height, index % columns * width
        page[top : top + height, left : left + width] = tile
    return page


def save(page: np.ndarray, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(page).save(path, quality=90)
    return path


@pytest.mark.parametrize(("columns", "rows", "size"), [(5, 4, (64, 48)), (12, 10, (40, 40)), (2, 3, (100, 75))])
def test_the_grid_is_found(shared: Path, columns: int, rows: int, size: tuple[int, int]) -> None:
    page = sheet(photos(shared, columns * rows - 1, size), columns, rows)
    assert find_grid(page) == (columns, rows)


def test_the_grid_is_found_after_jpeg(shared: Path, tmp_path: Path) -> None:
    path = save(sheet(photos(shared, 20, (60, 60)), 5, 4), tmp_path / "a.jpg")
    assert find_grid(np.asarray(Image.open(path))) == (5, 4)


def test_a_picture_has_no_grid(shared: Path) -> None:
    assert find_grid(photos(shared, 1, (600, 450))[0]) is None
    assert find_grid(np.zeros((100, 100, 3), np.uint8)) is None


def test_asan_and_hallym(shared: Path, tmp_path: Path) -> None:
    tiles = photos(shared, 24, (48, 48))
    save(sheet(tiles[:11], 4, 3), tmp_path / "asan_HAO_1.png")
    save(sheet(tiles[11:20], 3, 3), tmp_path / "train" / "basal cell carcinoma" / "sheet2.png")
    save(sheet(tiles[20:], 2, 2), tmp_path / "hallym-thumbnails.png")
    save(sheet(tiles[:4], 2, 2), tmp_path / "leprosy.png")
    reading = Asan().read(tmp_path)
    found = [record.diagnosis for record in reading.records]
    assert [found.count(name) for name in ("hemangioma", "basal_cell_carcinoma", None)] == [11, 9, 4]
    assert reading.unmapped == {"leprosy": 4}
    assert reading.problems == [
        "1 sheets are of another data set and were left out: hallym-thumbnails",
        "1,082 images of basal_cell_carcinoma expected, 9 found",
        "2,715 images of hemangioma expected, 11 found",
        "17,125 images expected, 24 found",
    ]
    hallym = Hallym().read(tmp_path)
    assert {(record.source, record.diagnosis) for record in hallym.records} == {("hallym", "basal_cell_carcinoma")}
    assert len(hallym.records) == 4
    assert hallym.problems[1:] == ["125 images expected, 4 found"]
    first = reading.records[0]
    assert first.image_id == "asan/asan_HAO_1/00001"
    assert first.path is not None
    assert np.array_equal(np.asarray(Image.open(first.path)), tiles[0])
    assert len({record.image_id for record in reading.records}) == len(reading.records)


def test_a_folder_called_asan_and_hallym(shared: Path, tmp_path: Path) -> None:
    save(sheet(photos(shared, 4, (48, 48)), 2, 2), tmp_path / "Asan and Hallym" / "AKIEC.png")
    assert {record.diagnosis for record in Asan().read(tmp_path).records} == {"actinic_keratosis"}
    with pytest.raises(DataError, match="no image for the source hallym; none of the 5 images"):
        Hallym().read(tmp_path)


def test_places_without_a_picture_after_jpeg(shared: Path, tmp_path: Path) -> None:
    save(sheet(photos(shared, 10, (60, 60)), 4, 3), tmp_path / "wart.jpg")
    page = np.asarray(Image.open(tmp_path / "wart.jpg"))
    last = page[120:, 120:180]
    assert (last != last[0, 0]).any()  # JPEG smeared the neighbours into it
    assert is_blank(last)
    assert len(Asan().read(tmp_path).records) == 10


def test_tiles_are_not_taken_for_sheets(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(sheet(photos(shared, 4, (48, 48)), 2, 2), tmp_path / "data" / "scar.png")
    monkeypatch.chdir(tmp_path)
    for tiles in (None, tmp_path / "data" / "cut", Path("data/cut")):
        reading = Severance((2, 2), tiles).read(Path("data"))
        assert [(record.diagnosis, record.confirmation) for record in reading.records] == [("scar", "histology")] * 4
        assert reading.problems == ["10,426 images expected, 4 found"]


def test_tiles_are_cut_once_and_all_or_none(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(sheet(photos(shared, 6, (48, 48)), 3, 2), tmp_path / "sheets" / "bluenevus.png")
    source = Severance().configured({"grid": "3x2", "tiles": str(tmp_path / "tiles")})
    real = Image.Image.save
    calls = []

    def stops(self: Image.Image, path: Path, **options: object) -> None:
        calls.append(path)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")
        real(self, path, **options)

    monkeypatch.setattr(Image.Image, "save", stops)
    with pytest.raises(DataError, match="No space left"):
        source.read(tmp_path / "sheets")
    assert not list((tmp_path / "tiles").iterdir())
    monkeypatch.setattr(Image.Image, "save", real)
    first = source.read(tmp_path / "sheets")
    times = [record.path.stat().st_mtime_ns for record in first.records if record.path]
    again = source.read(tmp_path / "sheets")
    assert first.records == again.records
    assert [record.path.stat().st_mtime_ns for record in again.records if record.path] == times
    assert {record.diagnosis for record in again.records} == {"blue_nevus"}
    save(sheet(photos(shared, 6, (96, 96)), 3, 2), tmp_path / "sheets" / "bluenevus.png")  # another sheet by that name
    changed = source.read(tmp_path / "sheets")
    assert {record.path for record in changed.records}.isdisjoint({record.path for record in first.records})


def test_sheets_that_cannot_be_cut(shared: Path, tmp_path: Path) -> None:
    save(sheet(photos(shared, 4, (48, 48)), 2, 2), tmp_path / "warts.png")
    save(photos(shared, 1, (97, 89))[0], tmp_path / "scar.png")
    save(photos(shared, 1, (97, 89))[0], tmp_path / "milia.png")
    (tmp_path / "keloid.png").write_bytes(b"no image")
    reading = Severance().read(tmp_path)
    assert {record.diagnosis for record in reading.records} == {"wart"}
    assert len(reading.problems) == 3
    assert reading.problems[0].startswith("keloid: cannot be read as an image")
    assert reading.problems[1] == "milia, scar: no grid of tiles stands out; give it: grid=COLUMNSxROWS; left out"
    given = Severance((5, 5), tmp_path / "other")
    with pytest.raises(
        DataError, match=r"none of the .* images there belongs to it; keloid: cannot be read as an image"
    ):
        given.read(tmp_path)


@pytest.mark.parametrize("options", [{"grid": "4"}, {"grid": "0x3"}, {"grid": "axb"}, {"columns": "4"}])
def test_options_that_are_none(options: dict[str, str]) -> None:
    with pytest.raises(DataError, match="grid"):
        Asan().configured(options)


def test_no_tables(tmp_path: Path) -> None:
    for source in (Asan(), Severance()):
        with pytest.raises(DataError, match="has no tables"):
            source.read(tmp_path, images=False)
        with pytest.raises(DataError, match="there are no images in the folder"):
            source.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "term"),
    [("asan-test_BCC 02", "bcc"), ("Becker's nevus", "beckersnevus"), ("ActinicKeratosis_12", "actinickeratosis")],
)
def test_plain_terms(name: str, term: str) -> None:
    assert plain(name) == term
