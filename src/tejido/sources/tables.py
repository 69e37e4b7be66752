"""Reading CSV tables: strict about the columns needed, tolerant of what varies."""

from __future__ import annotations

import csv
from pathlib import Path

from tejido.errors import DataError

_UNKNOWN = {"", "unknown", "nan", "na", "n/a", "none", "null"}
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


def read_table(path: Path, needed: tuple[str, ...]) -> list[dict[str, str | None]]:
    """Rows of a CSV file with a header, as dictionaries; unknown values become None, extra columns are kept.

    Raises:
        DataError: the file is missing, not text, has no rows, or lacks a needed column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = [name for name in (reader.fieldnames or []) if name]
            missing = [name for name in needed if name not in header]
            if missing:
                raise DataError(
                    f"{path.name}: column {missing[0]!r} is missing; found {', '.join(header) or 'nothing'}"
                )
            rows = [{name: known(row.get(name)) for name in header} for row in reader]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV ({error})") from None
    rows = [row for row in rows if any(value is not None for value in row.values())]
    if not rows:
        raise DataError(f"{path.name}: no rows")
    return rows


def known(value: str | None) -> str | None:
    """``value`` without surrounding space, or None where it stands for "unknown"."""
    value = (value or "").strip()
    return None if value.lower() in _UNKNOWN else value


def number(value: str | None) -> float | None:
    """``value`` as a number, or None where it is none."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def images_by_stem(folder: Path) -> dict[str, Path]:
    """All image files anywhere below ``folder`` by file name without ending.

    Raises:
        DataError: there is no such folder, or two files share a name.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
            if path.stem in found:
                raise DataError(f"two images are called {path.stem}: {found[path.stem]} and {path}")
            found[path.stem] = path
    return found
