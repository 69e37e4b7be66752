"""Accounts and logins for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tejido.app.auth.passwords import hash_password
from tests.app.client import Client

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

TOKEN = "a-long-token-of-many-characters"
PASSWORD = "several words here"
OWN = {"sec-fetch-site": "same-origin"}


@dataclass
class Somebody:
    """An account."""

    name: str
    role: str
    password_hash: str
    stamp: str = "1"


@dataclass
class Book:
    """Accounts without a database."""

    people: dict[str, Somebody] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    def find(self, name: str) -> Somebody | None:
        return self.people.get(name)

    def logged_in(self, name: str) -> None:
        self.logins.append(name)


def book(**roles: str) -> Book:
    """Accounts of these roles, all with ``PASSWORD``."""
    hashed = hash_password(PASSWORD)
    return Book({name: Somebody(name, role, hashed) for name, role in roles.items()})


class Browser:
    """A client with a cookie jar that behaves as a browser on the app's own page."""

    def __init__(self, app: FastAPI, origin: str = "http://tejido.test") -> None:
        self.client = Client(app, origin)
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        sent = OWN | (headers or {})
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.client.request(method, path, headers=sent, **options)
        for name, value in response.cookies.items():
            self.cookies[name] = value
        if 'tejido_session=""' in response.headers.get("set-cookie", ""):
            self.cookies.pop("tejido_session", None)
        return response

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def login(self, name: str, password: str = PASSWORD, **options: Any) -> httpx.Response:
        return self.request("POST", "/api/v1/login", json={"name": name, "password": password}, **options)
