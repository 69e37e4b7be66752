"""What the sources share that come as contact sheets: one big image a class, cut into equal tiles without gaps."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tejido.errors import DataError
from tejido.sources.files import image_paths, left_out, listed
from tejido.sources.record import Reading, Source
from tejido.sources.tiles import cut

OPTIONS = {
    "grid": "COLUMNSxROWS of every sheet, where it is not found by itself",
    "tiles": "folder to write the tiles into, if not tiles/ beside the sheets",
}
_NO_TERMS = {"asan", "hallym", "severance", "train", "test", "training", "thumbnail", "thumbnails", "dataset", "sheet"}


def plain(text: str) -> str:
    """A term in small letters, without anything but letters and without the words that are none."""
    return "".join(word for word in re.findall(r"[a-z]+", text.lower()) if word not in _NO_TERMS)


@dataclass(frozen=True)
class Sheets(Source):
    """Reader of contact sheets; tiles without a picture, which fill up the last row, are left out.

    Attributes:
        grid: columns and rows of every sheet; None finds them for each.
        tiles: folder to write tiles into; None is ``tiles`` below the root.
        confirmation: how all its diagnoses were made, if that is known.
    """

    grid: tuple[int, int] | None = None
    tiles: Path | None = None
    confirmation: ClassVar[str | None] = None
    facts_in = "the names of its sheets"

    @abstractmethod
    def term(self, names: list[str]) -> tuple[str, str | None] | None:
        """The term of a sheet and its diagnosis, None where it is not known; None for a sheet of another source.

        Args:
            names: of the file, without ending, and of the folders from the nearest to the root.
        """

    def _configured(self, options: Mapping[str, str]) -> Source:
        grid = None
        if "grid" in options:
            match = re.fullmatch(r"([1-9]\d*)[x×]([1-9]\d*)", options["grid"])
            if not match:
                raise DataError(f"{self.info.name}: grid must be COLUMNSxROWS such as 20x30, not {options['grid']!r}")
            grid = (int(match[1]), int(match[2]))
        return type(self)(grid, Path(options["tiles"]) if options.get("tiles") else None)

    def _read(self, root: Path, images: bool) -> Reading:
        reading = Reading()
        others = []
        failed = defaultdict(list)
        written = [(root / "tiles").resolve(), (self.tiles or root / "tiles").resolve()]
        for path in image_paths(root):
            if any(path.resolve().is_relative_to(folder) for folder in written):
                continue
            place = path.relative_to(root).with_suffix("")
            told = self.term([*reversed(place.parts), root.resolve().name])
            if told is None:
                others.append(place.as_posix())
                continue
            term, diagnosis = told
            try:
                tiles = cut(path, place.as_posix(), self.tiles or root / "tiles", self.grid)
            except DataError as error:
                failed[str(error)].append(place.as_posix())
                continue
            if diagnosis is None:
                reading.unmapped[term] += len(tiles)
            reading.records += [
                self.info.record(
                    f"{self.info.name}/{place.as_posix()}/{tile.stem}",
                    tile,
                    diagnosis=diagnosis,
                    confirmation=self.confirmation,
                )
                for tile in tiles
            ]
        reading.problems += [f"{listed(names)}: {why}; left out" for why, names in failed.items()]
        reading.problems += left_out("sheets are of another data set", others)
        return reading


def first_known(names: list[str], terms: Mapping[str, str]) -> tuple[str, str | None]:
    """The first name that is a term, with its diagnosis; else the first of all, without."""
    return next(((name, code) for name in names if (code := terms.get(plain(name)))), (names[0], None))
