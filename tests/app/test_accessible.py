"""What an accessibility checker finds on the page in each of its states: nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tejido.app.pages import WEB
from tejido.app.server import create_app
from tests.app.browsing import answer, launched, needs_browser
from tests.app.live import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = needs_browser
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
EXAMPLES = sorted((WEB / "examples").iterdir())
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with serving(create_app("skin-suspicion")) as address:
        yield address


def findings(page: Page) -> list[str]:
    """What axe finds, in a line each; of the dark colours, whether they can be told apart."""
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
    found = []
    for scheme, rules, least in (("light", STANDARDS, 15), ("dark", ["color-contrast"], 1)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        result: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: rules})", rules)
        assert len(result["passes"]) >= least
        for one in result["violations"]:
            found.append(f"{scheme}: {one['id']} ({one['impact']}): {one['nodes'][0]['html'][:100]}")
    return found


@pytest.mark.parametrize(("width", "language"), [(390, "es-ES"), (1280, "en-GB")])
def test_nothing_is_found(browser: Browser, origin: str, width: int, language: str) -> None:
    context = browser.new_context(bypass_csp=True, locale=language, viewport={"width": width, "height": 850})
    page = context.new_page()
    page.goto(origin)
    page.wait_for_selector(".facts")
    assert findings(page) == []
    page.set_input_files("#file", EXAMPLES)
    page.wait_for_selector(".series")
    page.check("#heatmap-on")
    assert findings(page) == []
    page.click("#crop")
    page.wait_for_selector("#crop-box")
    assert findings(page) == []
    page.click("#crop-cancel")
    page.check("input[value=clinical]")
    page.wait_for_selector("#answer-body[data-state=refused]")
    assert findings(page) == []
    page.check("input[value=dermoscopy]")
    page.click("#use-camera")
    page.click("#camera-take:not([disabled])", trial=True)
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.set_input_files("#file", {"name": "a.tif", "mimeType": "image/tiff", "buffer": b"II*\0" + bytes(200)})
    page.wait_for_selector("#consent[open]")
    assert findings(page) == []
    page.click("#consent button[value=keep]")
    answer(page)
    assert findings(page) == []
    context.close()


def test_the_page_for_programs(browser: Browser, origin: str) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{origin}/api/docs")
    page.wait_for_selector(".operation")
    assert findings(page) == []
    context.close()
