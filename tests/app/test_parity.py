"""The page's answers are Python's, number by number, whatever kind of picture it is."""

from __future__ import annotations

import base64
import hashlib
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tejido.app.pages import WEB
from tejido.app.server import create_app
from tejido.client import _mask
from tejido.errors import ImageError
from tejido.runtime.classifier import Classifier
from tejido.runtime.decode import decode
from tejido.runtime.library import BUNDLED
from tests.app.browsing import launched, needs_browser
from tests.app.live import serving
from tests.support.bad_pictures import BAD_BYTES
from tests.support.browser_pictures import large, lesions, pictures
from tests.support.context_model import context_model
from tests.support.gated_model import gated_model
from tests.support.pictures import encode, noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

pytestmark = needs_browser
PICTURES = pictures()
MODEL = "skin-suspicion"
KEPT = Path(__file__).parents[2] / "docs" / "results"
FILES = {MODEL: BUNDLED / f"{MODEL}.onnx", "skin-suspicion-outlined": KEPT / "skin-suspicion-outlined" / "model.onnx"}
"""One that classifies, and one that outlines the lesion first."""

CLASSIFY = """async ([name, encoded, told, box]) => {
  const { device } = await import("/web/js/device/engine.js");
  const library = await (await fetch("/api/v1/models")).json();
  const model = library.models.find((one) => one.name === name);
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const start = performance.now();
  let ticks = 0;
  const ticking = setInterval(() => { ticks += 1; }, 10);
  try {
    const signal = new AbortController().signal;
    const answer = await device.classify({ picture: new Blob([bytes]), box, model, card: model.card, told }, signal);
    return { answer, ticks, ms: performance.now() - start };
  } catch (error) {
    return { failure: error.code, values: error.values };
  } finally {
    clearInterval(ticking);
  }
}"""
DECODE = """async ([module, encoded]) => {
  const { decode, decodeJpeg } = await import(`/web/js/device/${module}.js`);
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const { width, height, data } = await (decode ? decode(new Blob([bytes])) : decodeJpeg(bytes));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [width, height, [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def judged(shared: Path) -> dict[str, bytes]:
    """Pictures of all kinds but the largest ones, for a model that refuses some of them."""
    small = {name: data for name, data in PICTURES.items() if "large" not in name and "megapixels" not in name}
    return small | lesions(shared)


@pytest.fixture(scope="module")
def gated(judged: dict[str, bytes]) -> bytes:
    return gated_model(judged.values())


@pytest.fixture(scope="module")
def page(browser: Browser, gated: bytes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "gated.onnx").write_bytes(gated)
    for name, path in FILES.items():
        shutil.copy(path, folder / f"{name}.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEJIDO_MODELS", str(folder))
        with serving(create_app(MODEL)) as origin:
            page = browser.new_page()
            page.goto(origin)
            yield page


def asked(
    page: Page, data: bytes, model: str = MODEL, box: dict[str, int] | None = None, **told: str
) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(CLASSIFY, [model, base64.b64encode(data).decode(), told, box])
    return found


def differences(answer: dict[str, Any], classifier: Classifier, data: bytes) -> tuple[float, float, float]:
    """Largest differences of probabilities, quality and heatmap; what is decided must be equal.

    So must masks, but for a pixel in ten thousand, whose probability of being lesion is 0.5 up to rounding.
    """
    own = classifier.predict(data)
    if own.mask is not None:
        assert (_mask(answer["mask"]) != own.mask).mean() <= 1e-4
    assert (answer["label"], answer["refused"], answer["reason"]) == (own.label, own.refused, own.reason)
    assert answer["quality"].keys() == own.quality.keys()
    p = max(abs(answer["probabilities"][name] - value) for name, value in own.probabilities.items())
    quality = max(abs(answer["quality"][name] - value) for name, value in own.quality.items())
    assert own.heatmap is not None
    assert answer["heatmap"]["frame"] == classifier.metadata.frame
    heatmap = float(np.abs(np.array(answer["heatmap"]["rows"]) - own.heatmap).max())
    return p, quality, heatmap


@pytest.mark.parametrize("name", FILES)
def test_answers_are_pythons(
    name: str, page: Page, shared: Path, record_property: Callable[[str, object], None]
) -> None:
    """At most 1e-5 for probabilities, 1e-4 for heatmap and quality; leaves a table of how near, and how quick."""
    classifier = Classifier(FILES[name])
    assert classifier.has_mask == (name != MODEL)
    examples = {path.name: path.read_bytes() for path in sorted((WEB / "examples").iterdir())}
    parts = {"made to be difficult": PICTURES, "lesions": lesions(shared), "the page's examples": examples}
    asked(page, next(iter(examples.values())), name)  # the first one also loads the runtime
    lines = [f"{'Browser against Python':24} images   max |Δp|  quality  heatmap   wasm ms  Python ms", f"{name}:"]
    for title, part in parts.items():
        rows, times, own_times = {}, [], []
        for picture, data in part.items():
            found = asked(page, data, name)
            assert "answer" in found, (picture, found)
            rows[picture] = differences(found["answer"], classifier, data)
            times.append(found["ms"])
            start = time.perf_counter()
            classifier.predict(data)
            own_times.append(1000 * (time.perf_counter() - start))
        worst = np.max(list(rows.values()), axis=0)
        shown = " ".join(f"{value:9.1e}" for value in worst[[0, 1, 2]])
        lines.append(f"{title:24} {len(rows):6} {shown} {np.median(times):9.1f} {np.median(own_times):10.1f}")
        assert worst[0] <= 1e-5, max(rows, key=lambda picture: rows[picture][0])
        assert max(worst[1:]) <= 1e-4
    record_property("measured", "\n".join(lines))


def test_a_gate_and_novelty_refuse_the_same_pictures(page: Page, gated: bytes, judged: dict[str, bytes]) -> None:
    classifier = Classifier(gated)
    reasons = []
    for name, data in judged.items():
        answer = asked(page, data, "gated")["answer"]
        p, quality, heatmap = differences(answer, classifier, data)  # asserts label, refusal and reason
        assert p <= 1e-5, name
        assert max(quality, heatmap) <= 1e-4, name
        reasons.append(answer["reason"])
    assert {None, "novelty", "unlabelled"} == set(reasons)
    assert min(reasons.count(reason) for reason in (None, "novelty", "unlabelled")) >= 3


@pytest.mark.parametrize("name", PICTURES)
def test_pixels_are_pythons(page: Page, name: str) -> None:
    assert page.evaluate(DECODE, ["decode", base64.b64encode(PICTURES[name]).decode()]) == _told(PICTURES[name])


@pytest.mark.parametrize("name", [name for name in PICTURES if name.startswith("jpeg") and "cmyk" not in name])
def test_so_are_those_of_the_other_jpeg_decoder(page: Page, name: str) -> None:
    """It stands in where a browser's own one gives other pixels."""
    assert page.evaluate(DECODE, ["jpeg", base64.b64encode(PICTURES[name]).decode()]) == _told(PICTURES[name])


