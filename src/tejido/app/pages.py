"""Serving the files of ``web/``: the page at ``/``, the login at ``/login``, the API's description at ``/api/docs``."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from fastapi import FastAPI

WEB = Path(__file__).parent / "web"


def install_pages(app: FastAPI) -> None:
    """Add the page, the API's description and their assets to ``app``."""
    # Some systems map these otherwise, and browsers refuse modules of another type.
    mimetypes.add_type("text/javascript", ".js")
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

    app.mount("/web", StaticFiles(directory=WEB), name="web")
