"""How many pictures a second the server answers, and what it does when it is asked for more than it can.

Beside it, in the same run and on the same pictures: a Flask app around PyTorch as students write it. Each is asked by a
few connections first (requests/s, p50, p99), then by many at once for as long as you like, while its memory is watched.
Runs on loopback. ``wrk`` asks where it is installed, else this file does with httpx. Needs Linux or macOS; the rival
needs Flask and torchvision beside Tejido's extra ``train``, and is left out where they are missing.

    .venv/bin/python benchmarks/server_load.py [--minutes 10] [--seconds 20] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
FEW, MANY = 4, 100
"""Connections at once: a busy clinic, and an overload."""
RIVAL = """
import io, sys, torch
from flask import Flask, jsonify, request
from PIL import Image
from torchvision import models, transforms

app = Flask(__name__)
model = models.mobilenet_v2(weights=None, num_classes=2).eval()
steps = transforms.Compose([
    transforms.Resize((224, 224)), transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])

@app.route("/predict", methods=["POST"])
def predict():
    image = Image.open(io.BytesIO(request.get_data())).convert("RGB")
    with torch.no_grad():
        probabilities = model(steps(image)[None]).softmax(1)[0]
    return jsonify(benign=float(probabilities[0]), suspicious=float(probabilities[1]))

app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
"""
WRK = """
wrk.method = "POST"
local file = io.open("{picture}", "rb")
wrk.body = file:read("*a")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the overload")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the ordinary load")
    parser.add_argument("--model", default="skin-suspicion", help="name or file of the model")
    parser.add_argument("--no-rival", action="store_true", help="leave the Flask app out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        picture = Path(name) / "picture.jpg"
        subprocess.run([sys.executable, HERE / "pictures.py", picture], check=True)
        result: dict[str, Any] = {"minutes": options.minutes, "asked by": "wrk" if shutil.which("wrk") else "httpx"}
        for who, command, path in rivals(options.model, without=options.no_rival):
            with running(command) as (process, origin):
                wait(process, origin)
                url = origin + path
                ask(url, picture, FEW, 2)  # warm
                ordinary = ask(url, picture, FEW, options.seconds)
                overload, memory = watched(process, url, picture, 60 * options.minutes)
            result[who] = {"ordinary": ordinary, "overload": overload, "memory": memory}
    if "flask and torch" in result:
        ours, theirs = result["tejido"], result["flask and torch"]
        result["ratio"] = round(ours["ordinary"]["requests/s"] / max(theirs["ordinary"]["requests/s"], 1e-9), 2)
    print(json.dumps(result, indent=2) if options.json else table(result))


def rivals(model: str, *, without: bool) -> list[tuple[str, list[str], str]]:
    """Name, command (the port comes last) and path of each server."""
    tejido = [sys.executable, "-m", "tejido.cli.main", "serve", "--log", "off", "--model", model, "--port"]
    found = [("tejido", tejido, "/api/v1/classify")]
    there = subprocess.run([sys.executable, "-c", "import flask, torchvision"], capture_output=True, check=False)
    if there.returncode == 0 and not without:
        found.append(("flask and torch", [sys.executable, "-c", RIVAL], "/predict"))
    elif not without:
        print("flask or torchvision is missing: the rival is left out (pip install flask)", file=sys.stderr)
    return found


@contextmanager
def running(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server in a process of its own, with as many threads for each picture as it takes by itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def wait(process: subprocess.Popen[bytes], origin: str) -> None:
    end = time.monotonic() + 120
    while True:
        try:
            httpx.get(origin, timeout=5)
        except httpx.TransportError:
            assert process.poll() is None, "the server stopped"
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.2)
        else:
            return


def ask(url: str, picture: Path, connections: int, seconds: float) -> dict[str, float]:
    """Requests/s answered with 200, p50 and p99 in ms of those, and the share of those refused with 503."""
    return asyncio.run(_ask(url, picture.read_bytes(), connections, seconds))


def watched(process: subprocess.Popen[bytes], url: str, picture: Path, seconds: float) -> tuple[Any, Any]:
    """An overload, and the server's resident memory in MB while it lasts."""
    command = [sys.executable, __file__, "--load", url, str(picture), str(MANY), str(seconds)]
    if shutil.which("wrk"):
        script = picture.with_suffix(".lua")
        script.write_text(WRK.format(picture=picture))
        command = [
            "wrk",
            "-t1",
            f"-c{MANY}",
            f"-d{seconds:.0f}s",
            "--latency",
            "--timeout",
            "60s",
            "-s",
            str(script),
            url,
        ]
    memory = [resident(process.pid)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        while load.poll() is None:
            time.sleep(min(1.0, seconds / 20))
            memory.append(resident(process.pid))
        assert load.stdout is not None
        said = load.stdout.read()
    third = max(1, len(memory) // 3)
    told = {
        "before": memory[0],
        "first third": round(statistics.mean(memory[1 : third + 1]), 1),
        "last third": round(statistics.mean(memory[-third:]), 1),
        "most": max(memory),
        "alive": process.poll() is None,
    }
    return (_wrk(said) if command[0] == "wrk" else json.loads(said)), told


def resident(pid: int) -> float:
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return round(int(said or 0) / 1024, 1)


async def _ask(url: str, body: bytes, connections: int, seconds: float) -> dict[str, float]:
    times: list[float] = []
    counts = {"ok": 0, "refused": 0, "failed": 0}
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)

    async def one(client: httpx.AsyncClient) -> None:
        while (start := time.monotonic()) < end:
            try:
                status = (await client.post(url, content=body)).status_code
            except httpx.TransportError:
                counts["failed"] += 1
                await asyncio.sleep(0.05)
                continue
            if status == 200:
                counts["ok"] += 1
                times.append(time.monotonic() - start)
            else:
                counts["refused" if status == 503 else "failed"] += 1
                await asyncio.sleep(0.05)  # far sooner than Retry-After asks for

    start = time.monotonic()
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:
        await asyncio.gather(*(one(client) for _ in range(connections)))
    return _figures(times, counts, time.monotonic() - start)


def _figures(times: list[float], counts: dict[str, int], seconds: float) -> dict[str, float]:
    times = sorted(times) or [float("nan")]
    asked = max(1, sum(counts.values()))
    return {
        "requests/s": round(counts["ok"] / seconds, 1),
        "p50 ms": round(1000 * times[len(times) // 2], 1),
        "p99 ms": round(1000 * times[min(len(times) - 1, int(0.99 * len(times)))], 1),
        "refused": round(counts["refused"] / asked, 3),
        "failed": round(counts["failed"] / asked, 3),
    }


def _wrk(said: str) -> dict[str, Any]:
    figures = {"all answers/s": r"Requests/sec:\s+([\d.]+)", "p50": r"50%\s+(\S+)", "p99": r"99%\s+(\S+)"}
    found = {name: re.search(pattern, said) for name, pattern in figures.items()}
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return {name: match[1] if match else None for name, match in found.items()} | {
        "refused": other[1] if other else "0"
    }


def table(result: dict[str, Any]) -> str:
    lines = [f"asked by {result['asked by']}; overload of {MANY} connections for {result['minutes']:g} minutes"]
    for who in ("tejido", "flask and torch"):
        for kind, figures in result.get(who, {}).items():
            lines.append(f"{who}, {kind}: " + ", ".join(f"{name} {value}" for name, value in figures.items()))
    if "ratio" in result:
        lines.append(f"tejido answers {result['ratio']} times as many")
    return "\n".join(lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        print(json.dumps(ask(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))))
    else:
        main()
