"""Reading CSV tables: strict about the columns needed, tolerant of what varies."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from tejido.errors import DataError
from tejido.sources.files import left_out, listed

Row = dict[str, str | None]
_UNKNOWN = {"", "unknown", "unk", "nan", "na", "n/a", "none", "null"}


def read_table(
    path: Path, needed: tuple[str, ...], *, header: tuple[str, ...] | None = None
) -> tuple[list[Row], list[str]]:
    """Rows of a CSV file, as dictionaries; unknown values become None, extra columns are kept, empty rows are not.

    Commas, semicolons and tabs may stand between the cells. A row with more cells than columns, in which values stand
    under the wrong names, is left out.

    Args:
        path: the file.
        needed: columns that must be there.
        header: names of the columns, for a file that has no header of its own.

    Returns:
        The rows, and what is odd about the file, a line each.

    Raises:
        DataError: the file is missing, not text, has no rows, or lacks a needed column.
    """
    lines = _lines(path)
    names = list(header) if header is not None else [name.strip() for name in next(lines, [])]
    missing = [name for name in needed if name not in names]
    if missing:
        found = ", ".join(filter(None, names)) or "nothing"
        raise DataError(f"{path.name}: column {missing[0]!r} is missing; found {found}")
    last = max(index for index, name in enumerate(names) if name)
    rows: list[Row] = []
    longer: list[str] = []
    shorter = 0
    for cells in lines:
        values = [known(cell) for cell in cells]
        if not any(values):
            continue
        if any(values[len(names) :]) and header is None:
            longer.append(str(values[0]))
            continue
        shorter += len(values) <= last
        row: Row = {name: None for name in names if name}
        row.update((name, value) for name, value in zip(names, values, strict=False) if name)
        rows.append(row)
    if not rows:
        raise DataError(f"{path.name}: no rows")
    problems = left_out("rows have more cells than there are columns", longer)
    if shorter:
        problems.append(f"{shorter:,} rows end before the last column; was the file cut off?")
    return rows, problems


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
    for name, differences in disagreeing.items():
        merged[name] |= dict.fromkeys(differences)
    problems = []
    if disagreeing:
        shown = listed([f"{name} ({', '.join(found.values())})" for name, found in disagreeing.items()])
        problems.append(f"{len(disagreeing):,} ids are listed twice with different values, left unknown: {shown}")
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
    """``value`` as a finite number, with a decimal point or comma; None where it is none."""
    try:
        found = None if value is None else float(value.replace(",", "."))
    except ValueError:
        return None
    return found if found is not None and math.isfinite(found) else None


def lower(value: str | None) -> str | None:
    """``value`` in small letters, or None."""
    return None if value is None else value.lower()


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            # Excel may write a line "sep=;" before the header.
            first = next((line for line in file if line.strip() and not line.lower().startswith("sep=")), "")
            separator = max(",;\t", key=first.count)
            yield from csv.reader(chain([first], file), delimiter=separator)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: cannot be read as CSV (it is no UTF-8 text)") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read as CSV ({error.strerror})") from None
    except csv.Error as error:
        raise DataError(f"{path}: cannot be read as CSV ({error})") from None
