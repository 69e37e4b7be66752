"""``tejido serve``: says that it is ready when it is, and why when it cannot be."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tejido.cli import serve as serve_module
from tejido.cli.serve import listen
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Result


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_ready_when_it_says_so_and_ctrl_c_stops_it(model: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "tejido.cli.main", "serve", "--port", "0", "--model", str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(r"Tejido is ready: (http://127\.0\.0\.1:\d+)  \(Ctrl-C stops it\)\n", line)
        assert found is not None, line
        with urllib.request.urlopen(f"{found[1]}/healthz", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
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


@pytest.mark.parametrize(("host", "warned"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_others_on_the_network_are_warned_about(
    run: Callable[..., Result], model: Path, monkeypatch: pytest.MonkeyPatch, host: str, warned: bool
) -> None:
    monkeypatch.setattr(serve_module, "_run", lambda *_: None)
    result = run("serve", "--host", host, "--port", "0", "--model", model)
    assert result.code == 0
    assert ("there is no login" in result.err) == warned
