"""Reading a small JSON body, bounded like every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from tejido.app.body import pieces
from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from fastapi import Request

    from tejido.app.limits import Limits

MAX_JSON_BYTES = 64 * 1024

M = TypeVar("M", bound=BaseModel)


async def read_json(request: Request, shape: type[M], limits: Limits) -> M:
    """The request's body as ``shape``.

    Raises:
        ApiError: 413 too large, 415 a compressed body, 400 empty or cut off, 408 too slow, 422 not of this shape.
    """
    body = bytearray()
    async for chunk in pieces(request, MAX_JSON_BYTES, limits, what="the body"):
        body += chunk
    if not body:
        raise ApiError(400, "empty", "the request has no body; send JSON")
    return parse_json(bytes(body), shape)


def parse_json(text: bytes, shape: type[M]) -> M:
    """JSON text as ``shape``.

    Raises:
        ApiError: 422, it is not JSON, or not of this shape; the message does not repeat what was sent.
    """
    try:
        return shape.model_validate_json(text)
    except ValidationError as error:
        told = "; ".join(_complaint(item["loc"], item["msg"]) for item in error.errors(include_input=False)[:5])
        raise ApiError(422, "bad_parameter", told) from None


def _complaint(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part)[:40] for part in place) or "body"
    return " ".join(f"{where}: {message}".split())
