"""Finding image files and their masks, whatever the case and the ending of their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tejido.errors import DataError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}
_ISIC = re.compile(r"ISIC[_-]?(\d+)(_downsampled)?(?: ?\(\d+\))?", re.IGNORECASE)  # "(1)" marks a copy of a file
_NO_IMAGE = re.compile(r".+_(superpixels|attribute_\w+)", re.IGNORECASE)  # they lie beside the ISIC challenges' images
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
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder")
    return [
        path
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in IMAGE_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and path.is_file()
    ]


def find_files(root: Path) -> Files:
    """Images and masks (``<image id>_segmentation.*``) anywhere below ``root``.

    Of two files with one id the first is taken, and the other is a problem.

    Raises:
        DataError: there is no such folder.
    """
    return sort_files(image_paths(root))


def sort_files(paths: Iterable[Path]) -> Files:
    """The same for paths found already."""
    found = Files()
    for path in paths:
        if _NO_IMAGE.fullmatch(path.stem):
            continue
        mask = _MASK.fullmatch(path.stem)
        kind = found.masks if mask else found.images
        key = image_id(mask[1] if mask else path.name)
        if key in kind:
            found.problems.append(f"{key} is there twice, {path} is left out for {kind[key]}")
        else:
            kind[key] = path
    return found


def listed(names: Collection[str], limit: int = 4) -> str:
    """A few of the names for people: ``a, b, c, d and 12 more``."""
    shown = sorted(names)[:limit]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


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
