"""Taking in an upload without ever holding more of it than the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from fastapi import Request


async def read_picture(request: Request, max_bytes: int) -> bytes:
    """The request's body, at most ``max_bytes`` of it.

    What kind of picture it is shows in its bytes; the content type says nothing, except that a form is not a picture.

    Raises:
        ApiError: 413 too large (from Content-Length before reading, else as soon as the limit is passed), 415 a form
            or a compressed body, 400 empty or cut off.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        raise ApiError(415, "form_not_accepted", "send the picture's bytes as the request body, not as a form")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ApiError(415, "encoding_not_accepted", "send the picture's bytes as they are, without Content-Encoding")
    too_large = ApiError(413, "too_large", f"the picture is over the limit of {_megabytes(max_bytes)}; make it smaller")
    declared = request.headers.get("content-length", "")
    # Very long numbers are too large without being read: int() refuses them.
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > max_bytes):
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) + len(chunk) > max_bytes:
                raise too_large
            body += chunk
    except ClientDisconnect:
        raise ApiError(400, "cut_off", "the upload was cut off") from None
    if not body:
        raise ApiError(400, "empty", "the request has no body; send the picture's bytes as the body")
    return bytes(body)


def _megabytes(count: int) -> str:
    return f"{count / 2**20:.3g} MiB"
