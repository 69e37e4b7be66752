"""``tejido serve``: the page and the REST interface."""

from __future__ import annotations

import errno
import ipaddress
import logging
import math
import os
import socket
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI

    from tejido.app.cases.store import CaseStore

app = new_app()


class Log(StrEnum):
    """How each request is told on standard error."""

    plain = "plain"
    json = "json"
    off = "off"


@app.command()
def serve(
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    port: int = typer.Option(8000, min=0, max=65535, help="Port to listen on; 0 takes a free one."),
    model: str = typer.Option("skin-suspicion", metavar="NAME|FILE", help="Model to ask (see: tejido models)."),
    max_upload_mb: int = typer.Option(20, min=1, help="Largest picture file accepted, in MB."),
    cases: str | None = typer.Option(
        None, metavar="URL", envvar="TEJIDO_CASES", help="Keep cases in this database, such as sqlite:///cases.db."
    ),
    token_file: Path | None = typer.Option(
        None, metavar="FILE", help="Ask for the token in this file, or in the variable TEJIDO_TOKEN."
    ),
    no_login: bool = typer.Option(False, "--no-login", help="Let everybody in who can reach the server."),
    public_name: list[str] = typer.Option(
        [], metavar="HOST", help="Name under which a proxy on this machine is asked; may be repeated."
    ),
    trusted_proxy: str = typer.Option(
        "127.0.0.1", metavar="ADDRESSES", help="Proxies whose X-Forwarded headers are believed, with commas between."
    ),
    threads: int | None = typer.Option(None, min=1, help="Pictures judged at once; by default up to four."),
    queue: int = typer.Option(16, min=0, help="Uploads that may wait; the next ones are told to come back."),
    timeout: float = typer.Option(30.0, min=1.0, help="Seconds that one picture may take."),
    log: Log = typer.Option(Log.plain, help="How to tell of each request on standard error."),
    metrics: bool = typer.Option(False, "--metrics", help="Answer /metrics for Prometheus (extra: metrics)."),
) -> None:
    """Open the page and the REST interface on this machine.

    Pictures stay on the machine that serves, and are stored only as cases (--cases). On 127.0.0.1 there is no login
    unless there is a token or an account (tejido users); on other addresses there must be one of them, or --no-login.
    """
    # Bound before anything is loaded, so that a port in use is said at once.
    with listen(host, port) as listener:
        address = listener.getsockname()[0]
        local = ipaddress.ip_address(address.partition("%")[0]).is_loopback
        token = _token(token_file)
        from tejido.app.auth.door import Door
        from tejido.app.limits import Limits
        from tejido.app.server import create_app

        store = None if cases is None else _open_cases(cases)
        try:
            accounts = store.accounts if store is not None and store.accounts.any() else None
            asked = token is not None or accounts is not None
            if not (local or asked or no_login):
                raise TejidoError(
                    f"{address} can be reached by others: set TEJIDO_TOKEN or --token-file, or give --cases with an "
                    "account in it (tejido users add); --no-login lets everybody in"
                )
            if no_login and not local:
                terminal.note(f"tejido: warning: {address} can be reached by others, and there is no login")
            given = {"waiting": queue, "picture_seconds": timeout} | ({} if threads is None else {"threads": threads})
            application = create_app(
                model=model,
                max_upload_bytes=max_upload_mb * 2**20,
                allowed_hosts=public_name,
                limits=Limits(**given),  # type: ignore[arg-type]
                door=Door(required=asked and not no_login, token=token, accounts=accounts),
                cases=store,
                log=_writer(log),
                metrics=metrics,
            )
            _run(application, listener, host, log=log, trusted_proxy=trusted_proxy, grace=timeout)
        finally:
            if store is not None:
                store.close()


def _token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get("TEJIDO_TOKEN") or None
    token = file.read_text(encoding="utf-8").strip()
    if not token:
        raise TejidoError(f"{file}: there is no token in it")
    return token


def _open_cases(url: str) -> CaseStore:
    from tejido.app.cases.store import CaseStore

    return CaseStore.open(url)


def _writer(log: Log) -> Callable[[Mapping[str, Any]], None] | None:
    from tejido.app.logs import write_json, write_plain

    return {Log.plain: write_plain, Log.json: write_json, Log.off: None}[log]


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on ``host`` and ``port``.

    Raises:
        TejidoError: the port is in use or not allowed, or this machine has no such address.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (socket.gaierror, UnicodeError):
        raise TejidoError(f"{host}: no such host or address") from None
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"port {port} is in use; choose another with --port",
            errno.EACCES: f"port {port} needs more rights; choose one above 1023 with --port",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine",
        }
        reason = reasons.get(error.errno or 0, f"cannot listen on {host}:{port} ({error.strerror})")
        raise TejidoError(reason) from None


def _run(
    application: FastAPI, listener: socket.socket, host: str, *, log: Log, trusted_proxy: str, grace: float
) -> None:
    import uvicorn

    from tejido.app.connection import PatientConnection
    from tejido.app.logs import JsonFailures

    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listener.getsockname()[1]}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                print(f"Tejido is ready: {url}  (Ctrl-C stops it)", flush=True)

    config = uvicorn.Config(
        application,
        http=PatientConnection,
        ws="none",
        log_level="warning",
        access_log=False,  # the app keeps its own, without addresses and queries
        server_header=False,
        forwarded_allow_ips=trusted_proxy,
        # What is in work when the server is stopped is finished; whoever stops it again does not wait.
        timeout_graceful_shutdown=math.ceil(grace) + 5,
    )
    if log is Log.json:
        logger = logging.getLogger("uvicorn")
        logger.handlers, logger.propagate = [JsonFailures()], False
    server = Server(config)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return  # the way this command is meant to end
    if not server.started:
        raise TejidoError("the server could not start")
