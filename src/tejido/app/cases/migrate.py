"""Bringing the tables of a store up to this version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import text

from tejido.errors import TejidoError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK = 0x7E71D0
"""Two servers that start at once on one PostgreSQL database wait for each other with this number."""


def migrate(connection: Connection) -> None:
    """Apply the steps that are missing, all or none; the caller's transaction holds them.

    Raises:
        TejidoError: the store was written by a newer version.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    config = Config()
    # The configuration treats % as the beginning of a variable.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise TejidoError("the case store was written by a newer version of Tejido; install that one") from None
