from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

import tejido
from tejido.app.server import create_app
from tests.app.client import Client, error
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from pathlib import Path


def digest(client: Client, name: str) -> str:
    found: str = next(m["sha256"] for m in client.get("/api/v1/models").json()["models"] if m["name"] == name)
    return found


def test_every_model_has_its_digest(client: Client, models: Path) -> None:
    for entry in client.get("/api/v1/models").json()["models"]:
        path = models / f"{entry['name']}.onnx"
        if path.exists():
            assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_file_is_the_file(client: Client, models: Path) -> None:
    response = client.get("/api/v1/models/tiny/file")
    assert response.content == (models / "tiny.onnx").read_bytes()
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["etag"] == f'"{digest(client, "tiny")}"'
    assert response.headers["cache-control"] == "no-cache"
    assert "content-security-policy" in response.headers
    assert tejido.Classifier(response.content).metadata.name == "tiny"


def test_kept_for_good_under_its_digest(client: Client) -> None:
    sha256 = digest(client, "tiny")
    response = client.get(f"/api/v1/models/tiny/file?v={sha256}")
    assert response.headers["cache-control"] == "private, max-age=31536000, immutable"
    again = client.get(f"/api/v1/models/tiny/file?v={sha256}", headers={"if-none-match": f'"{sha256}"'})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/api/v1/models/tiny/file?v={'0' * 64}")
    assert error(other)[:2] == (404, "other_version")
    assert other.headers["cache-control"] == "no-store"


def test_a_part_of_it(client: Client, models: Path) -> None:
    response = client.get("/api/v1/models/tiny/file", headers={"range": "bytes=0-9"})
    assert (response.status_code, response.content) == (206, (models / "tiny.onnx").read_bytes()[:10])


def test_a_changed_file_has_another_digest(client: Client, models: Path) -> None:
    path = models / "changing.onnx"
    path.write_bytes(tiny_model())
    before = digest(client, "changing")
    try:
        path.write_bytes(tiny_model(name="changed"))
        after = digest(client, "changing")
        assert after != before
        assert error(client.get(f"/api/v1/models/changing/file?v={before}"))[1] == "other_version"
        assert client.get(f"/api/v1/models/changing/file?v={after}").status_code == 200
    finally:
        path.unlink()


@pytest.mark.parametrize("name", ["none", "..%2Ftiny", "%2Fetc%2Fpasswd", "tiny.onnx", "..", "a%00b", "%2e%2e"])
def test_no_way_to_other_files(client: Client, name: str) -> None:
    assert client.get(f"/api/v1/models/{name}/file").status_code == 404


def test_default_from_elsewhere(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "own.onnx"
    path.write_bytes(tiny_model())
    assert Client(create_app(path)).get("/api/v1/models/own/file").content == path.read_bytes()
