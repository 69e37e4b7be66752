from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tejido.app.pages import WEB
from tests.app.client import Client, error
from tests.app.conftest import LIMIT
from tests.support.bad_pictures import BAD_BYTES
from tests.support.pictures import encode, smooth

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PICTURE = encode(smooth(), "JPEG")
REAL = (WEB / "examples" / "ISIC_0012099.jpg").read_bytes()
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("kind", [kind for kind, (data, _) in BAD_BYTES.items() if data])
def test_unreadable_pictures(client: Client, kind: str) -> None:
    data, expected = BAD_BYTES[kind]
    status, code, message = error(client.classify(data, headers={"content-type": "image/jpeg"}))
    assert (status, code) == (422, "unreadable_image")
    assert expected in message


def test_empty_body(client: Client) -> None:
    assert error(client.classify(b""))[:2] == (400, "empty")


@pytest.mark.parametrize("length", [str(LIMIT + 1), "9" * 6000])
def test_over_the_limit_by_its_own_word(client: Client, length: str) -> None:
    status, code, message = error(client.classify(b"", headers={"content-length": length}))
    assert (status, code) == (413, "too_large")
    assert "MiB" in message


def test_over_the_limit_without_content_length(client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * LIMIT:
            sent += 10_000
            yield bytes(10_000)

    assert error(client.classify(endless()))[:2] == (413, "too_large")
    assert sent <= LIMIT + 20_000  # the rest was never asked for


def test_form_is_told_what_to_send(client: Client) -> None:
    response = client.request("POST", "/api/v1/classify", files={"file": ("lesion.jpg", PICTURE, "image/jpeg")})
    status, code, message = error(response)
    assert (status, code) == (415, "form_not_accepted")
    assert "as the request body" in message


def test_compressed_body(client: Client) -> None:
    assert error(client.classify(PICTURE, headers={"content-encoding": "gzip"}))[0] == 415


@pytest.mark.parametrize(
    "name", ["", "none", "../../etc/passwd", "..%2Ftiny", "/etc/passwd", "tiny.onnx", ".", "..", "a%00b"]
)
def test_unknown_models(client: Client, name: str) -> None:
    status, code, message = error(client.classify(PICTURE, f"?model={name}"))
    assert (status, code) == (404, "unknown_model")
    assert "/api/v1/models" in message


@pytest.mark.parametrize("name", ["corrupt", "future"])
def test_model_files_that_cannot_be_used(client: Client, models: object, name: str) -> None:
    status, code, message = error(client.classify(PICTURE, f"?model={name}"))
    assert (status, code) == (422, "unusable_model")
    assert str(models) not in message


def test_bad_parameter(client: Client) -> None:
    status, code, message = error(client.classify(PICTURE, "?heatmap=perhaps"))
    assert (status, code) == (422, "bad_parameter")
    assert "heatmap" in message


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1/nothing", "/api/v2/classify", "/web/none.js", "/web/../server.py"]
)
def test_unknown_addresses(client: Client, path: str) -> None:
    assert error(client.get(path))[:2] == (404, "not_found")


@pytest.mark.parametrize("path", ["/web/%2e%2e/server.py", "/web/..%2fserver.py", "/web/%2fetc/passwd", "/web/a%00b"])
def test_no_way_out_of_the_web_folder(client: Client, path: str) -> None:
    assert error(client.get(path))[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/classify"),
        ("DELETE", "/api/v1/models"),
        ("POST", "/healthz"),
        ("POST", "/"),
        ("PUT", "/web/index.html"),
    ],
)
def test_wrong_method(client: Client, method: str, path: str) -> None:
    assert error(client.request(method, path))[:2] == (405, "wrong_method")


@FEW
@given(data=st.binary(min_size=1, max_size=2000))
def test_random_bytes_never_break_the_server(client: Client, data: bytes) -> None:
    response = client.classify(data)
    assert response.status_code == 422
    error(response)


@FEW
@given(data=st.data())
def test_mutated_pictures_never_break_the_server(client: Client, data: st.DataObject) -> None:
    picture = bytearray(REAL)
    for place in data.draw(st.lists(st.integers(0, len(picture) - 1), min_size=1, max_size=8)):
        picture[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(picture)) | st.just(len(picture)))
    response = client.classify(bytes(picture[: max(1, cut)]), "?heatmap=true")
    assert response.status_code in (200, 422)
    if response.status_code == 422:
        error(response)


@FEW
@given(model=st.text(max_size=40), heatmap=st.text(max_size=8))
def test_random_parameters_never_break_the_server(client: Client, model: str, heatmap: str) -> None:
    response = client.request("POST", "/api/v1/classify", params={"model": model, "heatmap": heatmap}, content=PICTURE)
    assert response.status_code in (200, 404, 422)
