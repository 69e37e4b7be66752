"""Taking in an upload without holding more of it than the limit, or waiting for it longer than a slow line needs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import Request

    from tejido.app.limits import Limits


async def read_picture(request: Request, max_bytes: int, limits: Limits) -> bytes:
    """The request's body, at most ``max_bytes`` of it.

    What kind of picture it is shows in its bytes; the content type says nothing, except that a form is not a picture.

    Raises:
        ApiError: 413 too large (from Content-Length before reading, else as soon as the limit is passed), 415 a form
            or a compressed body, 400 empty or cut off, 408 too slow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        raise ApiError(415, "form_not_accepted", "send the picture's bytes as the request body, not as a form")
    body = bytearray()
    async for chunk in pieces(request, max_bytes, limits, what="the picture"):
        body += chunk
    if not body:
        raise ApiError(400, "empty", "the request has no body; send the picture's bytes as the body")
    return bytes(body)


async def pieces(request: Request, max_bytes: int, limits: Limits, *, what: str) -> AsyncIterator[bytes]:
    """The request's body as it comes, at most ``max_bytes`` of it.

    Args:
        request: whose body was not read yet.
        max_bytes: of the whole body.
        limits: how long to wait for it.
        what: it is, for the message: "the picture".

    Raises:
        ApiError: 413 too large, 415 a compressed body, 400 cut off, 408 too slow.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ApiError(415, "encoding_not_accepted", "send the picture's bytes as they are, without Content-Encoding")
    too_large = ApiError(413, "too_large", f"{what} is over the limit of {_megabytes(max_bytes)}; make it smaller")
    declared = request.headers.get("content-length", "")
    # Very long numbers are too large without being read: int() refuses them.
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > max_bytes):
        raise too_large
    start, received = time.monotonic(), 0
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(start + limits.upload_time(received) - time.monotonic()):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            message = "the upload was too slow; try again on a better line, or with a smaller picture"
            raise ApiError(408, "upload_too_slow", message, {"Connection": "close"}) from None
        except ClientDisconnect:
            raise ApiError(400, "cut_off", "the upload was cut off") from None
        received += len(chunk)
        if received > max_bytes:
            raise too_large
        yield chunk


def _megabytes(count: int) -> str:
    return f"{count / 2**20:.3g} MiB"
