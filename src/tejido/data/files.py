"""Writing whole files or nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from tejido.errors import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``; renamed to it when the block succeeds, removed when it does not.

    Raises:
        DataError: the disk is full or the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror})") from None
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table as Parquet, atomically.

    Raises:
        DataError: it cannot be written.
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
