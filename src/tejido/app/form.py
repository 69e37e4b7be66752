"""Several things in one request: ``multipart/form-data``, read into memory and never to disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tejido.app.body import pieces
from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from fastapi import Request

    from tejido.app.limits import Limits


@dataclass
class Part:
    """One part of a form. The name of the file that it came from is not kept."""

    name: str
    content: bytearray = field(default_factory=bytearray)


async def read_form(request: Request, max_bytes: int, max_parts: int, limits: Limits) -> list[Part]:
    """The parts of a form, in order.

    Args:
        request: whose body was not read yet.
        max_bytes: of the whole body.
        max_parts: most parts.
        limits: how long to wait for it.

    Raises:
        ApiError: 415 not a form, 400 a damaged one, 413 too large or too many parts, 408 too slow.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 70:
        raise ApiError(415, "form_expected", "send a form (multipart/form-data); see /api/docs")
    collector = _Collector(max_parts)
    parser = MultipartParser(boundary, collector.callbacks())  # type: ignore[arg-type]
    try:
        async for chunk in pieces(request, max_bytes, limits, what="the form"):
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise ApiError(400, "bad_form", "the form is damaged or cut off") from None
    if not collector.complete:
        raise ApiError(400, "bad_form", "the form is damaged or cut off")
    return collector.parts


class _Collector:
    """Puts together what the parser tells."""

    def __init__(self, max_parts: int) -> None:
        self.parts: list[Part] = []
        self.complete = False
        self._max_parts = max_parts
        self._field = b""
        self._value = b""

    def callbacks(self) -> dict[str, object]:
        names = ("part_begin", "part_data", "header_field", "header_value", "header_end", "end")
        return {f"on_{name}": getattr(self, f"_{name}") for name in names}

    def _part_begin(self) -> None:
        if len(self.parts) == self._max_parts:
            raise ApiError(413, "too_many", f"the form has more than {self._max_parts} parts; send it in several")
        self.parts.append(Part(""))
        self._field = self._value = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.lower() == b"content-disposition":
            _, options = parse_options_header(self._value)
            self.parts[-1].name = options.get(b"name", b"").decode("utf-8", "replace")
        self._field = self._value = b""

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].content += data[start:end]

    def _end(self) -> None:
        self.complete = True
