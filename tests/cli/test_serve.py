"""``tejido serve``: says that it is ready when it is, and why when it cannot be."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import numpy as np
import pytest

from tejido.app.cases.store import CaseStore
from tejido.cli import serve as serve_module
from tejido.cli.serve import listen
from tejido.errors import TejidoError
from tests.app.auth.people import TOKEN
from tests.app.client import Client
from tests.support.pictures import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fastapi import FastAPI

    from tests.cli.conftest import Result


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_ready_when_it_says_so_and_ctrl_c_stops_it(model: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tejido.cli.main", "serve", "--port", "0", "--model", str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Tejido is ready: (http://127\.0\.0\.1:\d+)  \(Ctrl-C stops it\)\n", line)
        assert found is not None, line
        with urllib.request.urlopen(f"{found[1]}/healthz", timeout=60) as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert (out, err) == ("", "")
    assert process.returncode == (0 if number is signal.SIGINT else -number)


def test_a_port_in_use(run: Callable[..., Result], model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", port, "--model", model)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"tejido: port {port} is in use; choose another with --port\n"


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("no-such-host.invalid", "no such host or address"),
        ("a..b", "no such host or address"),
        ("192.0.2.1", "not an address of this machine"),
    ],
)
def test_a_bad_host(run: Callable[..., Result], model: Path, host: str, message: str) -> None:
    result = run("serve", "--host", host, "--port", "0", "--model", model)
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_port_without_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(TejidoError, match="port 80 needs more rights"):
        listen("127.0.0.1", 80)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[FastAPI]:
    """The applications that would have been served."""
    served: list[FastAPI] = []
    monkeypatch.setattr(serve_module, "_run", lambda application, *_, **__: served.append(application))
    monkeypatch.delenv("TEJIDO_TOKEN", raising=False)
    monkeypatch.delenv("TEJIDO_CASES", raising=False)
    return served


def serve(run: Callable[..., Result], model: Path, *arguments: object) -> Result:
    return run("serve", "--port", "0", "--model", model, *arguments)


def login_of(application: FastAPI) -> tuple[bool, bool]:
    state = Client(application).get("/api/v1/session").json()
    return state["login"], state["accounts"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_here_no_login_is_needed(run: Callable[..., Result], model: Path, asked: list[FastAPI], host: str) -> None:
    result = serve(run, model, "--host", host)
    assert (result.code, result.err) == (0, "")
    assert login_of(asked[0]) == (False, False)


@pytest.mark.parametrize("more", [(), ("--cases",)])
def test_elsewhere_it_does_not_start_without_one(
    run: Callable[..., Result], model: Path, asked: list[FastAPI], tmp_path: Path, more: tuple[str, ...]
) -> None:
    result = serve(run, model, "--host", "0.0.0.0", *(more and ("--cases", f"sqlite:///{tmp_path}/cases.db")))
    assert (result.code, result.out, asked) == (1, "", [])
    assert "TEJIDO_TOKEN" in result.err
    assert "--no-login" in result.err
    assert result.err.count("\n") == 1


def test_elsewhere_it_says_so_when_everybody_may_come_in(
    run: Callable[..., Result], model: Path, asked: list[FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEJIDO_TOKEN", TOKEN)
    result = serve(run, model, "--host", "0.0.0.0", "--no-login")
    assert result.code == 0
    assert "there is no login" in result.err
    assert login_of(asked[0]) == (False, False)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_token(
    run: Callable[..., Result],
    model: Path,
    asked: list[FastAPI],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert serve(run, model, "--host", host, "--token-file", tmp_path / "token").err == ""
    monkeypatch.setenv("TEJIDO_TOKEN", TOKEN)
    assert serve(run, model, "--host", host).err == ""
    for application in asked:
        assert login_of(application) == (True, False)
        header = {"authorization": f"Bearer {TOKEN}"}
        assert Client(application, "http://127.0.0.1").get("/api/v1/models", headers=header).status_code == 200


@pytest.mark.parametrize(("text", "message"), [("", "there is no token in it"), ("short", "too short to be safe")])
def test_bad_tokens(run: Callable[..., Result], model: Path, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "token").write_text(text)
    result = serve(run, model, "--token-file", tmp_path / "token")
    assert result.code == 1
    assert message in result.err
    assert serve(run, model, "--token-file", tmp_path / "none").code == 1


def test_an_account(run: Callable[..., Result], model: Path, asked: list[FastAPI], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/cases.db"
    store = CaseStore.open(url)
    store.accounts.add("eva", "admin", "several words here")
    store.close()
    assert serve(run, model, "--host", "0.0.0.0", "--cases", url).err == ""
    assert login_of(asked[0]) == (True, True)


def test_metrics_only_where_asked_for(run: Callable[..., Result], model: Path, asked: list[FastAPI]) -> None:
    serve(run, model, "--metrics")
    serve(run, model)
    assert [Client(application).get("/metrics").status_code for application in asked] == [200, 404]


@pytest.mark.parametrize("kind", ["json", "plain", "off"])
def test_the_log(model: Path, kind: str) -> None:
    with running(model, "--log", kind) as (process, address):
        assert httpx.get(f"{address}/api/v1/models?x=secret", headers={"user-agent": "secret"}).status_code == 200
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=120)[1]
    assert "secret" not in err
    if kind == "json":
        record = json.loads(err)
        assert (record["method"], record["route"], record["status"]) == ("GET", "/api/v1/models", 200)
    else:
        assert ("GET /api/v1/models 200" in err) == (kind == "plain")
        assert err.count("\n") == (kind == "plain")


def test_what_is_in_work_is_finished_when_it_is_stopped(model: Path) -> None:
    picture = encode(np.zeros((6000, 8000, 3), np.uint8), "PNG")
    with running(model) as (process, address), ThreadPoolExecutor(1) as pool:
        future = pool.submit(httpx.post, f"{address}/api/v1/classify", content=picture, timeout=60)
        time.sleep(0.3)  # it is inside now, and takes about a second
        process.send_signal(signal.SIGTERM)
        assert future.result().status_code == 200
        process.communicate(timeout=120)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/healthz")


@contextmanager
def running(model: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as its own process, ready, and its address."""
    command = [sys.executable, "-m", "tejido.cli.main", "serve", "--port", "0", "--model", str(model), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split()[3]
        finally:
            process.kill()
