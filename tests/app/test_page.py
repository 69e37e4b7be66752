"""The page in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tejido.app.pages import WEB
from tejido.app.server import create_app
from tests.app.browsing import DONE, agree, answer, give, launched, needs_browser, opened
from tests.app.conftest import LIMIT
from tests.app.live import serving
from tests.support.context_model import context_model
from tests.support.pictures import encode, noise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

pytestmark = needs_browser

BRIGHT = encode(np.full((90, 160, 3), 180, np.uint8), "PNG")
DIM = encode(np.full((90, 160, 3), 60, np.uint8), "PNG")
BLACK = encode(np.zeros((90, 160, 3), np.uint8), "PNG")


@pytest.fixture(scope="module")
def origin(models: Path) -> Iterator[str]:
    with serving(create_app("stand-in", max_upload_bytes=LIMIT)) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    """The page, freshly loaded in English; fails if a script did, or if anything went to another origin."""
    with opened(browser, origin) as page:
        yield page


@pytest.fixture
def server_page(browser: Browser, origin: str) -> Iterator[Page]:
    """The page in a browser that lacks the runtime, after its reader agreed that the server judges pictures."""
    with opened(browser, origin, runtime=False) as page:
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": DIM})
        agree(page)
        page.wait_for_selector(DONE)
        yield page


def test_suspicious(page: Page) -> None:
    text = give(page, BRIGHT)
    assert "This model finds the picture suspicious." in text
    assert "A doctor should look at the lesion soon." in text
    assert "71 %" in text.replace("\u00a0", " ")
    assert "Of 100 test pictures scored like this, 40 were “suspicious” (30 to 52)." in text
    assert "With 90 % coverage: suspicious." in text.replace("\u00a0", " ")
    assert page.locator("#preview").evaluate("image => image.naturalWidth") == 160


def test_not_suspicious_does_not_reassure(page: Page) -> None:
    text = give(page, DIM)
    assert "Nothing suspicious to this model; this does not exclude cancer." in text
    assert "New, changing or bleeding? See a doctor." in text
    assert "Of 100 test pictures scored like this, 4 were “suspicious”." in text
    assert "With 90 % coverage: not suspicious or suspicious." in text.replace("\u00a0", " ")


def test_refused(page: Page) -> None:
    text = give(page, BLACK)
    assert "I cannot judge this image." in text
    assert "If worried, get it examined." in text
    assert "too dark" in text
    assert "%" not in text
    assert page.locator("#heatmap").is_hidden()


def test_certainty_is_never_claimed(server_page: Page) -> None:
    server_page.route("**/api/v1/classify*", lambda route: _answer_with(route, 0.9996))
    text = give(server_page, BRIGHT).replace("\u00a0", " ")
    assert "over 99 %" in text
    assert "under 1 %" in text
    assert not re.search(r"\b(0|100) %", text)


def _answer_with(route: Route, p: float) -> None:
    body = {
        "label": "suspicious",
        "probabilities": {"benign": 1 - p, "suspicious": p},
        "refused": False,
        "reason": None,
        "quality": {},
        "model": "stand-in",
        "heatmap": None,
    }
    route.fulfill(json=body)


def test_example_tells_its_diagnosis_with_the_answer(page: Page) -> None:
    assert "diagnosed" not in page.inner_text("main")
    page.click("#examples li:nth-child(2) button")
    assert "This example was diagnosed: melanoma." in answer(page)


def test_language_changes_everything_and_is_remembered(page: Page) -> None:
    give(page, BRIGHT)
    page.click("[data-language=es]")
    assert page.get_attribute("html", "lang") == "es"
    assert "A este modelo la imagen le parece sospechosa." in page.inner_text("#answer-body")
    assert page.inner_text("h1") == "Una segunda mirada, no un diagnóstico"
    assert page.get_attribute("#preview", "alt") == "Su imagen"
    page.reload()
    page.wait_for_selector(".facts")
    assert page.get_attribute("html", "lang") == "es"
    assert "oscura" not in page.inner_text(".facts")
    assert "sospechosa" in page.inner_text(".facts")


def test_language_of_the_browser(browser: Browser, origin: str) -> None:
    context = browser.new_context(locale="es-MX")
    page = context.new_page()
    page.goto(origin)
    page.wait_for_selector("html[lang=es]")
    context.close()


BAD = {
    "broken": (b"\xff\xd8\xff broken", "cannot be read as a picture"),
    "empty": (b"", "This file is empty"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(200), "HEIC"),
    "1x1": (encode(noise(1, 1), "PNG"), "too small to judge (1 × 1 pixels)"),
}


def test_bad_files_are_explained_in_both_languages(page: Page) -> None:
    for data, expected in BAD.values():
        assert expected in give(page, data, "lesion.jpg")
        page.click("[data-language=es]")
        assert page.inner_text("#answer-body").startswith("No ha sido posible")
        page.click("[data-language=en]")
        assert "suspicious" in give(page, BRIGHT)  # and the next picture works


def test_too_large_to_send(server_page: Page) -> None:
    assert "too large" in give(server_page, bytes(LIMIT + 1), "lesion.jpg")


def test_server_away_and_back(server_page: Page) -> None:
    page = server_page
    page.route("**/api/v1/classify*", lambda route: route.abort())
    assert "The server does not answer." in give(page, BRIGHT)
    page.unroute("**/api/v1/classify*")
    page.click("#answer-body button")
    page.wait_for_selector("#answer-body[data-state=attention]")
    assert page.evaluate("document.activeElement.id") == "answer"


def test_second_picture_replaces_the_first_while_it_waits(server_page: Page) -> None:
    page = server_page
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/api/v1/classify*", hold_first)
    page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": BRIGHT})
    page.wait_for_selector("#answer-body[data-state=looking]")
    while not held:
        page.wait_for_timeout(20)
    assert "Nothing suspicious" in give(page, DIM)
    page.wait_for_timeout(100)
    assert "Nothing suspicious" in page.inner_text("#answer-body")


def test_heatmap_is_off_then_drawn_on_the_centre_square(page: Page) -> None:
    give(page, BRIGHT)
    assert page.locator("#overlay").is_hidden()
    page.check("#heatmap-on")
    assert "not the tumour’s outline" in page.inner_text("#heatmap")
    picture, overlay = page.locator("#preview").bounding_box(), page.locator("#overlay").bounding_box()
    assert picture is not None
    assert overlay is not None
    assert overlay["width"] == pytest.approx(picture["height"], abs=1)
    assert overlay["x"] - picture["x"] == pytest.approx((picture["width"] - picture["height"]) / 2, abs=1)
    # The tiny model's grid is ((p, 0), (0, 0)): strong at the top left, nothing at the bottom right.
    first, last = page.locator("#overlay").evaluate(
        """canvas => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, 256, 256);
            return [data[4 * (60 * 256 + 60) + 3], data[4 * (200 * 256 + 200) + 3]];
        }"""
    )
    assert first > 100
    assert last <= 2
    page.fill("#opacity", "30")
    assert page.locator("#overlay").evaluate("canvas => getComputedStyle(canvas).opacity") == "0.3"
    give(page, DIM)
    assert page.locator("#overlay").is_hidden()


def test_figures_are_shown_by_set_of_pictures(page: Page) -> None:
    rows = page.locator(".metrics tr").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["Measure", "All", "Proven", "by", "histology"],
        ["Pictures", "1,504", "–"],
        ["Area", "under", "the", "curve", "(AUC)", "0.900", "0.880–0.920", "0.800"],
        ["Sensitivity", "for", "melanoma", "–", "0.700"],
    ]


def test_picture_that_only_the_server_can_read(page: Page) -> None:
    """Browsers do not show TIFF; the answer comes all the same, from the server, if the reader agrees."""
    tiff = encode(np.full((90, 160, 3), 180, np.uint8), "TIFF")
    page.set_input_files("#file", {"name": "lesion.tif", "mimeType": "image/tiff", "buffer": tiff})
    page.wait_for_selector("#consent[open]")
    assert "Browsers cannot read TIFF files." in page.inner_text("#consent")
    page.click("#consent button[value=keep]")
    assert "Browsers cannot read TIFF files." in answer(page)
    page.set_input_files("#file", {"name": "lesion.tif", "mimeType": "image/tiff", "buffer": tiff})
    page.click("#consent button[value=send]")
    page.wait_for_selector(".badge.server")
    assert "suspicious" in answer(page)
    assert page.locator(".no-preview").is_visible()
    assert page.locator("#heatmap").is_hidden()
    give(page, BRIGHT)
    assert page.locator(".no-preview").is_hidden()


def test_another_model_speaks_neutrally(page: Page) -> None:
    give(page, BRIGHT)
    page.click("#more-models summary")
    page.select_option("#model", "tiny")
    page.wait_for_selector("text=The model’s answer: bright.")
    assert "suspicious" not in page.inner_text("#answer-body")


def test_paste_and_drop(page: Page) -> None:
    script = """(node, [kind, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "a.png", {type: "image/png"}));
        const init = {bubbles: true, cancelable: true};
        node.dispatchEvent(kind === "paste" ? new ClipboardEvent("paste", {...init, clipboardData: data})
            : new DragEvent("drop", {...init, dataTransfer: data}));
    }"""
    page.locator("body").evaluate(script, ["paste", list(BRIGHT)])
    assert "suspicious" in answer(page)
    page.locator("footer").evaluate(script, ["drop", list(DIM)])
    page.wait_for_selector("#answer-body[data-state=calm]")


def test_keyboard_reaches_everything(page: Page) -> None:
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached[0] == "skip"
    assert "file" in reached
    assert reached.count("example") == 3
    page.focus("[data-language=es]")
    page.keyboard.press("Enter")
    assert page.get_attribute("html", "lang") == "es"


def test_screen_readers_are_told(page: Page) -> None:
    assert page.get_attribute("#answer-body", "aria-live") == "polite"
    give(page, BRIGHT)
    assert page.get_attribute("#answer-body", "aria-busy") == "false"
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("input, select, button")]
            .filter(node => !(node.labels?.length || node.textContent.trim())).length"""
    )
    assert unnamed == 0


