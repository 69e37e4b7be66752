"""Fingerprints of many files, remembered between builds: a build that was cut off goes on where it was."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tejido.data.duplicates.fingerprint import Fingerprint, fingerprint
from tejido.data.duplicates.phash import SIDE
from tejido.errors import ImageError, TejidoError

_BATCH = 128
_VERSION = 1
_TABLE = """CREATE TABLE IF NOT EXISTS fingerprint (
    path TEXT PRIMARY KEY, size INTEGER, modified INTEGER,
    sha256 TEXT, pixels TEXT, width INTEGER, height INTEGER, thumbnail BLOB
)"""


def cache_path(manifest: Path) -> Path:
    """Where the fingerprints of a manifest's images are remembered."""
    return manifest.with_suffix(".fingerprints.sqlite")


def read_fingerprints(
    paths: Sequence[Path], cache: Path | None = None, *, progress: Callable[[], None] = lambda: None
) -> list[Fingerprint | ImageError]:
    """The fingerprint of every file, or why it has none.

    Args:
        paths: files.
        cache: where they are remembered; a file is read again when its size or time has changed. A damaged cache is
            made anew, one that another build is writing to is waited for.
        progress: called once a file.

    Raises:
        TejidoError: the cache cannot be written, or another build does not let go of it.
    """
    memory = None if cache is None else _open(cache)
    found: list[Fingerprint | ImageError] = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside the interpreter's lock
        for start in range(0, len(paths), _BATCH):
            some = paths[start : start + _BATCH]
            stamps = [_stamp(path) for path in some]
            known = {} if memory is None else _recall(memory, stamps)

            def get(path: Path, known: dict[str, Fingerprint] = known) -> Fingerprint | ImageError:
                try:
                    return known.get(_key(path)) or fingerprint(path)
                except ImageError as error:
                    return error
                finally:
                    progress()

            results = list(pool.map(get, some))
            if memory is not None and cache is not None:
                _remember(memory, cache, stamps, results, known)
            found += results
    if memory is not None:
        memory.close()
    return found


def _key(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 (Path.resolve would follow links, and be slow)


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return _key(path), -1, -1
    return _key(path), stat.st_size, stat.st_mtime_ns


def _open(cache: Path) -> sqlite3.Connection:
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(cache)
        except sqlite3.OperationalError:  # locked by another build, or no room: nothing is wrong with the file
            raise
        except sqlite3.DatabaseError:  # damaged, or no database at all: it only saves time
            cache.unlink()
            return _connect(cache)
    except (OSError, sqlite3.Error) as error:
        raise TejidoError(f"{cache}: cannot be written ({error})") from None


def _connect(cache: Path) -> sqlite3.Connection:
    memory = sqlite3.connect(cache)
    try:
        memory.execute("PRAGMA page_size = 32768")  # a row has 3 kB: small pages would be a third empty
        if memory.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            memory.execute("DROP TABLE IF EXISTS fingerprint")
            memory.execute(f"PRAGMA user_version = {_VERSION}")
        memory.execute(_TABLE)
        memory.execute("SELECT count(*) FROM fingerprint").fetchone()
        memory.commit()
    except sqlite3.Error:
        memory.close()
        raise
    return memory


def _recall(memory: sqlite3.Connection, stamps: list[tuple[str, int, int]]) -> dict[str, Fingerprint]:
    known = {}
    for key, size, modified in stamps:
        row = None
        with contextlib.suppress(sqlite3.DatabaseError):  # a damaged page: read the file instead
            row = memory.execute(
                "SELECT sha256, pixels, width, height, thumbnail FROM fingerprint"
                " WHERE path = ? AND size = ? AND modified = ?",
                (key, size, modified),
            ).fetchone()
        if row is not None and len(row[4]) == SIDE * SIDE * 3:
            sha256, pixels, width, height, thumbnail = row
            small = np.frombuffer(thumbnail, np.uint8).reshape(SIDE, SIDE, 3)
            known[key] = Fingerprint(sha256, pixels, width, height, small)
    return known


def _remember(
    memory: sqlite3.Connection,
    cache: Path,
    stamps: list[tuple[str, int, int]],
    results: list[Fingerprint | ImageError],
    known: dict[str, Fingerprint],
) -> None:
    rows = [
        (*stamp, new.sha256, new.pixels, new.width, new.height, new.thumbnail.tobytes())
        for stamp, new in zip(stamps, results, strict=True)
        if isinstance(new, Fingerprint) and stamp[0] not in known
    ]
    try:
        with memory:
            memory.executemany("INSERT OR REPLACE INTO fingerprint VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    except sqlite3.Error as error:
        memory.close()
        raise TejidoError(f"{cache}: cannot be written ({error})") from None
