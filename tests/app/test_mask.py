"""Where a model sees the lesion, over REST and in the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies

from tejido.app.server import create_app
from tejido.app.service import _runs
from tejido.client import Client, _mask
from tejido.errors import ServerError
from tejido.runtime.classifier import Classifier
from tests.app.browsing import answer, launched, needs_browser, opened
from tests.app.live import serving
from tests.app.test_parity import asked
from tests.support.browser_pictures import pictures
from tests.support.pictures import encode
from tests.support.tiny_model import METADATA, outlining_model, with_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OUTLINING = with_metadata(METADATA.to_json(), mask=True)
ROWS, COLUMNS = np.mgrid[:200, :300]
SPOT = np.where(((ROWS - 90) ** 2 + (COLUMNS - 170) ** 2 < 60**2)[:, :, None], 240, 40).astype(np.uint8).repeat(3, 2)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("outlining")
    (folder / "both.onnx").write_bytes(OUTLINING)
    (folder / "only-outlines.onnx").write_bytes(outlining_model())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEJIDO_MODELS", str(folder))
        with serving(create_app("both")) as address:
            yield address


@given(strategies.lists(strategies.booleans(), min_size=6, max_size=6))
def test_runs_hold_every_mask(bits: list[bool]) -> None:
    mask = np.array(bits).reshape(2, 3)
    found = _runs(mask)
    assert sum(found.runs) == 6
    assert all(length > 0 for length in found.runs[1:])
    assert (_mask(found.model_dump()) == mask).all()


def test_over_rest(origin: str) -> None:
    data = encode(SPOT, "PNG")
    with Client(origin) as client:
        mask = client.classify(data, mask=True).mask
        assert mask is not None
        assert (mask == (SPOT[:, :, 0] > 128)).all()
        assert client.classify(data).mask is None
        models = {model["name"]: model["card"]["kind"] for model in client.models()["models"]}
        assert models["only-outlines"] == "segmentation"
        with pytest.raises(ServerError, match="it outlines lesions"):
            client.classify(data, model="only-outlines")


@needs_browser
def test_the_page_has_pythons_mask_and_draws_it(origin: str, tmp_path: Path) -> None:
    classifier = Classifier(OUTLINING)
    with launched() as browser, opened(browser, origin) as page:
        for name, data in [("spot", encode(SPOT, "PNG")), *list(pictures().items())[::6]]:
            found = asked(page, data, "both")["answer"]["mask"]
            own = classifier.predict(data).mask
            assert own is not None
            assert (_mask(found) == own).all(), name
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": encode(SPOT, "PNG")})
        answer(page)
        page.wait_for_selector("#outline-line:visible")
        options = page.eval_on_selector_all("#model option", "options => options.map(option => option.value)")
        assert "only-outlines" not in options
        drawn = page.evaluate(
            """() => {
                const canvas = document.getElementById("outline-line");
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                const at = [];
                for (let i = 0; i < data.length / 4; i += 1)
                    if (data[4 * i + 3]) at.push([i % canvas.width, Math.floor(i / canvas.width)]);
                return at;
            }"""
        )
        radius = np.hypot(*(np.array(drawn) - [170, 90]).T)
        assert 55 < radius.min() < 60 < radius.max() < 66
        assert re.search("where the model sees", page.inner_text("#outline"))
        page.uncheck("#outline-on")
        assert page.is_hidden("#outline-line")