def _told(data: bytes) -> list[Any]:
    pixels = decode(data)
    return [pixels.shape[1], pixels.shape[0], hashlib.sha256(pixels.tobytes()).hexdigest()]


def test_this_browser_needs_no_other_decoder(page: Page) -> None:
    both = page.evaluate(
        """async () => {
            const { decodesJpeg, readsPixels } = await import("/web/js/device/exact.js");
            return [await decodesJpeg(), await readsPixels()];
        }"""
    )
    assert both == [True, True]


def test_the_picture_that_finds_that_out_is_pythons() -> None:
    """FNV-1a of the pixels, computed here a second time."""
    code = (WEB / "js" / "device" / "exact.js").read_text("utf-8")
    start, end = code.index("const PICTURE"), code.index(";", code.index("const PICTURE"))
    data = base64.b64decode("".join(code[start:end].split('"')[1::2]))
    hashed = 0x811C9DC5
    for byte in decode(data).tobytes():
        hashed = ((hashed ^ byte) * 0x01000193) % 2**32
    assert f"const SUM = {hashed:#x};" in code


CODES = {"heic": "heic", "zero bytes": "empty", "1x1": "too_small", "a thin line": "too_small", "0x0": "too_small"}
CODES |= dict.fromkeys(["decompression bomb", "large"], "too_many_pixels")
CODES |= dict.fromkeys(["truncated tiff", "32-bit samples"], "not_here")


@pytest.mark.parametrize("name", BAD_BYTES)
def test_what_python_refuses_the_page_refuses(page: Page, name: str) -> None:
    data = BAD_BYTES[name][0]
    assert asked(page, data)["failure"] == CODES.get(name, "unreadable_image")


def test_the_other_decoder_leaves_cmyk_to_the_server(page: Page) -> None:
    assert _failure_of_the_other(page, PICTURES["jpeg-cmyk"]) == "not_here"


def test_a_truncated_jpeg_is_no_picture_to_the_other_decoder(page: Page) -> None:
    data = encode(noise(200, 300), "JPEG")[:4000]
    with pytest.raises(ImageError):
        decode(data)
    assert _failure_of_the_other(page, data) == "unreadable_image"


def _failure_of_the_other(page: Page, data: bytes) -> str:
    code = f"async (given) => ({DECODE})(given).catch((error) => error.code)"
    failure: str = page.evaluate(code, ["jpeg", base64.b64encode(data).decode()])
    return failure


def test_fifty_megapixels_do_not_freeze_the_page(page: Page) -> None:
    """While the worker is busy, the page's own thread goes on: decoding there would leave it a handful of turns."""
    data = encode(large(50), "JPEG", quality=85)
    found = asked(page, data)
    classifier = Classifier(BUNDLED / f"{MODEL}.onnx")
    assert max(differences(found["answer"], classifier, data)) <= 1e-4
    assert found["ticks"] >= 20, found["ms"]


def test_what_is_known_beside_the_picture_counts_alike(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "asks.onnx").write_bytes(context_model())
    classifier = Classifier(tmp_path / "asks.onnx")
    data = encode(noise(), "PNG")
    with serving(create_app(tmp_path / "asks.onnx")) as origin:
        page = browser.new_page()
        page.goto(origin)
        for told in ({}, {"age": 50.0}, {"sex": "male"}, {"age": 7.5, "sex": "female", "site": "posterior_torso"}):
            words = {name: str(value) for name, value in told.items()}
            answer = asked(page, data, "asks", **words)["answer"]
            own = classifier.predict(data, **told)  # type: ignore[arg-type]
            assert answer["probabilities"] == pytest.approx(own.probabilities, abs=1e-6)