def test_object_urls_are_given_back(page: Page) -> None:
    give(page, BRIGHT)
    first = page.get_attribute("#preview", "src")
    give(page, DIM)
    page.wait_for_selector("#answer-body[data-state=calm]")
    load = """src => new Promise(done =>
        Object.assign(new Image(), {src, onload: () => done(1), onerror: () => done(0)}))"""
    assert page.evaluate(load, page.get_attribute("#preview", "src")) == 1
    assert page.evaluate(load, first) == 0


def test_narrow_screens_do_not_scroll_sideways(page: Page) -> None:
    give(page, (WEB / "examples" / "ISIC_0012099.jpg").read_bytes())
    page.check("#heatmap-on")
    for language in ("en", "es"):
        page.click(f"[data-language={language}]")
        for width in (360, 390, 820):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_contrast(page: Page) -> None:
    """WCAG AA: text against the background that it stands on."""
    for picture in (BRIGHT, DIM, BLACK, b"broken"):
        give(page, picture)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert page.evaluate(CONTRAST) == []


def test_api_page(page: Page, origin: str) -> None:
    page.goto(f"{origin}/api/docs")
    page.wait_for_selector(".operation")
    assert "POST /api/v1/classify" in page.inner_text("main")
    assert "probabilities" in page.inner_text("main")


