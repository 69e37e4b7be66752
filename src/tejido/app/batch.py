"""Many pictures in one request, answered one line each as soon as each is judged."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from tejido.app.api import Age, Model, Sex, Site, WithHeatmap
from tejido.app.describe import PICTURE_KINDS, errors, form_body, whole_schema
from tejido.app.errors import ApiError
from tejido.app.form import read_form
from tejido.app.schemas import BatchLine, ErrorBody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.types import Receive, Scope, Send

    from tejido.app.form import Part
    from tejido.app.service import Service
    from tejido.app.work import Place

_SCHEMA = {
    "type": "object",
    "properties": {
        "picture": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1, "maxItems": 64}
    },
    "required": ["picture"],
}
_SAMPLE = "curl -F picture=@one.jpg -F picture=@two.jpg http://127.0.0.1:8000/api/v1/batch"
_LINES = "One JSON object a line, in the order of the pictures, each with `answer` or `error`."


def batch_router(service: Service) -> APIRouter:
    """``POST /api/v1/batch``."""
    router = APIRouter()

    @router.post(
        "/api/v1/batch",
        summary="Classify several pictures",
        response_class=StreamingResponse,
        openapi_extra=form_body(
            f"A form; every part is a picture file, whatever its name: {PICTURE_KINDS}", _SCHEMA, _SAMPLE
        ),
        responses={
            200: {
                "description": _LINES,
                "content": {"application/x-ndjson": {"schema": whole_schema(BatchLine)}},
            },
            **errors(
                queue=True,
                _400="The form is damaged, cut off or empty.",
                _404="No model has that name.",
                _413="The form is over the limit, or has too many parts; /api/v1/models tells how many it may have.",
                _415="Not a form.",
                _422="A parameter is wrong, or the model cannot be used.",
            ),
        },
    )
    async def batch(
        request: Request,
        model: Model = None,
        heatmap: WithHeatmap = False,
        age: Age = None,
        sex: Sex = None,
        site: Site = None,
    ) -> StreamingResponse:
        """Answer with one line of JSON a picture, as soon as it is judged. No picture is stored.

        A picture that cannot be judged has a line with its `error`, and the others are answered all the same. One batch
        is judged one picture after another, so that it does not crowd out others.

        `curl -F picture=@one.jpg -F picture=@two.jpg http://127.0.0.1:8000/api/v1/batch`
        """
        name = service.shelf.default if model is None else model
        context: dict[str, Any] = {"age": age, "sex": sex, "site": site}
        await anyio.to_thread.run_sync(service.check, name, context)
        place = service.room.enter(service.batch_places)
        try:
            limits = service.limits
            parts = await read_form(request, service.max_batch_bytes, limits.batch_pictures, limits)
            if not parts:
                raise ApiError(400, "empty", "the form has no pictures")
        except BaseException:
            place.leave()
            raise
        lines = _lines(service, place, name, parts, heatmap, context)
        return _Leaving(place, lines)

    return router


class _Leaving(StreamingResponse):
    """A stream that gives its place back when it ends, also where the client went away before."""

    def __init__(self, place: Place, lines: AsyncIterator[str]) -> None:
        super().__init__(lines, media_type="application/x-ndjson")
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.leave()


async def _lines(
    service: Service, place: Place, name: str, parts: Sequence[Part], heatmap: bool, context: dict[str, Any]
) -> AsyncIterator[str]:
    for index, part in enumerate(parts):
        line = await _line(service, place, name, part, heatmap, context)
        yield line.model_copy(update={"index": index}).model_dump_json() + "\n"


async def _line(
    service: Service, place: Place, name: str, part: Part, heatmap: bool, context: dict[str, Any]
) -> BatchLine:
    picture = bytes(part.content)
    part.content.clear()  # what is answered need not be kept
    try:
        if len(picture) > service.max_upload_bytes:
            raise ApiError(413, "too_large", "the picture is over the limit; make it smaller")
        answer = await place.run(partial(service.classify, name, picture, context, heatmap=heatmap))
    except ApiError as error:
        return BatchLine(index=0, error=ErrorBody(code=error.code, message=error.message))
    return BatchLine(index=0, answer=answer)
