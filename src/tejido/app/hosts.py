"""The check of the Host header."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from tejido.app.errors import REFUSED_AS, error_response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send


class LocalHostOnly:
    """ASGI middleware against DNS rebinding: what listens on loopback answers only to loopback names.

    A hostile site can point its own name at 127.0.0.1 and so read from a server that trusts its network. Such a
    request carries the site's name as Host. Requests that arrive at any other address pass unchecked.

    Args:
        app: the application.
        allowed: further host names to answer to, for a proxy on the same machine that keeps the outer name.
    """

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = {name.lower() for name in allowed} | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and _is_loopback((scope.get("server") or ("",))[0]):
            host = _host_name(Headers(scope=scope).get("host", ""))
            if host not in self._allowed and not _is_loopback(host):
                scope[REFUSED_AS] = "wrong_host"
                answer = error_response(421, "wrong_host", "this server answers only to localhost; check the address")
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _host_name(header: str) -> str:
    if header.startswith("["):  # [::1]:8000
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
