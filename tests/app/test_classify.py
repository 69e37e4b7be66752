from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tejido
from tejido.app.pages import WEB
from tejido.app.server import create_app
from tejido.errors import ModelFileError
from tests.app.client import Client, error
from tests.app.conftest import LIMIT
from tests.support.pictures import encode, noise, smooth, with_orientation
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = encode(smooth(), "JPEG")


def test_answer_has_everything(client: Client) -> None:
    response = client.classify(PICTURE)
    answer = response.json()
    assert response.status_code == 200
    keys = {"label", "probabilities", "refused", "reason", "quality", "possible", "model", "heatmap", "mask"}
    assert set(answer) == keys
    assert answer["possible"] is None  # the file does not say
    assert answer["model"] == "tiny"
    assert answer["label"] == "dark"
    assert answer["refused"] is False
    assert answer["reason"] is None
    assert set(answer["quality"]) == {"blur", "darkness", "glare"}
    assert answer["heatmap"] is None


def test_a_model_without_a_heatmap(client: Client, models: Path) -> None:
    answer = client.classify(PICTURE, "?heatmap=true&model=plain").json()
    assert answer["heatmap"] is None
    assert answer | {"model": "tiny"} == client.classify(PICTURE).json()


def test_heatmap_on_request(client: Client) -> None:
    answer = client.classify(PICTURE, "?heatmap=true").json()
    assert answer["heatmap"]["frame"] == "centre_square"
    np.testing.assert_allclose(answer["heatmap"]["rows"], [[answer["probabilities"]["dark"], 0], [0, 0]], atol=1e-6)


def test_labels_that_cannot_be_excluded(client: Client, models: Path) -> None:
    """The stand-in excludes benign below 0.3, suspicious below 0.2."""
    for level, labels in (
        (230, ["suspicious"]),
        (180, ["suspicious"]),
        (128, ["benign", "suspicious"]),
        (40, ["benign"]),
    ):
        grey = encode(np.full((40, 40, 3), level, np.uint8), "PNG")
        answer = client.classify(grey, "?model=stand-in").json()
        assert answer["possible"] == {"coverage": 0.9, "labels": labels}, level


def test_refusal(client: Client) -> None:
    answer = client.classify(encode(np.zeros((40, 40, 3), np.uint8), "PNG")).json()
    assert (answer["refused"], answer["reason"]) == (True, "darkness")


@pytest.mark.parametrize("name", sorted(path.name for path in (WEB / "examples").glob("*.jpg")))
def test_equals_python_on_real_pictures(client: Client, name: str) -> None:
    picture = (WEB / "examples" / name).read_bytes()
    expected = tejido.load("tiny").predict(picture)
    answer = client.classify(picture, "?heatmap=true").json()
    assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)
    assert answer["quality"] == pytest.approx(expected.quality, abs=1e-6)
    np.testing.assert_allclose(answer["heatmap"]["rows"], expected.heatmap, atol=1e-6)


PICTURES = {
    "rotated": encode(smooth(), "JPEG", exif=with_orientation(6)),
    "animated gif": encode(smooth(), "GIF", save_all=True, append_images=[]),
    "animated webp": b"",  # below
    "png": encode(noise(), "PNG"),
    "tiff": encode(noise(), "TIFF"),
}


def _animated() -> bytes:
    from PIL import Image

    first, second = Image.fromarray(smooth()), Image.fromarray(255 - smooth())
    return encode(first, "WEBP", save_all=True, append_images=[second], lossless=True)


@pytest.mark.parametrize("kind", PICTURES)
def test_kinds_of_pictures(client: Client, kind: str) -> None:
    picture = PICTURES[kind] or _animated()
    expected = tejido.load("tiny").predict(picture)
    assert client.classify(picture).json()["probabilities"] == pytest.approx(expected.probabilities, abs=1e-6)


@pytest.mark.parametrize(
    "kind",
    ["image/jpeg", "image/png", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain", ""],
)
def test_content_type_does_not_matter(client: Client, kind: str) -> None:
    assert client.classify(PICTURE, headers={"content-type": kind}).status_code == 200


def test_another_model(client: Client) -> None:
    answer = client.classify(PICTURE, "?model=stand-in").json()
    assert answer["model"] == "stand-in"
    assert set(answer["probabilities"]) == {"benign", "suspicious"}


def test_exactly_the_limit_is_accepted(client: Client) -> None:
    padded = PICTURE + bytes(LIMIT - len(PICTURE))
    assert client.classify(padded).status_code == 200
    assert client.classify(padded + b"\0").status_code == 413


@pytest.mark.parametrize("name", ["none", "../tiny", "/etc/passwd", "tiny.onnx", "", "a\0b", "tiny\n"])
def test_no_app_without_its_model(models: Path, name: str) -> None:
    with pytest.raises(ModelFileError):
        create_app(name)


def test_default_model_may_be_a_file_from_elsewhere(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "my own model.onnx"
    path.write_bytes(tiny_model())
    own = Client(create_app(str(path)))
    assert own.classify(PICTURE).json()["model"] == "my own model"
    listed = own.get("/api/v1/models").json()
    assert listed["default"] == "my own model"
    assert "my own model" in {model["name"] for model in listed["models"]}
    assert str(tmp_path) not in own.get("/api/v1/models").text
    assert error(own.classify(PICTURE, "?model=" + str(path).replace(os.sep, "%2F")))[1] == "unknown_model"
