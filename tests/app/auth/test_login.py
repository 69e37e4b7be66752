"""Who is let in, over the app."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import pytest

from tejido.app.auth.attempts import Attempts
from tejido.app.auth.door import Door
from tejido.app.auth.sessions import LIFE_SECONDS, Sessions
from tejido.app.server import create_app
from tejido.errors import StoreUnavailableError, TejidoError
from tests.app.auth.people import OWN, PASSWORD, TOKEN, Book, Browser, book
from tests.app.client import Client, error
from tests.support.pictures import encode, smooth

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

PICTURE = encode(smooth(), "JPEG")
BEARER = {"authorization": f"Bearer {TOKEN}"}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def people() -> Book:
    return book(ana="viewer", luis="clinician", eva="admin")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(models: Path, people: Book, clock: Clock) -> FastAPI:
    return create_app("tiny", door=Door(True, TOKEN, people, Sessions(clock)))


PRIVATE = ["/api/v1/models", "/api/v1/models/tiny/file", "/metrics", "/api/v1/cases", "/api/v1/nothing"]


@pytest.mark.parametrize("path", PRIVATE)
def test_nothing_private_without_a_login(models: Path, path: str) -> None:
    client = Client(create_app("tiny", door=Door(True, TOKEN), metrics=True))
    response = client.get(path)
    assert error(response)[:2] == (401, "login_required")
    assert response.headers["www-authenticate"] == "Bearer"
    assert client.get(path, headers=BEARER).status_code in (200, 404)


@pytest.mark.parametrize("path", ["/login", "/web/js/login.js", "/healthz", "/api/docs", "/api/openapi.json"])
def test_what_everybody_may_see(app: FastAPI, path: str) -> None:
    assert Client(app).get(path).status_code == 200


def test_no_picture_is_read_before_the_login(app: FastAPI) -> None:
    read = []

    async def body():  # type: ignore[no-untyped-def]
        read.append(1)
        yield PICTURE

    assert error(Client(app).classify(body()))[0] == 401
    assert read == []


def test_the_page_leads_to_the_login(app: FastAPI) -> None:
    response = Client(app).get("/")
    assert (response.status_code, response.headers["location"]) == (303, "login")
    browser = Browser(app)
    browser.login("ana")
    assert browser.get("/").status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer \xff"]
)
def test_a_wrong_token(app: FastAPI, header: str) -> None:
    response = Client(app).get("/api/v1/models", headers={"authorization": header.encode("latin-1")})  # type: ignore[dict-item]
    assert error(response)[:2] == (401, "wrong_token")


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: compared.append((a, b)) or a == b)  # type: ignore[func-returns-value]
    Door(True, TOKEN).with_token(TOKEN, "192.0.2.1")
    assert [len(part) for part in compared[0]] == [32, 32]


def test_a_short_token_is_no_token() -> None:
    with pytest.raises(TejidoError, match="too short"):
        Door(True, "x" * 19)


def test_a_token_needs_no_origin_and_may_do_everything(app: FastAPI) -> None:
    client = Client(app)
    assert client.classify(PICTURE, headers=BEARER).status_code == 200
    state = client.get("/api/v1/session", headers=BEARER).json()
    assert (state["name"], state["role"]) == ("token", "admin")


def test_login_and_logout(app: FastAPI, people: Book) -> None:
    browser = Browser(app)
    assert browser.get("/api/v1/session").json() == {
        "login": True,
        "accounts": True,
        "cases": False,
        "name": None,
        "role": None,
    }
    before = len(people.logins)
    response = browser.login("luis")
    assert (response.json()["name"], response.json()["role"]) == ("luis", "clinician")
    assert people.logins[before:] == ["luis"]
    assert browser.request("POST", "/api/v1/classify", content=PICTURE).status_code == 200
    assert browser.get("/api/v1/session").json()["name"] == "luis"
    old = dict(browser.cookies)
    browser.request("POST", "/api/v1/logout")
    assert browser.cookies == {}
    browser.cookies = old  # kept by a thief
    assert error(browser.get("/api/v1/models"))[0] == 401


def test_login_with_the_token(app: FastAPI) -> None:
    browser = Browser(app)
    browser.request("POST", "/api/v1/login", json={"token": TOKEN})
    assert browser.get("/api/v1/session").json()["role"] == "admin"
    assert error(Browser(app).request("POST", "/api/v1/login", json={"token": "x" * 30}))[:2] == (401, "wrong_token")


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_cookie(app: FastAPI, scheme: str, secure: bool) -> None:
    response = Browser(app, f"{scheme}://tejido.test").login("ana")
    cookie = SimpleCookie(response.headers["set-cookie"])["tejido_session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "strict"
    assert bool(cookie["secure"]) is secure
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert int(cookie["max-age"]) == LIFE_SECONDS


def test_a_new_id_at_every_login(app: FastAPI) -> None:
    browser = Browser(app)
    browser.cookies["tejido_session"] = "chosen by somebody else"
    browser.login("ana")
    first = browser.cookies["tejido_session"]
    assert first != "chosen by somebody else"
    browser.login("ana")
    second = browser.cookies["tejido_session"]
    assert second != first
    browser.cookies["tejido_session"] = first
    assert error(browser.get("/api/v1/models"))[0] == 401


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ana", "wrong words"),
        ("nobody", PASSWORD),
        ("", ""),
        ("' OR 1=1 --", PASSWORD),
        ("<b>ana</b>", PASSWORD),
        ("ana\0", PASSWORD),
        ("ANA ", PASSWORD),
    ],
)
def test_wrong_logins_all_read_the_same(app: FastAPI, name: str, password: str) -> None:
    response = Browser(app).login(name, password)
    assert error(response) == (401, "wrong_login", "name or password is wrong")
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"null", b'{"name": "ana"}', b'{"name": 7, "password": []}', b"{", b'{"name": "\\ud800"}']
)
def test_odd_logins(app: FastAPI, body: bytes) -> None:
    response = Client(app).request("POST", "/api/v1/login", content=body)
    assert error(response)[:2] == (422, "bad_parameter")
    assert error(Client(app).request("POST", "/api/v1/login", content=b" " * 70_000))[0] == 413


def test_an_error_does_not_repeat_the_password(app: FastAPI) -> None:
    response = Client(app).request("POST", "/api/v1/login", json={"name": "ana", "password": [PASSWORD]})
    assert PASSWORD not in response.text


def test_guessing_is_stopped(models: Path, people: Book) -> None:
    door = Door(True, None, people, by_account=Attempts(3), by_address=Attempts(5))
    browser = Browser(create_app("tiny", door=door))
    assert [browser.login("ana", "wrong words").status_code for _ in range(4)] == [401, 401, 401, 429]
    response = browser.login("ana")  # the right one does not help any more
    assert error(response)[:2] == (429, "too_many_attempts")
    assert int(response.headers["retry-after"]) > 800
    assert error(browser.login("luis"))[0] == 429  # and the address has used up its own


def test_names_that_do_not_exist_are_counted_too(models: Path, people: Book) -> None:
    browser = Browser(create_app("tiny", door=Door(True, None, people, by_account=Attempts(2))))
    assert [browser.login("nobody").status_code for _ in range(3)] == [401, 401, 429]
    assert [browser.login("NOBODY").status_code for _ in range(1)] == [429]


def test_guessing_tokens_is_stopped(models: Path) -> None:
    client = Client(create_app("tiny", door=Door(True, TOKEN, by_address=Attempts(3))))
    wrong = {"authorization": "Bearer wrong"}
    assert [client.get("/api/v1/models", headers=wrong).status_code for _ in range(4)] == [401, 401, 401, 429]
    assert client.get("/api/v1/models", headers=BEARER).status_code == 200  # who has it is not locked out by others


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://tejido.test"}, 200),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/classify", "/api/v1/batch", "/api/v1/logout"])
def test_another_site_cannot_use_the_cookie(app: FastAPI, headers: dict[str, str], status: int, path: str) -> None:
    browser = Browser(app)
    browser.login("luis")
    sent = headers | {"cookie": f"tejido_session={browser.cookies['tejido_session']}"}
    files = {"files": {"p": ("a", PICTURE)}} if path.endswith("batch") else {"content": PICTURE}
    response = Client(app).request("POST", path, headers=sent, **files)
    assert response.status_code == status
    if status == 403:
        assert error(response)[1] == "cross_site"
        assert browser.get("/api/v1/session").json()["name"] == "luis"  # not even logged out


def test_another_site_cannot_log_anybody_in(app: FastAPI) -> None:
    response = Client(app).request(
        "POST",
        "/api/v1/login",
        json={"name": "ana", "password": PASSWORD},
        headers={"origin": "https://evil.example"},
    )
    assert error(response)[:2] == (403, "cross_site")


def test_other_sites_cannot_use_a_server_without_login(client: Client) -> None:
    assert error(client.classify(PICTURE, headers={"sec-fetch-site": "cross-site"}))[:2] == (403, "cross_site")
    assert client.classify(PICTURE, headers=OWN).status_code == 200
    assert client.classify(PICTURE).status_code == 200


def test_a_removed_account_is_out_within_seconds(app: FastAPI, people: Book, clock: Clock) -> None:
    browser = Browser(app)
    browser.login("ana")
    removed = people.people.pop("ana")
    try:
        assert browser.get("/api/v1/models").status_code == 200
        clock.now += 11
        assert error(browser.get("/api/v1/models"))[0] == 401
    finally:
        people.people["ana"] = removed


def test_a_changed_account_is_out_within_seconds(app: FastAPI, people: Book, clock: Clock) -> None:
    browser = Browser(app)
    browser.login("eva")
    people.people["eva"].stamp = "2"
    clock.now += 11
    assert error(browser.get("/api/v1/models"))[0] == 401


def test_sessions_outlive_a_store_that_is_away(
    app: FastAPI, people: Book, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(app)
    browser.login("luis")

    def away(_: object) -> None:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(people, "find", away)
    clock.now += 11
    assert browser.request("POST", "/api/v1/classify", content=PICTURE).status_code == 200
    assert error(Browser(app).login("luis"))[:2] == (503, "case_store_unavailable")


def test_without_accounts_only_the_token_counts(models: Path) -> None:
    browser = Browser(create_app("tiny", door=Door(True, TOKEN)))
    assert browser.get("/api/v1/session").json()["accounts"] is False
    assert error(browser.login("ana"))[:2] == (401, "wrong_login")


def test_without_login_everybody_is_local(client: Client) -> None:
    state = client.get("/api/v1/session").json()
    assert state == {"login": False, "accounts": False, "cases": False, "name": "local", "role": "admin"}
    assert error(client.request("POST", "/api/v1/login", json={"token": TOKEN}))[:2] == (422, "no_login")
