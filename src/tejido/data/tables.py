"""Parquet tables: read with a check of columns and types, written whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from tejido.errors import DataError
from tejido.files import replacing

_DAMAGE = (OSError, ValueError, TypeError, LookupError, NotImplementedError, MemoryError)
"""What reading a damaged file may raise: pyarrow's errors are of all these kinds."""


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, atomically.

    Raises:
        TejidoError: it cannot be written.
    """
    with replacing(path) as temporary:
        fill(table, temporary)


def fill(table: pd.DataFrame, temporary: Path) -> None:
    """Write a table into a file that ``files.replacing`` gave; with checksums, so that damage is seen later."""
    table.to_parquet(temporary, index=False, write_page_checksum=True)


def read_parquet(path: Path, types: Mapping[str, str], *, optional: Collection[str] = ()) -> pd.DataFrame:
    """Read a Parquet table that has at least these columns; others stay as they are.

    Args:
        path: of the file.
        types: pandas types by column.
        optional: those of them that may be missing, and stay so.

    Raises:
        DataError: no such file, not Parquet, a column is missing, or holds values of another type.
    """
    try:
        table = pd.read_parquet(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except _DAMAGE as error:
        raise DataError(f"{path}: not a Parquet table ({first_line(error)})") from None
    missing = [name for name in types if name not in table.columns and name not in optional]
    if missing:
        raise DataError(f"{path}: column {missing[0]!r} is missing")
    for name in table.columns.intersection(list(types)):
        kind = types[name]
        try:
            table = table.astype({name: kind})
        except _DAMAGE as error:
            raise DataError(f"{path}: column {name!r} is not of type {kind} ({first_line(error)})") from None
    return table


def first_line(error: BaseException) -> str:
    """What an error says, as one line."""
    return (str(error) or type(error).__name__).splitlines()[0]
