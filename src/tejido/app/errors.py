"""What the API answers when it cannot answer: always ``{"error": {"code", "message"}}``, never a page of HTML."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tejido.app.headers import API_HEADERS
from tejido.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

REFUSED_AS = "tejido.refused_as"
"""Where the code of a request's error stands in its ASGI scope, for logs and metrics."""
_STORE_RETRY_SECONDS = 5


class ApiError(Exception):
    """A request that cannot be answered.

    Args:
        status: HTTP status.
        code: machine name of the trouble, stable, for clients and for the page's translations.
        message: one line for a person: what is wrong and how to mend it.
        headers: of the answer, such as ``Retry-After``.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def error_response(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The JSON answer of an error; ``headers`` are added to it."""
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of ``app``, also those of the framework, answer in the one JSON shape."""
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(StoreUnavailableError, _on_store_unavailable)
    app.add_exception_handler(RequestValidationError, _on_bad_parameters)
    app.add_exception_handler(Exception, _on_bug)


async def _on_api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    request.scope[REFUSED_AS] = error.code
    return error_response(error.status, error.code, error.message, error.headers)


async def _on_store_unavailable(request: Request, error: Exception) -> JSONResponse:
    request.scope[REFUSED_AS] = code = "case_store_unavailable"
    return error_response(503, code, str(error), {"Retry-After": str(_STORE_RETRY_SECONDS)})


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    known = {
        404: ("not_found", "there is nothing at this address; the API is described at /api/docs"),
        405: ("wrong_method", f"this address does not take {request.method}; see the Allow header and /api/docs"),
    }
    status = HTTPStatus(error.status_code)
    code, message = known.get(status, (status.name.lower(), str(error.detail)))
    request.scope[REFUSED_AS] = code
    return error_response(status, code, message, error.headers)


async def _on_bad_parameters(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    request.scope[REFUSED_AS] = "bad_parameter"
    return error_response(422, "bad_parameter", "; ".join(_complaint(item) for item in error.errors()))


def _complaint(item: dict[str, Any]) -> str:
    where = item["loc"][-1] if item["loc"] else "request"
    return f"{where}: {item['msg']}"


async def _on_bug(_: Request, __: Exception) -> JSONResponse:
    # The framework logs the traceback. It answers outside all middleware, so the headers are given here.
    return error_response(500, "internal", "the server failed; this is a bug, please report it", API_HEADERS)
