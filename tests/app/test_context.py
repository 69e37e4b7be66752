"""Age, sex and site over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tejido.app.server import create_app
from tests.app.client import Client, error
from tests.support.context_model import INPUTS, context_model
from tests.support.pictures import encode, noise

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = encode(noise(), "PNG")


@pytest.fixture(scope="module")
def asks(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Client:
    path = tmp_path_factory.mktemp("asks") / "asks.onnx"
    path.write_bytes(context_model())
    return Client(create_app(path))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 0.0),
        ("?age=55&sex=female&site=back", 0.175),
        ("?age=55.5", 0.0555),
        ("?age=nan&sex=unknown&site=", 0.0),
        ("?site=head%2Fneck", 0.01),
    ],
)
def test_parameters_reach_the_model(asks: Client, query: str, expected: float) -> None:
    response = asks.classify(PICTURE, query)
    assert response.status_code == 200, response.text
    assert response.json()["probabilities"]["bright"] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?site=knee", "knows no site 'knee'; there are: head_neck"),
        ("?age=-3", "age -3.0 is no number"),
        ("?age=old", "age"),
        ("?model=tiny&sex=male", "'tiny' takes no sex"),
    ],
)
def test_what_the_model_cannot_take(asks: Client, query: str, message: str) -> None:
    status, code, text = error(asks.classify(PICTURE, query))
    assert (status, code) == (422, "bad_parameter")
    assert message in text


def test_the_card_lists_the_inputs(asks: Client) -> None:
    cards = {entry["name"]: entry["card"] for entry in asks.get("/api/v1/models").json()["models"]}
    assert [item["name"] for item in cards["asks"]["inputs"]] == ["age", "sex", "site"]
    assert cards["asks"]["inputs"][2]["choices"][1]["es"] == INPUTS[2].choices[1].es  # type: ignore[index]
    assert cards["tiny"]["inputs"] == []
    assert cards["tiny"]["patches"] is None
