"""The REST API: a picture in, an answer out."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse

import tejido
from tejido.app.body import read_picture
from tejido.app.cards import model_entry
from tejido.app.errors import ApiError
from tejido.app.schemas import Classification, ErrorAnswer, Health, HeatmapGrid, ModelList
from tejido.errors import ContextError, ImageError, ModelFileError

if TYPE_CHECKING:
    from tejido.app.shelf import Shelf

_PICTURE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of the picture file: JPEG, PNG, WebP, BMP, TIFF, GIF (first frame), or DICOM where "
        "the server has the extra. The kind is judged by content; the content type is not looked at.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/*", "application/octet-stream")
        },
    },
    "x-codeSamples": [
        {
            "lang": "Shell",
            "source": "curl --data-binary @lesion.jpg 'http://127.0.0.1:8000/api/v1/classify?heatmap=true'",
        }
    ],
}


def _errors(**causes: str) -> dict[int | str, dict[str, Any]]:
    return {int(status[1:]): {"model": ErrorAnswer, "description": cause} for status, cause in causes.items()}


def api_router(shelf: Shelf, max_upload_bytes: int) -> APIRouter:
    """The routes under ``/api/v1``, and ``/healthz``.

    Args:
        shelf: the models.
        max_upload_bytes: largest body that ``classify`` takes.
    """
    router = APIRouter()
    # A decoded picture can take hundreds of megabytes, so only a few are in work at once; the others wait their turn.
    workers = anyio.CapacityLimiter(max(1, min(4, os.cpu_count() or 1)))

    @router.post(
        "/api/v1/classify",
        summary="Classify one picture",
        openapi_extra=_PICTURE_BODY,
        responses=_errors(
            _400="The body is empty or was cut off.",
            _404="No model has that name.",
            _413="The picture is over the limit.",
            _415="A form, or a compressed body; send the picture's bytes as they are.",
            _422="The bytes are not a picture that can be judged, a parameter is wrong, or the model cannot be used.",
        ),
    )
    async def classify(
        request: Request,
        model: Annotated[str | None, Query(description="name from /api/v1/models; by default the server's")] = None,
        heatmap: Annotated[bool, Query(description="also answer what influenced the score")] = False,
        age: Annotated[float | None, Query(description="in years, for a model whose card lists it in inputs")] = None,
        sex: Annotated[str | None, Query(description="a choice of the model's card, likewise")] = None,
        site: Annotated[str | None, Query(description="place on the body, a choice of the model's card")] = None,
    ) -> Classification:
        """Answer with label, probabilities and capture quality. The picture is not stored.

        `curl --data-binary @lesion.jpg http://127.0.0.1:8000/api/v1/classify`
        """
        name = shelf.default if model is None else model
        # The name is looked up first: nobody should upload megabytes to learn that it was misspelt.
        classifier = await anyio.to_thread.run_sync(shelf.get, name)
        context: dict[str, Any] = {"age": age, "sex": sex, "site": site}
        try:
            classifier.encode(**context)
        except ContextError as error:
            raise ApiError(422, "bad_parameter", str(error)) from None
        picture = await read_picture(request, max_upload_bytes)
        work = partial(_classify, shelf, name, picture, heatmap, context)
        return await anyio.to_thread.run_sync(work, limiter=workers)

    @router.get("/api/v1/models", summary="List the models")
    async def models() -> ModelList:
        """Every model by name with its card: labels, thresholds, training data, licence, figures on the test split."""
        entries = await anyio.to_thread.run_sync(shelf.entries)
        return ModelList(
            default=shelf.default,
            max_upload_bytes=max_upload_bytes,
            models=[model_entry(entry) for entry in entries],
        )

    @router.get(
        "/api/v1/models/{name}/file",
        summary="The model file itself",
        response_class=FileResponse,
        responses={200: {"content": {"application/octet-stream": {}}, "description": "ONNX"}},
    )
    async def model_file(name: str) -> FileResponse:
        """The self-describing ONNX file, to be run elsewhere."""
        path = await anyio.to_thread.run_sync(shelf.file, name)
        return FileResponse(path, media_type="application/octet-stream")

    @router.get("/healthz", summary="Is the server up?")
    async def healthz() -> Health:
        """Answer as soon as the server can classify."""
        return Health(version=tejido.__version__)

    return router


def _classify(shelf: Shelf, name: str, picture: bytes, heatmap: bool, context: dict[str, Any]) -> Classification:
    classifier = shelf.get(name)
    try:
        answer = classifier.predict(picture, **context)
    except ImageError as error:
        raise ApiError(422, "unreadable_image", str(error)) from None
    except ModelFileError as error:  # a file that loads but whose answers are not numbers
        raise ApiError(422, "unusable_model", str(error)) from None
    grid = None
    if heatmap and answer.heatmap is not None:
        grid = HeatmapGrid(rows=answer.heatmap.tolist(), frame=classifier.metadata.frame)
    return Classification(
        label=answer.label,
        probabilities=answer.probabilities,
        refused=answer.refused,
        reason=answer.reason,
        quality=answer.quality,
        model=name,
        heatmap=grid,
    )
