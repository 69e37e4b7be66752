from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import tejido
from tejido.app.server import create_app
from tests.app.client import Client, error

if TYPE_CHECKING:
    from pathlib import Path

PATHS = [
    "/",
    "/healthz",
    "/api/v1/models",
    "/api/docs",
    "/api/openapi.json",
    "/web/js/main.js",
    "/nothing",
    "/favicon.ico",
]


def test_health(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "version": tejido.__version__}


@pytest.mark.parametrize("path", PATHS)
def test_security_headers(client: Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["style-src"] == policy["connect-src"] == policy["worker-src"] == "'self'"
    assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=(self)" in headers["permissions-policy"]
    assert "set-cookie" not in headers
    assert "access-control-allow-origin" not in headers
    kept = "no-store" if path.startswith(("/api/", "/healthz")) else "no-cache"
    assert headers["cache-control"] == kept


def test_a_bug_answers_json_with_headers(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app("tiny")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("tejido.app.service.Service.classify", fail)
    with pytest.raises(RuntimeError, match="secret"):
        Client(app).classify(b"x")
    response = Client(app, raise_bugs=False).classify(b"x")
    assert error(response)[:2] == (500, "internal")
    assert "secret" not in response.text
    assert "content-security-policy" in response.headers


def test_models_list_cards_and_broken_files(client: Client, models: Path) -> None:
    body = client.get("/api/v1/models").json()
    entries = {entry["name"]: entry for entry in body["models"]}
    assert body["default"] == "tiny"
    assert {"tiny", "stand-in", "corrupt", "future", "odd"} <= set(entries)
    card = entries["tiny"]["card"]
    assert card["labels"][0] == {"name": "dark", "en": "dark", "es": "oscura"}
    assert card["thresholds"] == {"bright": 0.5}
    assert card["training_data"][0]["licence"] == "CC0-1.0"
    assert card["intended_use"] == {"en": "tests", "es": "pruebas"}
    assert card["metrics"]["auc"] == {"value": 0.5, "low": 0.4, "high": 0.6}
    assert entries["tiny"]["size_bytes"] == (models / "tiny.onnx").stat().st_size
    for name in ("corrupt", "future", "odd"):
        assert entries[name]["card"] is None
        assert entries[name]["error"]
        assert str(models) not in entries[name]["error"]


def test_models_list_follows_the_folder(client: Client, models: Path) -> None:
    added = models / "later.onnx"
    added.write_bytes((models / "tiny.onnx").read_bytes())
    try:
        assert "later" in client.get("/api/v1/models").text
        assert client.classify(b"x", "?model=later").status_code == 422
    finally:
        added.unlink()
    assert "later" not in client.get("/api/v1/models").text


def test_odd_links_do_not_break_the_list(client: Client, models: Path) -> None:
    link = models / "nowhere.onnx"
    link.symlink_to(models / "gone")
    (models / "folder.onnx").mkdir()
    try:
        assert client.get("/api/v1/models").status_code == 200
        assert error(client.classify(b"x", "?model=nowhere"))[0] == 404
        assert error(client.classify(b"x", "?model=folder"))[0] == 404
    finally:
        link.unlink()
        (models / "folder.onnx").rmdir()


def test_openapi_describes_the_api(client: Client) -> None:
    api = client.get("/api/openapi.json").json()
    assert set(api["paths"]) == {
        "/api/v1/classify",
        "/api/v1/batch",
        "/api/v1/models",
        "/api/v1/models/{name}/file",
        "/api/v1/session",
        "/api/v1/login",
        "/api/v1/logout",
        "/healthz",
    }
    post = api["paths"]["/api/v1/classify"]["post"]
    assert post["requestBody"]["content"]["image/*"]["schema"] == {"type": "string", "format": "binary"}
    assert {"200", "400", "404", "413", "415", "422"} <= set(post["responses"])
    assert {parameter["name"] for parameter in post["parameters"]} == {
        *("model", "heatmap", "mask", "age", "sex", "site"),
    }
    assert "--data-binary @lesion.jpg" in post["description"]
    assert "HTTPValidationError" not in api["components"]["schemas"]


@pytest.mark.parametrize(
    ("address", "host", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8000", 200),
        ("127.0.0.1", "localhost:8000", 200),
        ("127.0.0.1", "evil.example", 421),
        ("127.0.0.1", "", 421),
        ("[::1]", "[::1]:8000", 200),
        ("[::1]", "rebound.example:8000", 421),
        ("127.0.0.1", "proxy.example", 200),
        ("192.0.2.7", "any.example", 200),
    ],
)
def test_loopback_answers_only_to_its_own_names(models: Path, address: str, host: str, status: int) -> None:
    app = create_app("tiny", allowed_hosts=["proxy.example"])
    response = Client(app, f"http://{address}:8000").get("/healthz", headers={"host": host})
    assert response.status_code == status
    assert "content-security-policy" in response.headers
    if status == 421:
        assert error(response)[1] == "wrong_host"


def test_importing_the_server_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'pandas', 'sqlalchemy', 'alembic', 'argon2', 'psycopg', 'prometheus_client', 'httpx'}"
    code = f"import sys, tejido.app.server; print(*{heavy}.intersection(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
