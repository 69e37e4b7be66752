"""Logged-in browsers. They live in memory: restarting the server logs everybody out, and no disk holds a session.

Because they are not in the case store, pictures can still be classified while the store is away.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tejido.app.auth.roles import Person

LIFE_SECONDS = 12 * 3600.0
"""A session ends this long after its login."""
IDLE_SECONDS = 2 * 3600.0
"""A session ends this long after its last use."""
_MOST_SESSIONS = 10_000


@dataclass
class Session:
    """One logged-in browser.

    Attributes:
        person: who logged in.
        stamp: of the account at the login; another one means that the account has changed.
        begun: when.
        used: when it was last used.
        checked: when it was last seen that the account is still there.
    """

    person: Person
    stamp: str | None
    begun: float
    used: float
    checked: float


class Sessions:
    """Sessions by the hash of their id; the id itself is only in the browser. Safe to share between threads.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[bytes, Session] = {}  # the oldest first

    def begin(self, person: Person, stamp: str | None = None) -> str:
        """Begin a session and return its id, which was never used before."""
        name, now = secrets.token_urlsafe(32), self.clock()
        with self._lock:
            self._drop_old(now)
            self._sessions[_hash(name)] = Session(person, stamp, now, now, now)
        return name

    def find(self, name: str) -> Session | None:
        """The session of that id, if it has not ended; this counts as using it."""
        now = self.clock()
        with self._lock:
            session = self._sessions.get(_hash(name))
            if session is None:
                return None
            if self._ended(session, now):
                del self._sessions[_hash(name)]
                return None
            session.used = now
            return session

    def end(self, name: str) -> None:
        """End a session, if there is one."""
        with self._lock:
            self._sessions.pop(_hash(name), None)

    def _drop_old(self, now: float) -> None:
        while self._sessions:
            key, session = next(iter(self._sessions.items()))
            if len(self._sessions) < _MOST_SESSIONS and not self._ended(session, now):
                return
            del self._sessions[key]

    @staticmethod
    def _ended(session: Session, now: float) -> bool:
        return now - session.begun > LIFE_SECONDS or now - session.used > IDLE_SECONDS


def _hash(name: str) -> bytes:
    # The id has 256 random bits, so that a plain hash is enough.
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
