"""Killing the server again and again while others write cases to it.

Run by hand with ``make durability``: ``python -m tests.app.cases.durability sqlite:///cases.db --kills 20``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

import tejido
from tejido.app.cases.store import CaseStore, Filters
from tejido.errors import ServerError
from tejido.runtime.decode import decode
from tests.app.cases.some import case
from tests.support.pictures import encode, noise

SENT_AGAIN = 0.3
"""Share of the acknowledged cases that a client sends once more, as a phone does that lost the answer."""


@dataclass
class Findings:
    """What was left when all was over.

    Attributes:
        acknowledged: ids of cases that a client was told are kept.
        missing: of them, those that are not there.
        kept: how many cases are there.
        halves: ids of cases whose picture is not the one that was sent.
        strangers: ids of cases that nobody sent.
        kills: how often the server was killed.
    """

    acknowledged: set[UUID]
    missing: set[UUID]
    kept: int
    halves: set[UUID]
    strangers: set[UUID]
    kills: int

    @property
    def whole(self) -> bool:
        return not (self.missing or self.halves or self.strangers)


def picture_of(id: UUID) -> bytes:
    """The picture of a case: large enough that it is not written at one stroke, and told from every other."""
    return encode(noise(150, 150, id.int % 2**32), "PNG")


def write(url: str, told: Path, stop: Path) -> None:
    """Write cases until ``stop`` is there; a line in ``told`` for each that is sent, and for each acknowledged."""
    chance = random.Random(os.getpid())
    with tejido.Client(url, timeout=10) as client, told.open("a") as file:
        while not stop.exists():
            id = uuid4()
            picture = picture_of(id)
            print("sent", id, file=file, flush=True)
            while True:
                try:
                    client.cases.put(picture, case(patient=f"P{os.getpid()}"), id=id)
                except ServerError as error:
                    if error.status not in {0, 503}:
                        print("error", error, file=file, flush=True)
                        raise
                    if stop.exists():
                        return
                    time.sleep(0.02)
                    continue
                print("kept", id, file=file, flush=True)
                if chance.random() > SENT_AGAIN:
                    break


def torment(url: str, folder: Path, model: Path, kills: int, clients: int = 2) -> Findings:
    """Kill a server that keeps its cases at ``url``, with clients at it, ``kills`` times."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = [folder / f"client{number}" for number in range(clients)]
    stop, chance = folder / "stop", random.Random(0)
    itself = "tests.app.cases.durability"
    writers = [
        subprocess.Popen([sys.executable, "-m", itself, "--write", f"http://127.0.0.1:{port}", str(path), str(stop)])
        for path in told
    ]
    server = None
    try:
        for kill in range(kills + 1):
            server = _start(url, model, port, folder / "log")
            before = _acknowledged(told)
            # Not before something has been kept, and then at any moment.
            end = time.monotonic() + 60
            while len(_acknowledged(told)) < len(before) + 3:
                assert time.monotonic() < end, (folder / "log").read_text()
                assert all(writer.poll() is None for writer in writers)
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.3))
            if kill < kills:
                server.send_signal(signal.SIGKILL)
                server.wait()
        stop.touch()
        assert [writer.wait(60) for writer in writers] == [0] * clients
    finally:
        stop.touch()
        for process in (server, *writers):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
    return _find(url, told, kills)


def _start(url: str, model: Path, port: int, log: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tejido.cli.main", "serve", "--port", str(port), "--model", str(model)]
    with log.open("a") as file:
        server = subprocess.Popen([*command, "--cases", url], stdout=subprocess.PIPE, stderr=file, text=True)
    assert server.stdout is not None
    with server.stdout:  # it says nothing more
        assert "ready" in server.stdout.readline(), log.read_text()
    return server


def _lines(told: list[Path], word: str) -> set[UUID]:
    lines = [line.split() for path in told if path.exists() for line in path.read_text().splitlines()]
    return {UUID(line[1]) for line in lines if len(line) == 2 and line[0] == word and len(line[1]) == 36}


def _acknowledged(told: list[Path]) -> set[UUID]:
    return _lines(told, "kept")


def _find(url: str, told: list[Path], kills: int) -> Findings:
    sent, acknowledged = _lines(told, "sent"), _acknowledged(told)
    store, kept, halves = CaseStore.open(url, make=False), [], set()
    filters = Filters(limit=100_000)
    try:
        for record in store.search(filters):
            kept.append(record.id)
            content, _, digest = store.picture(record.id)
            whole = hashlib.sha256(content).hexdigest() == digest == record.picture.sha256
            if not whole or not np.array_equal(decode(content), decode(picture_of(record.id))):
                halves.add(record.id)
        created = [e.case for e in store.audit(100_000) if e.action == "case.create"]
    finally:
        store.close()
    assert len(kept) == len(set(kept))
    assert sorted(map(str, created)) == sorted(map(str, kept))  # nor is any told of twice
    return Findings(acknowledged, acknowledged - set(kept), len(kept), halves, set(kept) - sent, kills)


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        write(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
        return
    import tempfile

    from tests.support.postgresql import running
    from tests.support.tiny_model import tiny_model

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    kills = parser.parse_args().kills
    for kind in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as name, running() as server:
            folder = Path(name)
            (folder / "tiny.onnx").write_bytes(tiny_model())
            url = f"sqlite:///{folder}/cases.db" if kind == "sqlite" else server.database("durable")
            start = time.monotonic()
            found = torment(url, folder, folder / "tiny.onnx", kills)
            figures = {
                "store": kind,
                "kills": found.kills,
                "acknowledged": len(found.acknowledged),
                "missing": len(found.missing),
                "kept": found.kept,
                "half": len(found.halves),
                "from nobody": len(found.strangers),
                "seconds": round(time.monotonic() - start, 1),
            }
            print(json.dumps(figures), flush=True)
            if not found.whole:
                sys.exit(1)


if __name__ == "__main__":
    main()
