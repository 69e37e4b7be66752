"""Passwords, kept as Argon2id hashes. Needs the extra ``cases``."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tejido.errors import TejidoError

SHORTEST = 10
LONGEST = 1000
"""In characters. Length is what makes a password hard to guess, so nothing else is asked of it."""

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """The hash of a new password, with its salt and parameters.

    Raises:
        TejidoError: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise TejidoError(f"a password has {SHORTEST} to {LONGEST} characters; several words make a good one")
    return _HASHER.hash(password.encode("utf-8", "surrogatepass"))


def fits(password: str, hashed: str | None) -> bool:
    """Whether this is the password; takes as long where there is no account (None) as where there is one."""
    try:
        right = _HASHER.verify(hashed or _nobodys(), password[:LONGEST].encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return right and hashed is not None


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
