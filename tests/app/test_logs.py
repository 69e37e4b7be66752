"""What is told about requests, and what never is."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from tejido.app.logs import JsonFailures, write_json, write_plain
from tejido.app.server import create_app
from tests.app.client import Client
from tests.support.pictures import encode, smooth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PICTURE = encode(smooth(), "JPEG")
SECRET = "maria.lopez"


def watched(models: Path, **options: Any) -> tuple[Client, list[Mapping[str, Any]]]:
    records: list[Mapping[str, Any]] = []
    return Client(create_app("tiny", log=records.append, **options), raise_bugs=False), records


def test_one_record_a_request(models: Path) -> None:
    client, records = watched(models)
    response = client.classify(PICTURE, "?heatmap=true")
    (record,) = records
    assert record["method"] == "POST"
    assert record["route"] == "/api/v1/classify"
    assert record["status"] == 200
    assert record["bytes_in"] == len(PICTURE)
    assert record["bytes_out"] == len(response.content)
    assert 0 < record["ms"] < 60_000
    assert set(record) == {"method", "route", "status", "ms", "bytes_in", "bytes_out"}


def test_errors_have_their_code(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, records = watched(models)
    client.classify(b"none")
    client.get("/api/v1/models/none/file")
    client.classify(PICTURE, "?heatmap=perhaps")

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("tejido.app.service.Service.classify", fail)
    client.classify(PICTURE)
    told = [(record["status"], record.get("code")) for record in records]
    assert told == [(422, "unreadable_image"), (404, "unknown_model"), (422, "bad_parameter"), (500, None)]


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", f"/api/v1/models/{SECRET}/file?x={SECRET}", "/api/v1/models/{name}/file"),
        ("GET", f"/{SECRET}", "-"),
        ("GET", f"/web/{SECRET}.js", "/web"),
        ("POST", f"/api/v1/classify?model={SECRET}", "/api/v1/classify"),
        (SECRET.replace(".", "").upper(), "/healthy", "-"),
    ],
)
def test_nothing_of_what_was_asked(models: Path, method: str, path: str, route: str) -> None:
    client, records = watched(models)
    client.request(method, path, headers={"user-agent": SECRET, "cookie": f"a={SECRET}", "referer": SECRET})
    assert records[0]["route"] == route
    assert SECRET not in json.dumps(records).lower()
    assert "MARIALOPEZ" not in json.dumps(records)


def test_probes_are_not_logged(models: Path) -> None:
    client, records = watched(models)
    client.get("/healthz")
    assert records == []


RECORD = {"method": "GET", "route": "/", "status": 503, "ms": 1.2, "bytes_in": 3, "bytes_out": 4, "code": "overloaded"}


def test_lines(capsys: pytest.CaptureFixture[str]) -> None:
    write_json(RECORD)
    write_plain(RECORD)
    first, second = capsys.readouterr().err.splitlines()
    read = json.loads(first)
    assert {key: read[key] for key in RECORD} == RECORD
    assert read["level"] == "info"
    assert read["time"].endswith("Z")
    assert second.endswith("Z GET / 503 overloaded, 1.2 ms, 3 bytes in, 4 out")


def test_failures_tell_the_place_but_not_the_words(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.Logger("test")
    logger.addHandler(JsonFailures())
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("failed")
    logger.warning("odd request")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["exception"]) == ("error", "ValueError")
    assert first["where"][0].startswith("test_logs.py:")
    assert SECRET not in json.dumps(first)
    assert (second["level"], second["message"]) == ("warning", "odd request")
