"""One line for each request and each failure: what was asked of which route, never what it was about.

A line holds method, route, status, time and sizes. The route is the pattern (``/api/v1/cases/{case}``), so that no id,
query, file name or person's name can get into the log.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tejido.app.errors import REFUSED_AS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tejido.app.monitoring import Monitoring

_PROBES = {"/healthz", "/metrics"}
"""Asked every few seconds by machines; in the metrics, not in the log."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Watch:
    """ASGI middleware that tells the log and the metrics about each request.

    Args:
        app: the application.
        write: what to do with a record; None keeps no log.
        monitoring: the metrics, where there are any.
    """

    def __init__(
        self, app: ASGIApp, write: Callable[[Mapping[str, Any]], None] | None, monitoring: Monitoring | None
    ) -> None:
        self._app = app
        self._write = write
        self._monitoring = monitoring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, taken, sent = time.perf_counter(), 500, 0, 0

        async def counting_receive() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message

        async def counting_send(message: Message) -> None:
            nonlocal status, sent
            status = message.get("status", status)
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, counting_receive, counting_send)
        finally:
            seconds = time.perf_counter() - start
            route, method = route_of(scope), scope["method"] if scope["method"] in _METHODS else "other"
            refused = scope.get(REFUSED_AS)
            if self._monitoring is not None:
                self._monitoring.request(method, route, status, seconds, refused)
            if self._write is not None and route not in _PROBES:
                sizes = {"bytes_in": taken, "bytes_out": sent}
                record = {"method": method, "route": route, "status": status, "ms": round(1000 * seconds, 1), **sizes}
                self._write(record | ({"code": refused} if refused else {}))


def route_of(scope: Scope) -> str:
    """The pattern of the address that was asked for; ``-`` where there is none."""
    if scope["path"].startswith("/web/"):
        return "/web"
    return getattr(scope.get("route"), "path", "-")


def write_plain(record: Mapping[str, Any]) -> None:
    """One line for a person, on standard error."""
    code = f" {record['code']}" if "code" in record else ""
    sizes = f"{record['bytes_in']} bytes in, {record['bytes_out']} out"
    _line(f"{_now()} {record['method']} {record['route']} {record['status']}{code}, {record['ms']} ms, {sizes}")


def write_json(record: Mapping[str, Any]) -> None:
    """One JSON object for a program, on standard error."""
    _line(json.dumps({"time": _now(), "level": "info", "event": "request", **record}))


class JsonFailures(logging.Handler):
    """What the server under the app has to say, as JSON; of an exception its kind and place, not its words.

    An exception's words may quote what was sent.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        said: dict[str, Any] = {"time": _now(), "level": record.levelname.lower(), "event": "server"}
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])[-8:]
            said["exception"] = record.exc_info[0].__name__
            said["where"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        else:
            said["message"] = record.getMessage()
        _line(json.dumps(said))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
