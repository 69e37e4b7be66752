"""Who somebody is and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request

from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = ("viewer", "clinician", "admin")
"""Each may do what those before it may. Viewers read and classify; clinicians write and confirm cases; admins delete
and read the audit trail."""

WHO = "tejido.who"
"""Where the person stands in a request's ASGI scope."""


@dataclass(frozen=True)
class Person:
    """Who sends a request: an account, the holder of the token, or anyone where there is no login."""

    name: str
    role: str

    def may(self, role: str) -> bool:
        """Whether this person may do what ``role`` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


LOCAL = Person("local", "admin")
"""Everybody, where there is no login."""
TOKEN = Person("token", "admin")
"""Whoever has the token; it is for programs of those who run the server."""
RESERVED = {LOCAL.name, TOKEN.name}


def needs(role: str) -> Callable[[Request], Person]:
    """A dependency of routes that only ``role`` and higher ones may use; gives the person.

    Raises:
        ApiError: 403, the person may not.
    """

    def person(request: Request) -> Person:
        who: Person = request.scope.get(WHO, LOCAL)
        if not who.may(role):
            raise ApiError(403, "not_allowed", f"this needs the role {role}, and {who.name} is a {who.role}")
        return who

    return person
