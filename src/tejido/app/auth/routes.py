"""Logging in and out, and who is logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from tejido.app.auth.gate import COOKIE, client_address, session_of
from tejido.app.auth.roles import WHO
from tejido.app.auth.sessions import LIFE_SECONDS
from tejido.app.describe import errors, json_body
from tejido.app.errors import ApiError
from tejido.app.json_body import read_json

if TYPE_CHECKING:
    from tejido.app.auth.door import Door
    from tejido.app.limits import Limits

_Secret = Annotated[str, StringConstraints(max_length=1000)]


class Login(BaseModel):
    """Name and password of an account, or the server's token."""

    name: _Secret | None = Field(default=None, examples=["lucia"])
    password: _Secret | None = Field(default=None, examples=["several words make a password"])
    token: _Secret | None = None


class SessionState(BaseModel):
    """Who is asking, as the server sees it."""

    login: bool = Field(description="whether the server asks for a login")
    accounts: bool = Field(description="whether one can log in with name and password, rather than with a token")
    cases: bool = Field(description="whether the server keeps cases")
    name: str | None = Field(description="null where nobody is logged in", examples=["lucia"])
    role: str | None = Field(description="viewer, clinician or admin", examples=["clinician"])


def auth_router(door: Door, limits: Limits, *, cases: bool) -> APIRouter:
    """``login``, ``logout`` and ``session`` under ``/api/v1``."""
    router = APIRouter(prefix="/api/v1")

    def state(name: str | None, role: str | None) -> SessionState:
        accounts = door.accounts is not None
        return SessionState(login=door.required, accounts=accounts, cases=cases, name=name, role=role)

    @router.get("/session", summary="Who is logged in?", responses=errors())
    async def session(request: Request) -> SessionState:
        """Answer who is logged in, and what the server has; also to those who are not logged in."""
        who = request.scope.get(WHO)
        return state(who and who.name, who and who.role)

    @router.post(
        "/login",
        summary="Log in",
        openapi_extra=json_body(Login, "Name and password, or the token."),
        responses=errors(
            queue=True,
            _400="The body is empty or cut off.",
            _401="Name, password or token is wrong.",
            _413="The body is too large.",
            _415="A compressed body.",
            _422="Neither name and password nor a token.",
            _503="Too many log in at once, or the accounts cannot be read.",
        ),
    )
    async def login(request: Request, response: Response) -> SessionState:
        """Begin a session; its cookie lasts twelve hours. A session that the browser had before is ended."""
        given = await read_json(request, Login, limits)
        address = client_address(request.scope)
        if not door.required:
            raise ApiError(422, "no_login", "this server asks for no login")
        stamp = None
        if given.token is not None:
            person = door.with_token(given.token, address)
        elif given.name is not None and given.password is not None:
            person, stamp = await door.with_password(given.name, given.password, address)
        else:
            raise ApiError(422, "bad_parameter", "give name and password, or token")
        _end(request, door)
        response.set_cookie(
            COOKIE,
            door.sessions.begin(person, stamp),
            max_age=int(LIFE_SECONDS),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return state(person.name, person.role)

    @router.post("/logout", summary="Log out", responses=errors())
    async def logout(request: Request, response: Response) -> SessionState:
        """End the session, here and in the browser."""
        _end(request, door)
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
        return state(None, None)

    return router


def _end(request: Request, door: Door) -> None:
    before = session_of(request.headers)
    if before is not None:
        door.sessions.end(before)
