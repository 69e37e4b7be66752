"""A PostgreSQL server of the tests' own, which listens on nothing but a socket in its own folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def find_postgresql() -> Path | None:
    """The folder of ``postgres`` and ``initdb``, if there is one; distributions keep it off the path."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists() and (place / "initdb").exists()), None)


class Server:
    """A running server; ``stop`` and ``start`` play a database that goes away and comes back."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._user = _other_user()
        if self._user:
            shutil.chown(folder, self._user["user"])
        self._run("initdb", "-D", str(folder / "data"), "-U", "tejido", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}", "-c", "fsync=off"]
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, **self._user)
        end = time.monotonic() + 120
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder)]
        while subprocess.run(ready, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(3)  # at once, without waiting for clients
            self._process.wait(30)
            self._process = None

    def database(self, name: str) -> str:
        """The address of a new, empty database."""
        self._run("createdb", "-h", str(self._folder), "-U", "tejido", name)
        return f"postgresql+psycopg://tejido@/{name}?host={self._folder}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **self._user)


def _other_user() -> dict[str, Any]:
    """PostgreSQL does not run as root; where the tests do, it runs as the distribution's user for it, or nobody."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    name = "postgres" if "postgres" in names else "nobody"
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


@contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the block lasts."""
    programs = find_postgresql()
    assert programs is not None, "PostgreSQL is not installed; see scripts/install_postgresql.sh"
    # Socket names are short, and folders of pytest are for its own user alone.
    folder = Path(tempfile.mkdtemp(prefix="tejido-pg-"))
    server = None
    try:
        server = Server(programs, folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
