"""Cutting a contact sheet into files.

A tile must be a file to have a path and a hash, so the tiles are written once, as PNG, into a folder of their own. All
tiles of a sheet appear there at once or not at all; a second reading finds them there.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from tejido.errors import DataError
from tejido.sources.grid import find_grid, is_blank


def cut(sheet: Path, name: str, tiles: Path, grid: tuple[int, int] | None) -> list[Path]:
    """The tiles of a sheet in the order of its rows, as files; tiles without a picture are left out.

    Args:
        sheet: the file.
        name: of the sheet, for the name of its folder.
        tiles: folder below which the tiles lie.
        grid: columns and rows; None finds them.

    Raises:
        DataError: no image, no grid, a grid that does not fit, or the tiles cannot be written.
    """
    try:
        data = sheet.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})") from None
    shape = "auto" if grid is None else f"{grid[0]}x{grid[1]}"
    folder = tiles / f"{name.replace('/', '__')}-{hashlib.sha256(data).hexdigest()[:12]}-{shape}"
    if not folder.is_dir():
        _write(_pixels(sheet), folder, grid)
    return sorted(folder.glob("*.png"))


def _write(pixels: np.ndarray, folder: Path, grid: tuple[int, int] | None) -> None:
    found = grid or find_grid(pixels)
    if found is None:
        raise DataError("no grid of tiles stands out; give it: grid=COLUMNSxROWS")
    columns, rows = found
    height, width, _ = pixels.shape
    if width % columns or height % rows:
        raise DataError(f"{width}×{height} pixels do not fall into {columns}×{rows} equal tiles")
    w, h = width // columns, height // rows
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    except OSError as error:
        raise DataError(f"{folder.parent}: cannot be written ({error.strerror}); give tiles=DIR") from None
    try:
        for index in range(columns * rows):
            top, left = index // columns * h, index % columns * w
            tile = pixels[top : top + h, left : left + w]
            if not is_blank(tile):
                Image.fromarray(tile).save(partial / f"{index + 1:05}.png")
        partial.chmod(0o755)
        partial.rename(folder)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _pixels(path: Path) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sheets are big by nature
            with Image.open(path) as image:
                return np.asarray(image.convert("RGB"))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise DataError(f"cannot be read as an image ({error})") from None
