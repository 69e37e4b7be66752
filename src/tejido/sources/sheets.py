"""Contact sheets: one big image a class, cut into equal tiles without gaps.

A tile must be a file to have a path and a hash, so the tiles are written once as PNG into a folder of their own
(``tiles/`` below the root, or one that is given). All tiles of a sheet appear there at once or not at all; a second
reading finds them there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from tejido.errors import DataError
from tejido.sources.files import image_paths
from tejido.sources.record import ImageRecord, Reading, SourceInfo

SMALLEST_TILE = 24
_CLEAR_STEP = 0.5
"""An edge between tiles must be steeper by this share than the sheet is elsewhere."""


@dataclass(frozen=True)
class SheetOptions:
    """How to cut.

    Attributes:
        grid: columns and rows of every sheet; None finds them for each.
        tiles: folder to write tiles into; None is ``tiles`` below the root.
    """

    grid: tuple[int, int] | None = None
    tiles: Path | None = None

    @classmethod
    def parse(cls, source: str, options: Mapping[str, str]) -> SheetOptions:
        """From ``grid=COLUMNSxROWS`` and ``tiles=DIR``.

        Raises:
            DataError: another option, or a grid that is none.
        """
        if strange := set(options) - {"grid", "tiles"}:
            raise DataError(f"{source} takes no option {strange.pop()!r}; it takes grid=COLUMNSxROWS and tiles=DIR")
        grid = None
        if "grid" in options:
            match = re.fullmatch(r"([1-9]\d*)[x×]([1-9]\d*)", options["grid"])
            if not match:
                raise DataError(f"{source}: grid must be COLUMNSxROWS such as 20x30, not {options['grid']!r}")
            grid = (int(match[1]), int(match[2]))
        return cls(grid, Path(options["tiles"]) if "tiles" in options else None)


def find_grid(pixels: np.ndarray) -> tuple[int, int] | None:
    """Columns and rows of a sheet, from where its brightness jumps; None where no grid stands out.

    Args:
        pixels: ``uint8[H, W, 3]``.
    """
    grey = pixels.mean(axis=2, dtype=np.float32)
    columns, rows = (_parts(np.abs(np.diff(grey, axis=axis)).mean(axis=1 - axis)) for axis in (1, 0))
    return None if columns is None or rows is None else (columns, rows)


def _parts(steps: np.ndarray) -> int | None:
    """Into how many equal parts a side falls, from its mean steps between neighbouring pixels.

    Nearly all edges of the true tiles are steep, and so are those of a multiple of them. Of the edges of a fraction
    more than half lie inside tiles. Hence the most parts of whose edges the flattest third is still steep.
    """
    length = len(steps) + 1
    flat = float(np.median(steps))
    score = {
        parts: float(np.quantile(steps[length // parts - 1 :: length // parts], 1 / 3)) - flat
        for parts in range(2, length // SMALLEST_TILE + 1)
        if length % parts == 0
    }
    steepest = max(score.values(), default=0.0)
    if steepest <= _CLEAR_STEP * flat:
        return None
    return max(parts for parts, value in score.items() if value > steepest / 3)


def read_sheets(
    root: Path, info: SourceInfo, terms: Mapping[str, str], options: SheetOptions, attribution: str
) -> Reading:
    """Cut every sheet below ``root`` and read its tiles.

    The term of a sheet is its name, or that of its folder, in small letters without digits, signs and the words of
    ``_NO_TERMS``. Tiles of one colour, which fill up the last row, are left out.

    Raises:
        DataError: no such folder, no sheets, or the tiles cannot be written.
    """
    tiles = options.tiles or root / "tiles"
    reading = Reading()
    for path in image_paths(root):
        if path.is_relative_to(tiles):
            continue
        name = path.relative_to(root).with_suffix("").as_posix()
        try:
            cut = _cut(path, tiles, name, options.grid)
        except DataError as error:
            reading.problems.append(f"{name}: {error}; left out")
            continue
        term, diagnosis = _term(path, root, terms)
        if diagnosis is None:
            reading.unmapped[term] += len(cut)
        reading.records += [
            ImageRecord(
                image_id=f"{info.name}/{name}/{tile.stem}",
                path=tile,
                source=info.name,
                modality=info.modality,
                licence=info.licence,
                attribution=attribution,
                diagnosis=diagnosis,
            )
            for tile in cut
        ]
    if not reading.records:
        raise DataError(f"{root}: no contact sheets" + "".join(f"; {problem}" for problem in reading.problems[:3]))
    return reading


_NO_TERMS = {"asan", "hallym", "severance", "train", "test", "training", "thumbnail", "thumbnails", "dataset", "sheet"}


def plain(text: str) -> str:
    """A term in small letters, without anything but letters and without the words that are none."""
    return "".join(word for word in re.findall(r"[a-z]+", text.lower()) if word not in _NO_TERMS)


def _term(path: Path, root: Path, terms: Mapping[str, str]) -> tuple[str, str | None]:
    folders = path.relative_to(root).parts[-2::-1]
    names = [path.stem, *folders]
    for name in names:
        if code := terms.get(plain(name)):
            return name, code
    if any("hallym" in name.lower() for name in names) and "hallym" in terms:
        return "hallym", terms["hallym"]
    return path.stem, None


def _cut(path: Path, tiles: Path, name: str, grid: tuple[int, int] | None) -> list[Path]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})") from None
    shape = "auto" if grid is None else f"{grid[0]}x{grid[1]}"
    folder = tiles / f"{name.replace('/', '__')}-{hashlib.sha256(data).hexdigest()[:12]}-{shape}"
    if not folder.is_dir():
        _write_tiles(path, folder, grid)
    return sorted(folder.glob("*.png"))


def _write_tiles(path: Path, folder: Path, grid: tuple[int, int] | None) -> None:
    pixels = _pixels(path)
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
            if (tile != tile[0, 0]).any():
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
