"""The web app, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

import tejido
from tejido.app.api import api_router
from tejido.app.errors import install_error_handlers
from tejido.app.headers import SecurityHeaders
from tejido.app.hosts import LocalHostOnly
from tejido.app.pages import install_pages
from tejido.app.shelf import Shelf
from tejido.runtime.library import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ABOUT = """Classifies pictures of skin and breast tissue. For research and education; not a medical device.

Pictures are judged in memory and never stored or logged. Every error is `{"error": {"code", "message"}}`."""


def create_app(
    model: str | Path = DEFAULT_MODEL, max_upload_bytes: int = 20 * 2**20, allowed_hosts: Iterable[str] = ()
) -> FastAPI:
    """The web app as an ASGI application, with its model loaded.

    Args:
        model: the model that answers by default, by name (see ``tejido models``) or path. Requests can name another
            one of the library, never a path.
        max_upload_bytes: largest picture file accepted.
        allowed_hosts: host names to answer to, beside loopback's own, when listening on loopback behind a proxy.

    Raises:
        ModelFileError: there is no such model, or its file cannot be run.
    """
    shelf = Shelf(model)
    app = FastAPI(
        title="Tejido",
        version=tejido.__version__,
        description=_ABOUT,
        openapi_url="/api/openapi.json",
        # The framework's own pages load scripts from another origin; web/docs.html does not.
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(api_router(shelf, max_upload_bytes))
    install_pages(app, shelf)
    install_error_handlers(app)
    app.add_middleware(LocalHostOnly, allowed=tuple(allowed_hosts))
    app.add_middleware(SecurityHeaders)  # added last, so outermost: it covers the answers of the other too
    return app
