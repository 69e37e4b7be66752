"""The model files themselves, for those who run them elsewhere: the browser, a phone, another server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response

from tejido.app.describe import errors, file_answer
from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from tejido.app.service import Service

_KIND = "application/octet-stream"


def model_file_router(service: Service) -> APIRouter:
    """``GET /api/v1/models/{name}/file``."""
    router = APIRouter()

    @router.get(
        "/api/v1/models/{name}/file",
        summary="Get a model file",
        response_class=FileResponse,
        responses={
            200: file_answer("The `.onnx` file; `ETag` is its SHA-256.", _KIND),
            206: file_answer("The part that `Range` asked for.", _KIND),
            304: {"description": "It is the one that `If-None-Match` names."},
            **errors(
                _404="No model has that name, or its file is not the version asked for.", _422="A wrong parameter."
            ),
        },
    )
    async def model_file(
        request: Request,
        name: str,
        v: Annotated[
            str | None, Query(description="SHA-256 of the file, from /api/v1/models; it may be kept for good")
        ] = None,
    ) -> Response:
        """Answer with the file as it is. With `?v=` and its SHA-256 a browser may keep it for good.

        `curl -O -J http://127.0.0.1:8000/api/v1/models/skin-suspicion/file`
        """
        found = await anyio.to_thread.run_sync(service.shelf.file, name)
        if found is None:
            message = f"no model is called {name[:100]!r}; GET /api/v1/models lists the models"
            raise ApiError(404, "unknown_model", message)
        path, digest = found
        if v is not None and v != digest:
            raise ApiError(404, "other_version", "the model file has changed; GET /api/v1/models tells its sha256")
        headers = {
            "ETag": f'"{digest}"',
            "Cache-Control": "no-cache" if v is None else "private, max-age=31536000, immutable",
        }
        if f'"{digest}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return FileResponse(path, media_type=_KIND, headers=headers, filename=path.name)

    return router
