"""The Python client against a real server."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import pytest

import tejido
from tejido.app.auth.door import Door
from tejido.app.cases.store import CaseStore
from tejido.app.server import create_app
from tejido.errors import ServerError
from tests.app.auth.people import TOKEN
from tests.app.cases.some import case
from tests.app.conftest import LIMIT
from tests.app.live import serving
from tests.support.pictures import encode, noise, smooth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tejido.client import Client

PICTURE = encode(smooth(), "JPEG")


@pytest.fixture(scope="module")
def origin(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    store = CaseStore.open(f"sqlite:///{tmp_path_factory.mktemp('client')}/cases.db")
    with serving(create_app("tiny", LIMIT, cases=store, door=Door(True, TOKEN))) as address:
        yield address
    store.close()


@pytest.fixture
def asking(origin: str) -> Iterator[Client]:
    with tejido.Client(origin + "/", token=TOKEN) as client:
        yield client


def test_the_same_answer_as_here(asking: Client, tmp_path: Path) -> None:
    expected = tejido.load("tiny").predict(PICTURE)
    assert asking.classify(PICTURE) == expected
    path = tmp_path / "lesion.jpg"
    path.write_bytes(PICTURE)
    answer = asking.classify(path, heatmap=True)
    assert answer == asking.classify(str(path)) == expected
    assert answer.heatmap is not None
    assert answer.heatmap.dtype == np.float32
    np.testing.assert_allclose(answer.heatmap, expected.heatmap, atol=1e-6)  # type: ignore[arg-type]


def test_many_pictures(asking: Client) -> None:
    answers = list(asking.batch([PICTURE, b"none", encode(noise(), "PNG")], model="stand-in", heatmap=True))
    assert isinstance(answers[1], ServerError)
    assert answers[1].code == "unreadable_image"
    assert answers[0] == asking.classify(PICTURE, model="stand-in")
    with pytest.raises(ServerError) as refused:
        list(asking.batch([PICTURE], model="none"))
    assert (refused.value.status, refused.value.code) == (404, "unknown_model")


def test_models(asking: Client, models: Path) -> None:
    found = asking.models()
    assert found["default"] == "tiny"
    assert asking.model_file("tiny") == (models / "tiny.onnx").read_bytes()


def test_cases(asking: Client) -> None:
    id = uuid4()
    kept = asking.cases.put(PICTURE, case(patient="P1", lesion="L1"), id=id)
    assert kept == asking.cases.put(PICTURE, case(patient="P1", lesion="L1"), id=id) == asking.cases.get(id)
    other = asking.cases.put(PICTURE, case(patient="P1", lesion="L1"))
    assert asking.cases.picture(id)[:2] == b"\xff\xd8"
    assert asking.cases.confirm(id, "melanoma", "histology")["diagnosis"]["diagnosis"] == "melanoma"
    assert asking.cases.confirm(id, None, None)["diagnosis"] is None
    assert asking.cases.edit(id, notes="n")["notes"] == "n"
    assert [one["id"] for one in asking.cases.lesion("P1", "L1")] == [str(id), other["id"]]
    assert {one["id"] for one in asking.cases.list(patient="P1", limit=1)} == {str(id), other["id"]}
    asking.cases.delete(id)
    with pytest.raises(ServerError) as missing:
        asking.cases.get(id)
    assert missing.value.code == "unknown_case"
    assert asking.cases.audit(1)["entries"][0]["action"] == "case.delete"


def test_errors_are_one_line(origin: str, asking: Client) -> None:
    with pytest.raises(ServerError, match="not a picture") as told:
        asking.classify(b"none")
    assert (told.value.status, told.value.code) == (422, "unreadable_image")
    with pytest.raises(ServerError) as refused, tejido.Client(origin) as stranger:
        stranger.classify(PICTURE)
    assert refused.value.code == "login_required"
    with pytest.raises(ServerError, match="cannot be reached") as away, tejido.Client("http://127.0.0.1:9") as nobody:
        nobody.models()
    assert (away.value.status, away.value.code) == (0, "network")


def test_what_is_no_tejido(tmp_path: Path) -> None:
    from fastapi import FastAPI

    with serving(FastAPI(openapi_url=None)) as other, tejido.Client(other) as client:
        with pytest.raises(ServerError, match="answered 404"):
            client.models()
        with pytest.raises(ServerError, match="answered 404"):
            list(client.batch([PICTURE]))


def test_it_is_imported_only_when_asked_for() -> None:
    code = (
        "import sys, tejido; tejido.load; print('httpx' in sys.modules); tejido.Client; print('httpx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "True"]
