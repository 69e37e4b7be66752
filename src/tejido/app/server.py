"""The web app, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

import tejido
from tejido.app.api import api_router
from tejido.app.auth.door import Door
from tejido.app.auth.gate import Gate
from tejido.app.auth.routes import auth_router
from tejido.app.batch import batch_router
from tejido.app.errors import install_error_handlers
from tejido.app.headers import SecurityHeaders
from tejido.app.hosts import LocalHostOnly
from tejido.app.limits import Limits
from tejido.app.logs import Watch
from tejido.app.model_file import model_file_router
from tejido.app.pages import install_pages
from tejido.app.service import Service
from tejido.app.shelf import Shelf
from tejido.app.work import Workroom
from tejido.runtime.library import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tejido.app.cases.store import CaseStore
    from tejido.app.monitoring import Monitoring

_ABOUT = """Classifies pictures of skin and breast tissue. For research and education; not a medical device.

Pictures to classify are judged in memory and never stored or logged; only cases, where the server keeps them, hold
pictures. Every error is `{"error": {"code", "message"}}`."""


def create_app(
    model: str | Path = DEFAULT_MODEL,
    max_upload_bytes: int = 20 * 2**20,
    allowed_hosts: Iterable[str] = (),
    *,
    limits: Limits | None = None,
    door: Door | None = None,
    cases: CaseStore | None = None,
    log: Callable[[Mapping[str, Any]], None] | None = None,
    metrics: bool = False,
) -> FastAPI:
    """The web app as an ASGI application, with its model loaded.

    Args:
        model: the model that answers by default, by name (see ``tejido models``) or path. Requests can name another
            one of the library, never a path.
        max_upload_bytes: largest picture file accepted.
        allowed_hosts: host names to answer to, beside loopback's own, when listening on loopback behind a proxy.
        limits: how much is taken on at once, and how long it may take.
        door: who may use it; by default everybody who can reach it.
        cases: where cases are kept; without it there are none.
        log: what to do with the record of a request.
        metrics: whether to answer ``/metrics``; needs the extra ``metrics``.

    Raises:
        ModelFileError: there is no such model, or its file cannot be run.
    """
    limits, door = limits or Limits(), door or Door()
    room = Workroom(limits.threads, limits.waiting, limits.picture_seconds)
    monitoring = _monitoring(room) if metrics else None
    service = Service(Shelf(model), room, limits, max_upload_bytes, cases is not None, monitoring)
    app = FastAPI(
        title="Tejido",
        version=tejido.__version__,
        description=_ABOUT,
        openapi_url="/api/openapi.json",
        # The framework's own pages load scripts from another origin; ours does not.
        docs_url=None,
        redoc_url=None,
    )
    for router in (api_router, batch_router, model_file_router):
        app.include_router(router(service))
    app.state.service = service
    app.include_router(auth_router(door, limits, cases=cases is not None))
    if cases is not None:
        from tejido.app.cases.routes import cases_router

        app.include_router(cases_router(cases, limits, max_upload_bytes))
    if monitoring is not None:
        _install_metrics(app, monitoring)
    install_pages(app, service)
    install_error_handlers(app)
    # The one that is added last is the outermost: it covers the answers of those before it too.
    app.add_middleware(Gate, door=door)
    app.add_middleware(LocalHostOnly, allowed=tuple(allowed_hosts))
    app.add_middleware(Watch, write=log, monitoring=monitoring)
    app.add_middleware(SecurityHeaders)
    return app


def _monitoring(room: Workroom) -> Monitoring:
    from tejido.app.monitoring import Monitoring

    return Monitoring(room)


def _install_metrics(app: FastAPI, monitoring: Monitoring) -> None:
    from fastapi.responses import Response

    from tejido.app.monitoring import CONTENT_TYPE

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(monitoring.text(), headers={"Content-Type": CONTENT_TYPE})
