"""Pieces of the API's description in ``/api/openapi.json``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from tejido.app.schemas import ErrorAnswer

PICTURE_KINDS = (
    "JPEG, PNG, WebP, BMP, TIFF, GIF (first frame), or DICOM where the server has the extra. The kind is judged by "
    "content; the content type is not looked at."
)
_EVERYWHERE = {
    "401": "Nobody is logged in, where the server asks for it.",
    "403": "The role does not allow it, or another site sent the request.",
    "429": "Too many failed logins; see Retry-After.",
}
_QUEUE = {
    "408": "The upload was too slow.",
    "503": "Too much to do, or the case store cannot be used just now; see Retry-After.",
    "504": "The picture takes too long.",
}
_STORE = {
    "503": "The case store cannot be used just now, or has too much to do; see Retry-After.",
    "504": "The case store is too slow.",
}


def errors(*, queue: bool = False, store: bool = False, **causes: str) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, by status.

    Args:
        queue: the route takes a body and does slow work.
        store: the route reads the case store.
        causes: what a status means, such as ``_404="No model has that name."``
    """
    own = {status[1:]: cause for status, cause in causes.items()}
    known = _EVERYWHERE | (_QUEUE if queue else {}) | (_STORE if store else {}) | own
    return {int(status): _error(int(status), cause) for status, cause in sorted(known.items())}


def _error(status: int, cause: str) -> dict[str, Any]:
    example = {"error": {"code": HTTPStatus(status).name.lower(), "message": cause}}
    return {"model": ErrorAnswer, "description": cause, "content": {"application/json": {"example": example}}}


def picture_body(sample: str) -> dict[str, Any]:
    """A request whose body is a picture file; ``sample`` is a command that sends one."""
    kinds = ("image/*", "application/octet-stream")
    return {
        "requestBody": {
            "required": True,
            "description": f"The bytes of the picture file: {PICTURE_KINDS}",
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds},
        },
        "x-codeSamples": [{"lang": "Shell", "source": sample}],
    }


def form_body(description: str, schema: dict[str, Any], sample: str) -> dict[str, Any]:
    """A request whose body is a form of this schema."""
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {"multipart/form-data": {"schema": schema}},
        },
        "x-codeSamples": [{"lang": "Shell", "source": sample}],
    }


def file_answer(description: str, *kinds: str) -> dict[str, Any]:
    """A successful answer that is a file."""
    schema = {"schema": {"type": "string", "format": "binary"}}
    return {"description": description, "content": dict.fromkeys(kinds, schema)}


def json_body(shape: type[BaseModel], description: str) -> dict[str, Any]:
    """A request whose body is JSON of this shape; read by hand, because the framework's own reading has no bound."""
    content = {"application/json": {"schema": whole_schema(shape)}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def whole_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """The schema of ``shape`` with those that it refers to inside it, so that it can stand anywhere."""
    schema = shape.model_json_schema()
    parts = schema.pop("$defs", {})

    def inlined(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                rest = {key: value for key, value in node.items() if key != "$ref"}
                return {**inlined(parts[node["$ref"].rpartition("/")[2]]), **rest}
            return {key: inlined(value) for key, value in node.items()}
        return [inlined(item) for item in node] if isinstance(node, list) else node

    whole: dict[str, Any] = inlined(schema)
    return whole
