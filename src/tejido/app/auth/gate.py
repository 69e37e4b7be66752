"""Every request passes here before anything of it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse

from tejido.app.auth.door import nobody
from tejido.app.auth.origin import SAFE_METHODS, is_foreign, is_unsigned
from tejido.app.auth.roles import WHO
from tejido.app.errors import REFUSED_AS, ApiError, error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tejido.app.auth.door import Door
    from tejido.app.auth.roles import Person

COOKIE = "tejido_session"
PAGES = {"/", "/cases", "/case"}
"""Opened by somebody who is not logged in, these lead to the login."""
PUBLIC = {"/api/v1/login", "/api/v1/logout", "/api/v1/session"}
"""What is asked for before anybody is logged in; besides the files of the page, which hold nothing private."""


class Gate:
    """ASGI middleware: finds out who sends a request, and turns away whom the door does not let in.

    Args:
        app: the application.
        door: the checks.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            who = await self._person(scope)
        except ApiError as error:
            scope[REFUSED_AS] = error.code
            await error_response(error.status, error.code, error.message, error.headers)(scope, receive, send)
            return
        if who is None and scope["path"] in PAGES:
            await RedirectResponse("login", status_code=303)(scope, receive, send)
            return
        scope[WHO] = who
        await self._app(scope, receive, send)

    async def _person(self, scope: Scope) -> Person | None:
        headers = Headers(scope=scope)
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._door.required:
            # No other site can make a browser send this header, so that it need not be asked where it comes from.
            return self._door.with_token(given.strip(), client_address(scope))
        changing = scope["method"] not in SAFE_METHODS
        if changing and is_foreign(headers):
            raise ApiError(403, "cross_site", "another site sent this request; open Tejido's own page")
        session = session_of(headers)
        who = await self._door.with_session(session) if session and self._door.required else None
        if who is not None and changing and is_unsigned(headers):
            raise ApiError(403, "cross_site", "with a cookie, Origin or Sec-Fetch-Site must say where it comes from")
        who = who or nobody(self._door.required)
        if who is None and _is_private(scope["path"]):
            message = "log in at /login, or send Authorization: Bearer and the token"
            raise ApiError(401, "login_required", message, {"WWW-Authenticate": "Bearer"})
        return who


def session_of(headers: Headers) -> str | None:
    """The id of the session that the browser's cookie names, if it has one."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE) or None


def client_address(scope: Scope) -> str:
    """Where the request comes from; behind a trusted proxy, what that says."""
    client = scope.get("client")
    return client[0] if client else "-"


def _is_private(path: str) -> bool:
    return (path.startswith("/api/v1/") or path == "/metrics") and path not in PUBLIC
