"""Finding image files, their masks and tables, whatever the case and the ending of their names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path

from tejido.errors import DataError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}
_ISIC = re.compile(r"ISIC[_-]?(\d+)(_downsampled)?(?: ?\(\d+\))?", re.IGNORECASE)  # "(1)" marks a copy of a file
_NO_IMAGE = re.compile(
    r".+_(superpixels|globules|streaks|attribute_\w+)", re.IGNORECASE
)  # beside the challenges' images
_MASK = re.compile(r"(.+)_segmentation", re.IGNORECASE)


@dataclass
class Files:
    """Images and masks by image id, and what was odd about them."""

    images: dict[str, Path] = field(default_factory=dict)
    masks: dict[str, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def image_id(name: str) -> str:
    """The id in the name of an image: no ending, and ISIC ids in their usual form.

    ``isic_0012345.JPG`` and ``ISIC_0012345(1).jpg`` give ``ISIC_0012345``. The ISIC suffix ``_downsampled`` is kept: it
    is another picture.
    """
    name = name.strip()
    stem, dot, suffix = name.rpartition(".")
    if dot and f".{suffix.lower()}" in IMAGE_SUFFIXES:
        name = stem
    match = _ISIC.fullmatch(name)
    return f"ISIC_{match[1]}{(match[2] or '').lower()}" if match else name


def is_isic_id(name: str) -> bool:
    """Whether this is an id of the ISIC Archive."""
    return _ISIC.fullmatch(name) is not None


def image_paths(root: Path) -> list[Path]:
    """All image files anywhere below ``root``, in a fixed order; hidden files and folders are passed over.

    Raises:
        DataError: there is no such folder.
        OSError: a folder below it may not be read; what lies there would be missing without a word.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder")
    endings = tuple(IMAGE_SUFFIXES)
    return _find(root, lambda name: name.lower().endswith(endings))


def find_tables(root: Path, pattern: str) -> list[Path]:
    """Files anywhere below ``root`` whose name fits the pattern, whatever its case, in a fixed order.

    Raises:
        OSError: there is no such folder, or one below it may not be read.
    """
    fits = re.compile(translate(pattern), re.IGNORECASE).match
    return _find(root, lambda name: fits(name) is not None)


def _find(root: Path, wanted: Callable[[str], bool]) -> list[Path]:
    found, folders = list[Path](), [root]
    for folder in folders:  # which grows while it is gone through
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif wanted(entry.name) and entry.is_file():
                    found.append(Path(entry.path))
    return sorted(found)


def file_role(stem: str) -> tuple[str, bool] | None:
    """The image id in the name of a file, and whether it is that image's mask (``<image id>_segmentation``).

    None for what lies beside the images of the ISIC challenges without being one: superpixels and the like.
    """
    if _NO_IMAGE.fullmatch(stem):
        return None
    mask = _MASK.fullmatch(stem)
    return image_id(mask[1] if mask else stem), mask is not None


def find_files(root: Path, role: Callable[[str], tuple[str, bool] | None] = file_role) -> Files:
    """Images and masks anywhere below ``root``.

    Of two files with one id the first is taken, and the other is a problem.

    Args:
        root: the folder.
        role: what the name of a file, without its ending, says of it.

    Raises:
        DataError: there is no such folder.
    """
    found = Files()
    twice: list[str] = []
    for path in image_paths(root):
        told = role(path.stem)
        if told is None:
            continue
        kind = found.masks if told[1] else found.images
        if kind.setdefault(told[0], path) != path:
            twice.append(path.relative_to(root).as_posix())
    found.problems += left_out("files have the id of another file", twice)
    return found


def listed(names: Collection[str], limit: int = 4) -> str:
    """A few of the names for people: ``a, b, c, d and 12 more``."""
    shown = sorted(names)[:limit]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def left_out(what: str, names: Collection[str]) -> list[str]:
    """A line on what was left out, if anything was: none or one.

    Args:
        what: plural and verb, such as ``images are in no table``.
        names: of what was left out.
    """
    return [f"{len(names):,} {what} and were left out: {listed(names)}"] if names else []


def shortfall(what: str, expected: int | None, found: int, missing: Collection[str] = ()) -> list[str]:
    """A line where the count found is not the one expected: none or one.

    Args:
        what: plural, such as ``masks``.
        expected: published count, or None.
        found: count found.
        missing: ids that are known to be missing.
    """
    if expected is None or (found == expected and not missing):
        return []
    names = f"; missing: {listed(missing)}" if missing else ""
    return [f"{expected:,} {what} expected, {found:,} found{names}"]


def unused(files: Files, known: Collection[str]) -> list[str]:
    """Lines on images that no table lists, and on masks without an image; none if all have their place."""
    lines = left_out("images are in no table", set(files.images) - set(known))
    return lines + left_out("masks have no image", set(files.masks) - set(files.images))
