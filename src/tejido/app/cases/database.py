"""The connection to SQLite or PostgreSQL: what is acknowledged is on disk, and what fails leaves nothing behind."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from tejido.app.cases.migrate import migrate
from tejido.errors import StoreUnavailableError, TejidoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

BUSY_SECONDS = 5
"""How long a write waits for another one before it is given up."""
_FORMS = "write sqlite:///cases.db or postgresql+psycopg://user:password@host/database"


class Database:
    """A store's database, with its tables up to date.

    Args:
        url: ``sqlite:///cases.db`` or ``postgresql+psycopg://user:password@host/database``.
        make: whether a SQLite file that is not there is made.

    Raises:
        TejidoError: it is no such address, cannot be reached, or was written by a newer version.
    """

    def __init__(self, url: str, *, make: bool = True) -> None:
        try:
            address = make_url(url)
        except ArgumentError:
            raise TejidoError(f"this is not the address of a case store: {_FORMS}") from None
        if address.drivername in {"sqlite", "sqlite+pysqlite"}:
            self.sqlite = True
            self.engine = _sqlite(address, make=make)
        elif address.drivername in {"postgresql", "postgresql+psycopg"}:
            self.sqlite = False
            self.engine = _postgresql(address)
        else:
            raise TejidoError(f"{address.drivername} is no kind of case store; {_FORMS}")
        self._writing = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with _unavailable(), self._writing.begin() as connection:
            migrate(connection)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that changes nothing.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        with _unavailable(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction; once the block has ended it is on disk, and if the block fails nothing of it is.

        Raises:
            StoreUnavailableError: the database cannot be reached, is locked, full or read-only.
            IntegrityError: there is such a row already.
        """
        with _unavailable(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def forget_deleted(self) -> None:
        """Empty SQLite's log of changes, in which deleted pictures still lie; their places in the file are zeroed."""
        if self.sqlite:
            with _unavailable(), self.engine.connect() as connection:
                # Outside a transaction, where alone it is allowed.
                raw: Any = connection.connection.dbapi_connection
                raw.rollback()
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except (DBAPIError, PoolTimeoutError) as error:
        cause = type(getattr(error, "orig", None) or error).__name__
        raise StoreUnavailableError(f"the case store cannot be used just now ({cause}); nothing was written") from error


def _sqlite(address: URL, *, make: bool) -> Engine:
    if address.database in {None, "", ":memory:"}:
        raise TejidoError("cases need a file: write sqlite:///cases.db")
    path = Path(str(address.database)).absolute()
    if not make and not path.exists():
        raise TejidoError(f"{path}: there is no case store")
    try:
        # For nobody else on this machine: SQLite's other files take over these rights.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise TejidoError(f"{path}: cannot be written ({error.strerror})") from None

    def connect() -> sqlite3.Connection:
        # Never made anew here: where the file is gone, an empty store must not take its place.
        name = f"file:{quote(str(path))}?mode=rw"
        connection = sqlite3.connect(
            name, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {setting}")
        return connection

    engine = create_engine(address, creator=connect, hide_parameters=True, pool_timeout=BUSY_SECONDS)

    @event.listens_for(engine, "connect")
    def remember(_: object, record: Any) -> None:
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def same_file(_: object, record: Any, __: object) -> None:
        # A deleted file can still be written by whoever has it open; what it holds would be gone with the process.
        if record.info["file"] != _identity(path):
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The driver's own transactions begin with the first change, which is too late to wait for other writers.
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _postgresql(address: URL) -> Engine:
    milliseconds = 1000 * BUSY_SECONDS
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=BUSY_SECONDS,
        connect_args={
            "connect_timeout": BUSY_SECONDS,
            "tcp_user_timeout": 2 * milliseconds,
            "options": f"-c lock_timeout={milliseconds} -c statement_timeout={4 * milliseconds}",
        },
    )
