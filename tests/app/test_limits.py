"""Overload, slow uploads and slow pictures, on a real socket where that matters."""

from __future__ import annotations

import resource
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tejido.app import connection
from tejido.app.limits import Limits
from tejido.app.server import create_app
from tejido.app.service import Service
from tests.app.client import error
from tests.app.live import serving
from tests.support.pictures import encode, smooth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURE = encode(smooth(), "JPEG")
QUICK = Limits(threads=1, waiting=1, grace_seconds=0.3, slowest_bytes=1e5, upload_seconds=0.8, picture_seconds=5)


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While the event is not set, no picture is judged."""
    go, judge = threading.Event(), Service.classify

    def wait(*arguments: object, **options: object) -> object:
        assert go.wait(20)
        return judge(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Service, "classify", wait)
    try:
        yield go
    finally:
        go.set()


def test_upload_time() -> None:
    limits = Limits(grace_seconds=10, slowest_bytes=1000, upload_seconds=60)
    assert limits.upload_time(0) == 10
    assert limits.upload_time(20_000) == 30
    assert limits.upload_time(10**9) == 60


def test_overload_is_told_before_the_body_is_read(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app("tiny", limits=QUICK)
    with held(monkeypatch) as go, serving(app) as origin, ThreadPoolExecutor(2) as pool:
        first = [pool.submit(httpx.post, f"{origin}/api/v1/classify", content=PICTURE, timeout=30) for _ in range(2)]
        end = time.monotonic() + 60
        while app.state.service.room.taken < 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        response = _post(origin)
        assert error(response)[:2] == (503, "overloaded")
        assert int(response.headers["retry-after"]) > 0
        # No body is asked for where there is no place: the answer comes though only the head was sent.
        with _raw(
            origin, "POST /api/v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
        ) as raw:
            assert raw.recv(100).startswith(b"HTTP/1.1 503")
        assert httpx.get(f"{origin}/healthz").status_code == 200
        go.set()
        assert {future.result().status_code for future in first} == {200}
        assert _post(origin).status_code == 200


def test_memory_does_not_grow_under_overload(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = bytes(6 * 2**20)
    with held(monkeypatch), serving(create_app("tiny", limits=QUICK)) as origin, ThreadPoolExecutor(6) as pool:

        def send(_: int) -> int:
            try:
                return httpx.post(f"{origin}/api/v1/classify", content=body, timeout=1).status_code
            except httpx.TransportError:  # it waits inside, or the server hung up on it
                return 0

        list(pool.map(send, range(6)))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert 503 in list(pool.map(send, range(40)))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 10 * len(body)  # forty bodies would be 240 MiB


def test_a_slow_picture(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(threads=1, waiting=0, picture_seconds=0.2)
    with held(monkeypatch) as go, serving(create_app("tiny", limits=limits)) as origin:
        assert error(_post(origin))[:2] == (504, "picture_too_slow")
        assert error(_post(origin))[:2] == (503, "overloaded")  # its thread is still at it
        go.set()
        end = time.monotonic() + 60
        while _post(origin).status_code != 200:
            assert time.monotonic() < end


def test_slow_uploads(models: Path) -> None:
    head = "POST /api/v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    with serving(create_app("tiny", limits=QUICK)) as origin:
        with _raw(origin, head) as silent:
            assert silent.recv(1000).startswith(b"HTTP/1.1 408")
        with _raw(origin, head) as dripping:
            start = time.monotonic()
            dripping.settimeout(0.05)
            answer = b""
            while not answer:
                try:
                    dripping.sendall(b"x")
                    answer = dripping.recv(1000)
                except TimeoutError:
                    assert time.monotonic() - start < 60
            assert b"408" in answer
            assert b"connection: close" in answer.lower()
            assert b"upload_too_slow" in answer + dripping.recv(1000)
        assert _post(origin).status_code == 200  # their places are free again


def test_a_steady_upload_may_take_longer_than_the_grace(models: Path) -> None:
    limits = Limits(grace_seconds=0.5, slowest_bytes=1000, upload_seconds=30)

    def steadily() -> Iterator[bytes]:
        for at in range(0, len(PICTURE), len(PICTURE) // 8):
            time.sleep(0.1)
            yield PICTURE[at : at + len(PICTURE) // 8]

    with serving(create_app("tiny", limits=limits)) as origin:
        assert httpx.post(f"{origin}/api/v1/classify", content=steadily(), timeout=30).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "GET /healthz HTTP/1.1\r\nHost: local",
    ],
)
def test_half_a_request_does_not_hold_a_connection(models: Path, monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with serving(create_app("tiny")) as origin, _raw(origin, sent) as raw:
        raw.settimeout(10)
        while raw.recv(10_000):  # until the server hangs up
            pass


def test_there_is_a_bound_on_connections(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 2)
    with serving(create_app("tiny")) as origin:
        with _raw(origin, ""), _raw(origin, "GET /healthz"):
            with _raw(origin, "") as third:
                assert third.recv(1000).startswith(b"HTTP/1.1 503 ")
                assert third.recv(1000) == b""
            with pytest.raises(httpx.HTTPStatusError, match="503"):
                httpx.get(f"{origin}/healthz").raise_for_status()
        until = time.monotonic() + 60
        while httpx.get(f"{origin}/healthz").status_code != 200:  # as soon as the others have gone
            assert time.monotonic() < until


def _post(origin: str) -> httpx.Response:
    return httpx.post(f"{origin}/api/v1/classify", content=PICTURE, timeout=30)


@contextmanager
def _raw(origin: str, sent: str) -> Iterator[socket.socket]:
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(sent.encode())
        yield raw
