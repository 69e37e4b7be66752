"""Serving the files of ``web/``: the page at ``/``, cases, the login, and the API's description at ``/api/docs``."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi.responses import FileResponse, PlainTextResponse
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles

from tejido.app.offline import precache, script

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.responses import Response
    from starlette.types import Scope

    from tejido.app.service import Service

WEB = Path(__file__).parent / "web"


class WebFiles(StaticFiles):
    """Files of a folder; one that has a ``.gz`` beside it goes out compressed to those who take it so."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer one request."""
        plain = await super().get_response(path, scope)
        accepted = Headers(scope=scope).get("accept-encoding", "")
        if "gzip" not in accepted or not self.lookup_path(f"{path}.gz")[0]:
            return plain
        response = await super().get_response(f"{path}.gz", scope)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Type"] = mimetypes.guess_type(path)[0] or "application/octet-stream"
        response.headers["Vary"] = "Accept-Encoding"
        return response


def install_pages(app: FastAPI, service: Service) -> None:
    """Add the page, what it needs to work without network, the API's description and their assets to ``app``."""
    # Some systems map these otherwise, and browsers refuse modules of another type.
    mimetypes.add_type("text/javascript", ".js")
    mimetypes.add_type("text/javascript", ".mjs")
    mimetypes.add_type("application/wasm", ".wasm")
    mimetypes.add_type("application/manifest+json", ".webmanifest")
    mimetypes.add_type("image/svg+xml", ".svg")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(WEB / "index.html")

    @app.api_route("/favicon.ico", methods=["GET", "HEAD"], include_in_schema=False)
    async def favicon() -> FileResponse:
        return FileResponse(WEB / "img" / "logo.svg")

    @app.api_route("/api/docs", methods=["GET", "HEAD"], include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(WEB / "reference.html")

    @app.api_route("/login", methods=["GET", "HEAD"], include_in_schema=False)
    async def login() -> FileResponse:
        return FileResponse(WEB / "login.html")

    if service.cases:

        @app.api_route("/cases", methods=["GET", "HEAD"], include_in_schema=False)
        async def cases() -> FileResponse:
            return FileResponse(WEB / "cases.html")

        @app.api_route("/case", methods=["GET", "HEAD"], include_in_schema=False)
        async def case() -> FileResponse:
            return FileResponse(WEB / "case.html")

    @app.api_route("/sw.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def service_worker() -> FileResponse:
        return FileResponse(WEB / "sw.js")

    @app.api_route("/precache.js", methods=["GET", "HEAD"], include_in_schema=False)
    async def kept_files() -> PlainTextResponse:
        text = await anyio.to_thread.run_sync(lambda: script(precache(WEB, service.library())))
        return PlainTextResponse(text, media_type="text/javascript")

    app.mount("/web", WebFiles(directory=WEB), name="web")
