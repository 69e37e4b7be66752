from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tejido.app.limits import Limits
from tejido.app.server import create_app
from tests.app.client import Client, error
from tests.app.conftest import LIMIT
from tests.support.pictures import encode, noise, smooth

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = encode(smooth(), "JPEG")
OTHER = encode(noise(), "PNG")


def form(*pictures: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("picture", ("some name.jpg", picture, "image/jpeg")) for picture in pictures]


def send(client: Client, *pictures: bytes, query: str = "") -> list[dict[str, Any]]:
    response = client.request("POST", f"/api/v1/batch{query}", files=form(*pictures))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in response.text.splitlines()]


def test_one_line_a_picture_in_order(client: Client) -> None:
    lines = send(client, PICTURE, OTHER, PICTURE)
    assert [line["index"] for line in lines] == [0, 1, 2]
    singles = [client.classify(picture).json() for picture in (PICTURE, OTHER)]
    assert [line["answer"] for line in lines] == [singles[0], singles[1], singles[0]]
    assert all(line["error"] is None for line in lines)


def test_one_bad_picture_spoils_only_its_own_line(client: Client) -> None:
    lines = send(client, PICTURE, b"no picture", b"", PICTURE)
    assert [line["error"] and line["error"]["code"] for line in lines] == [
        None,
        "unreadable_image",
        "unreadable_image",
        None,
    ]
    assert [line["answer"] is None for line in lines] == [False, True, True, False]


def test_parameters_hold_for_all(client: Client) -> None:
    lines = send(client, PICTURE, OTHER, query="?model=stand-in&heatmap=true")
    assert {line["answer"]["model"] for line in lines} == {"stand-in"}
    assert all(line["answer"]["heatmap"] for line in lines)
    response = client.request("POST", "/api/v1/batch?model=none", files=form(PICTURE))
    assert error(response)[:2] == (404, "unknown_model")


def test_a_picture_over_its_own_limit(client: Client) -> None:
    lines = send(client, PICTURE, bytes(LIMIT + 1), PICTURE)
    assert [line["error"] and line["error"]["code"] for line in lines] == [None, "too_large", None]


def test_the_form_is_bounded(client: Client, models: Path) -> None:
    limit = client.get("/api/v1/models").json()
    assert limit["max_batch_bytes"] == 4 * LIMIT
    response = client.request("POST", "/api/v1/batch", files=form(bytes(4 * LIMIT)))
    assert error(response)[:2] == (413, "too_large")
    few = Client(create_app("tiny", limits=Limits(batch_pictures=2)))
    assert len(send(few, PICTURE, PICTURE)) == 2
    assert error(few.request("POST", "/api/v1/batch", files=form(*[PICTURE] * 3)))[:2] == (413, "too_many")


def test_a_batch_takes_the_places_of_what_it_may_hold(models: Path) -> None:
    app = create_app("tiny", limits=Limits(threads=1, waiting=4, batch_uploads=3))
    room = app.state.service.room
    place = room.enter(3)
    client = Client(app)
    assert error(client.request("POST", "/api/v1/batch", files=form(PICTURE)))[:2] == (503, "overloaded")
    assert client.classify(PICTURE).status_code == 200
    place.leave()
    assert len(send(client, PICTURE)) == 1
    assert room.taken == 0


def test_places_are_given_back_whatever_happens(models: Path) -> None:
    app = create_app("tiny")
    client = Client(app)
    for body, kind in [(b"", "text/plain"), (b"--x\r\n", "multipart/form-data; boundary=x"), (b"--x--", "multipart/x")]:
        assert client.request("POST", "/api/v1/batch", content=body, headers={"content-type": kind}).status_code >= 400
    assert app.state.service.room.taken == 0


def test_who_hangs_up_frees_the_places(models: Path) -> None:
    app = create_app("tiny")
    body = b'--x\r\nContent-Disposition: form-data; name="p"\r\n\r\n' + PICTURE + b"\r\n--x--\r\n"
    given = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v1/batch",
        "raw_path": b"/api/v1/batch",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"x"), (b"content-type", b"multipart/form-data; boundary=x")],
        "client": ("192.0.2.1", 1),
        "server": ("192.0.2.2", 80),
    }

    async def receive() -> dict[str, Any]:
        return given.pop(0) if len(given) > 1 else given[0]

    async def never(_: object) -> None:
        await asyncio.sleep(60)  # the client reads nothing any more

    asyncio.run(asyncio.wait_for(app(scope, receive, never), 20))
    assert app.state.service.room.taken == 0


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("image/jpeg", PICTURE, (415, "form_expected")),
        ("multipart/form-data", PICTURE, (415, "form_expected")),
        (f"multipart/form-data; boundary={'x' * 71}", PICTURE, (415, "form_expected")),
        ("multipart/form-data; boundary=x", b"", (400, "bad_form")),
        ("multipart/form-data; boundary=x", b"nonsense", (400, "bad_form")),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="p"\r\n\r\ncut',
            (400, "bad_form"),
        ),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 1000 + b"\r\n\r\n--x--", (400, "bad_form")),
        ("multipart/form-data; boundary=x", b"--x--\r\n", (400, "empty")),
    ],
)
def test_damaged_forms(client: Client, kind: str, body: bytes, expected: tuple[int, str]) -> None:
    response = client.request("POST", "/api/v1/batch", content=body, headers={"content-type": kind})
    assert error(response)[:2] == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=400), boundary=st.binary(min_size=1, max_size=20))
def test_random_forms_never_break_the_server(client: Client, body: bytes, boundary: bytes) -> None:
    kind = b"multipart/form-data; boundary=" + boundary
    content = b"--" + boundary + b"\r\n" + body + b"\r\n--" + boundary + b"--\r\n"
    response = client.request("POST", "/api/v1/batch", content=content, headers={b"content-type": kind})  # type: ignore[dict-item]
    assert response.status_code in (200, 400, 413, 415)
