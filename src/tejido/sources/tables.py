"""Reading CSV tables: strict about the columns needed, tolerant of what varies."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tejido.errors import DataError

Row = dict[str, str | None]
_UNKNOWN = {"", "unknown", "unk", "nan", "na", "n/a", "none", "null"}


def read_table(path: Path, needed: tuple[str, ...], *, header: tuple[str, ...] | None = None) -> list[Row]:
    """Rows of a CSV file, as dictionaries; unknown values become None, extra columns are kept, empty rows are not.

    Args:
        path: the file.
        needed: columns that must be there.
        header: names of the columns, for a file that has no header of its own.

    Raises:
        DataError: the file is missing, not text, has no rows, or lacks a needed column.
    """
    lines = _lines(path)
    names = list(header) if header is not None else [name.strip() for name in next(lines, [])]
    missing = [name for name in needed if name not in names]
    if missing:
        found = ", ".join(filter(None, names)) or "nothing"
        raise DataError(f"{path.name}: column {missing[0]!r} is missing; found {found}")
    rows: list[Row] = []
    for cells in lines:
        row: Row = {name: None for name in names if name}
        row.update((name, known(cell)) for name, cell in zip(names, cells, strict=False) if name)
        if any(value is not None for value in row.values()):
            rows.append(row)
    if not rows:
        raise DataError(f"{path.name}: no rows")
    return rows


def first_row(path: Path) -> list[str]:
    """The first line of a CSV file, which tells what table it is.

    Raises:
        DataError: the file is missing or not text.
    """
    return [cell.strip() for cell in next(_lines(path), [])]


def merge_rows(rows: Iterable[Row], column: str, key: Callable[[str], str]) -> tuple[dict[str, Row], list[str]]:
    """One row an id.

    Repeated rows are merged. Where they disagree the value is unknown, which is a problem, and so are rows without id.

    Args:
        rows: of a table.
        column: the one that holds the id.
        key: brings an id into its usual form.

    Returns:
        The rows by id, and the problems.
    """
    merged: dict[str, Row] = {}
    disagreeing: dict[str, dict[str, str]] = {}
    repeated = without = 0
    for row in rows:
        text = row[column]
        if text is None:
            without += 1
            continue
        row = row | {column: key(text)}
        first = merged.setdefault(key(text), row)
        if first is row:
            continue
        repeated += 1
        for name, value in row.items():
            if first[name] is None:
                first[name] = value
            elif value is not None and value != first[name]:
                disagreeing.setdefault(key(text), {})[name] = f"{name} {first[name]} and {value}"
    problems = []
    for name, differences in disagreeing.items():
        merged[name] |= dict.fromkeys(differences)
        shown = ", ".join(differences.values())
        problems.append(f"{name} is listed twice with different values ({shown}); they are left unknown")
    if repeated > len(disagreeing):
        problems.append(f"{repeated - len(disagreeing):,} rows are repeated")
    if without:
        problems.append(f"{without:,} rows have no image id and were left out")
    return merged, problems


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


def lower(value: str | None) -> str | None:
    """``value`` in small letters, or None."""
    return None if value is None else value.lower()


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from csv.reader(file)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV ({error})") from None