CONTRAST = r"""() => {
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  for (const node of document.querySelectorAll("body *")) {
    const text = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!text || !node.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return weak;
}"""


def test_what_is_known_beside_the_picture(browser: Browser, models: Path, tmp_path: Path) -> None:
    (tmp_path / "asks.onnx").write_bytes(context_model())
    with serving(create_app(tmp_path / "asks.onnx")) as address:
        page = browser.new_page(locale="en-GB")
        page.goto(address)
        page.wait_for_selector("#context:not([hidden])")
        assert page.locator("#context-fields label").all_inner_texts() == ["Age in years", "Sex", "Place on the body"]
        page.route("**/vendor/**", lambda route: route.abort())
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "classify" in request.url else None)
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": BRIGHT})
        agree(page)
        page.wait_for_selector(DONE)
        page.fill("#context-age", "50")
        page.select_option("#context-sex", label="male")
        page.select_option("#context-site", label="back")
        page.wait_for_selector(".bars:has-text('27')")
        assert "age" not in asked[0]
        assert asked[-1].endswith("age=50&sex=male&site=posterior_torso")
        # an impossible age is not sent; another language keeps what was filled in
        before = len(asked)
        page.fill("#context-age", "500")
        page.locator("#context-age").blur()
        page.click("[data-language=es]")
        assert len(asked) == before
        assert page.input_value("#context-age") == "50"
        assert page.locator("#context-site option:checked").inner_text() == "espalda"
        # a model that looks at the picture alone has no fields, and is told nothing
        page.click("#more-models summary")
        page.select_option("#model", "tiny")
        page.wait_for_selector("#context[hidden]", state="attached")
        page.wait_for_selector(".looking", state="detached")
        page.wait_for_selector(".bars")
        assert "age" not in asked[-1]
        page.close()


def test_nothing_is_uploaded(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
    assert "Computed on this device; nothing was uploaded." in give(page, BRIGHT)
    page.click("[data-language=es]")
    assert "Calculado en este dispositivo" in page.inner_text("#answer-body")
    assert sent == []


def test_the_server_is_asked_only_after_the_reader_agreed(browser: Browser, origin: str) -> None:
    with opened(browser, origin, runtime=False) as page:
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": BRIGHT})
        page.wait_for_selector("#consent[open]")
        assert "This browser cannot run the model by itself." in page.inner_text("#consent")
        assert page.evaluate("document.activeElement.value") == "keep"
        page.keyboard.press("Escape")
        assert "This browser cannot run the model by itself." in answer(page)
        assert sent == []
        # asked again for the next one; then agreed, once
        page.set_input_files("#file", {"name": "b.png", "mimeType": "image/png", "buffer": BRIGHT})
        page.click("#consent button[value=send]")
        assert "the picture was sent there" in answer(page)
        assert len(sent) == 1
        page.set_input_files("#file", {"name": "c.png", "mimeType": "image/png", "buffer": DIM})
        agree(page)
        assert "Nothing suspicious" in answer(page)
        # agreed until the page is left
        assert "finds the picture suspicious" in give(page, BRIGHT)
        assert len(sent) == 3


def test_a_question_goes_away_with_its_picture(browser: Browser, origin: str) -> None:
    with opened(browser, origin, runtime=False) as page:
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": BRIGHT})
        page.wait_for_selector("#consent[open]")
        page.set_input_files("#file", {"name": "a.png", "mimeType": "image/png", "buffer": b""})
        page.wait_for_selector("#consent:not([open])", state="attached")
        assert "This file is empty" in answer(page)
