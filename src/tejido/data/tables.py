"""Parquet tables: read with a check, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tejido.errors import DataError
from tejido.files import replacing


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, atomically.

    Raises:
        TejidoError: it cannot be written.
    """
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def read_parquet(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a Parquet table that has at least these columns.

    Raises:
        DataError: no such file, not Parquet, or a column is missing.
    """
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        raise DataError(f"{path}: not a Parquet table ({str(error).splitlines()[0]})") from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise DataError(f"{path}: column {missing[0]!r} is missing")
    return table
