"""Accounts in the case store."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tejido.app.auth.passwords import hash_password
from tejido.app.auth.roles import RESERVED, ROLES
from tejido.app.cases import trail
from tejido.app.cases.tables import Account
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tejido.app.cases.database import Database

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class Accounts:
    """Who may log in with a password. All methods block.

    Args:
        database: of the case store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def any(self) -> bool:
        """Whether there is an account."""
        with self._database.read() as session:
            return session.scalar(select(Account.name).limit(1)) is not None

    def everybody(self) -> Sequence[Account]:
        """All accounts, by name."""
        with self._database.read() as session:
            return session.scalars(select(Account).order_by(Account.name)).all()

    def find(self, name: str) -> Account | None:
        """The account of that name, whose case does not matter; None where there is none."""
        if not _NAME.fullmatch(name.lower()):
            return None
        with self._database.read() as session:
            return session.get(Account, name.lower())

    def logged_in(self, name: str) -> None:
        """Note in the audit trail that somebody logged in."""
        with self._database.write() as session:
            trail.note(session, name, trail.LOGGED_IN)

    def add(self, name: str, role: str, password: str) -> None:
        """Add an account.

        Raises:
            TejidoError: the name is taken or no name, there is no such role, or the password is too short.
        """
        check_name(name)
        if role not in ROLES:
            raise TejidoError(f"there is no role {role!r}; there are: {', '.join(ROLES)}")
        hashed, now = hash_password(password), datetime.now(UTC)
        account = Account(name=name, role=role, password_hash=hashed, stamp=secrets.token_hex(16), created_at=now)
        try:
            with self._database.write() as session:
                session.add(account)
                trail.note(session, trail.SYSTEM, trail.ACCOUNT_ADDED, detail=f"{name}: {role}")
        except IntegrityError:
            raise TejidoError(f"there is an account {name} already; choose another name") from None

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password, which ends its sessions.

        Raises:
            TejidoError: there is no such account, or the password is too short.
        """
        hashed = hash_password(password)
        with self._database.write() as session:
            account = session.get(Account, name.lower())
            if account is None:
                raise _missing(name)
            account.password_hash, account.stamp = hashed, secrets.token_hex(16)
            trail.note(session, trail.SYSTEM, trail.PASSWORD_CHANGED, detail=account.name)

    def remove(self, name: str) -> None:
        """Remove an account, which ends its sessions.

        Raises:
            TejidoError: there is no such account.
        """
        with self._database.write() as session:
            account = session.get(Account, name.lower())
            if account is None:
                raise _missing(name)
            session.delete(account)
            trail.note(session, trail.SYSTEM, trail.ACCOUNT_REMOVED, detail=account.name)


def check_name(name: str) -> None:
    """See that ``name`` can be an account's.

    Raises:
        TejidoError: it cannot.
    """
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise TejidoError(
            f"{name[:80]!r} can be no account's name: take small letters, digits and . _ @ -, at most 64, and not "
            f"{' or '.join(sorted(RESERVED))}"
        )


def _missing(name: str) -> TejidoError:
    return TejidoError(f"there is no account {name[:80]!r}; see: tejido users list")
