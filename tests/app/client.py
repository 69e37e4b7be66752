"""A client that talks to the app without a network, through ASGI alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from fastapi import FastAPI


class Client:
    """Sends one request at a time; an exception inside the app is one here too, unless ``raise_bugs`` is false."""

    def __init__(self, app: FastAPI, origin: str = "http://tejido.test", *, raise_bugs: bool = True) -> None:
        self.app = app
        self._origin = origin
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=raise_bugs)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=self._origin) as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def classify(self, picture: Any, query: str = "", **options: Any) -> httpx.Response:
        return self.request("POST", f"/api/v1/classify{query}", content=picture, **options)


def error(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of an error, whose shape is checked."""
    body = response.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    message = body["error"]["message"]
    assert message
    assert "\n" not in message
    assert "Traceback" not in message
    return response.status_code, body["error"]["code"], message
