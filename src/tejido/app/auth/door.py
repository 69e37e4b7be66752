"""The checks at the door: token, name and password, session."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from tejido.app.auth.attempts import Attempts, address_key
from tejido.app.auth.roles import LOCAL, TOKEN, Person
from tejido.app.auth.sessions import Session, Sessions
from tejido.app.errors import ApiError
from tejido.app.work import Workroom
from tejido.errors import StoreUnavailableError, TejidoError

RECHECK_SECONDS = 10.0
"""How long a removed or changed account may still be used by a browser that is logged in."""
SHORTEST_TOKEN = 20


class Account(Protocol):
    """Somebody who may log in with a password."""

    @property
    def name(self) -> str:
        """What they are called."""

    @property
    def role(self) -> str:
        """What they may do."""

    @property
    def password_hash(self) -> str:
        """Of their password."""

    @property
    def stamp(self) -> str:
        """Another one after every change."""


class Accounts(Protocol):
    """Where accounts are kept."""

    def find(self, name: str) -> Account | None:
        """The account of that name; blocks."""

    def logged_in(self, name: str) -> None:
        """Note in the audit trail that somebody logged in; blocks."""


@dataclass
class Door:
    """Who may come in, and as whom.

    Attributes:
        required: without a login, only what is public can be asked for.
        token: what programs give, if there is one.
        accounts: who has a password, if anybody.
        sessions: the browsers that are logged in.
    """

    required: bool = False
    token: str | None = None
    accounts: Accounts | None = None
    sessions: Sessions = field(default_factory=Sessions)
    by_account: Attempts = field(default_factory=lambda: Attempts(10))
    by_address: Attempts = field(default_factory=lambda: Attempts(30))
    # A password takes 64 MB and a tenth of a second to check, so few are checked at once.
    room: Workroom = field(default_factory=lambda: Workroom(threads=1, waiting=16, seconds=20))

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise TejidoError(f"the token is too short to be safe; give at least {SHORTEST_TOKEN} random characters")

    def with_token(self, given: str, address: str) -> Person:
        """Whoever has the token.

        Raises:
            ApiError: 401 it is another one, 429 too many others were tried from this address.
        """
        if self.token is not None and hmac.compare_digest(_hash(given), _hash(self.token)):
            return TOKEN
        self.by_address.begin(address_key(address))
        raise ApiError(401, "wrong_token", "this is not the server's token", {"WWW-Authenticate": "Bearer"})

    async def with_password(self, name: str, password: str, address: str) -> tuple[Person, str]:
        """The person of that name, and the stamp of their account.

        Raises:
            ApiError: 401 no such name or another password (which of them is not said), 429 too many were tried.
        """
        account_key, address_of = name.lower(), address_key(address)
        place = self.room.enter()
        try:
            self.by_address.begin(address_of)
            self.by_account.begin(account_key)
            account = await place.run(partial(self._checked, account_key, password))
        finally:
            place.leave()
        if account is None:
            raise ApiError(401, "wrong_login", "name or password is wrong")
        self.by_address.undo(address_of)
        self.by_account.forget(account_key)
        return Person(account.name, account.role), account.stamp

    async def with_session(self, name: str) -> Person | None:
        """Who is logged in with this session, if anybody still is."""
        session = self.sessions.find(name)
        if session is None:
            return None
        if session.stamp is not None and self.sessions.clock() - session.checked > RECHECK_SECONDS:
            session.checked = self.sessions.clock()
            if not await self._still_there(session):
                self.sessions.end(name)
                return None
        return session.person

    async def _still_there(self, session: Session) -> bool:
        place = None
        try:
            place = self.room.enter()
            return await place.run(partial(self._same_account, session))
        except (ApiError, StoreUnavailableError):
            return True  # pictures can be classified while the store is away; cases cannot be read then anyway
        finally:
            if place is not None:
                place.leave()

    def _same_account(self, session: Session) -> bool:
        account = None if self.accounts is None else self.accounts.find(session.person.name)
        return account is not None and account.stamp == session.stamp

    def _checked(self, name: str, password: str) -> Account | None:
        if self.accounts is None:
            return None
        from tejido.app.auth.passwords import fits

        account = self.accounts.find(name)
        if not fits(password, None if account is None else account.password_hash) or account is None:
            return None
        self.accounts.logged_in(account.name)
        return account


def nobody(required: bool) -> Person | None:
    """Who sends a request without token and session."""
    return None if required else LOCAL


def _hash(token: str) -> bytes:
    # Hashes have one length, so that the time of the comparison says nothing about the token's.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
