"""``tejido serve``: the page and the REST interface."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from fastapi import FastAPI

app = new_app()


@app.command()
def serve(
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    port: int = typer.Option(8000, min=0, max=65535, help="Port to listen on; 0 takes a free one."),
    model: str = typer.Option("skin-suspicion", metavar="NAME|FILE", help="Model to ask (see: tejido models)."),
    max_upload_mb: int = typer.Option(20, min=1, help="Largest picture file accepted, in MB."),
) -> None:
    """Open the page and the REST interface on this machine.

    Pictures stay on the machine that serves. There is no login: listen on other addresses only where everybody who
    can reach them may use it.
    """
    # Bound before anything is loaded, so that a port in use is said at once.
    with listen(host, port) as listener:
        address = listener.getsockname()[0]
        if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
            terminal.note(f"tejido: warning: {address} can be reached by others, and there is no login")
        from tejido.app.server import create_app

        application = create_app(model=model, max_upload_bytes=max_upload_mb * 2**20)
        _run(application, listener, host)


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


def _run(application: FastAPI, listener: socket.socket, host: str) -> None:
    import uvicorn

    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listener.getsockname()[1]}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                print(f"Tejido is ready: {url}  (Ctrl-C stops it)", flush=True)

    config = uvicorn.Config(application, log_level="warning", timeout_graceful_shutdown=5)
    server = Server(config)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return  # the way this command is meant to end
    if not server.started:
        raise TejidoError("the server could not start")
