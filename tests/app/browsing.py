"""A real browser, where there is one."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tejido.app.pages import WEB
from tests.app.live import BROWSER_ARGS, find_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = find_chromium()
DONE = "#answer-body:not([data-state=looking]):not([data-state=empty])"
"""The answer panel once it has something to say."""
_LACKING = (
    "no Chromium on this machine (chromium, google-chrome)"
    if CHROMIUM is None
    else "the Python package playwright is not installed"
    if importlib.util.find_spec("playwright") is None
    else "the page has no runtime; run: make web"
    if not (WEB / "vendor" / "ready").is_file()
    else ""
)
needs_browser = pytest.mark.skipif(bool(_LACKING), reason=_LACKING or "never")


@contextmanager
def launched(*more: str) -> Iterator[Browser]:
    """A browser without a window, started with these arguments too."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*BROWSER_ARGS, *more])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, origin: str, *, runtime: bool = True) -> Iterator[Page]:
    """A page of a new visitor."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 850})
    context.set_default_timeout(60_000)
    page = context.new_page()
    if not runtime:
        context.route("**/vendor/**", lambda route: route.abort())
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if _bad(message) else None)
    page.on("request", lambda request: None if _own(request.url, origin) else trouble.append(request.url))
    page.goto(origin)
    page.wait_for_selector(".facts")
    yield page
    context.close()
    assert trouble == [], trouble


def agree(page: Page) -> None:
    """Let the server judge pictures until the page is left."""
    page.check("#consent-always")
    page.click("#consent button[value=send]")


def _bad(message: Any) -> bool:
    # The browser itself notes every answer of 400 and more; the page shows those to the reader.
    return message.type in ("error", "warning") and not message.text.startswith("Failed to load resource")


def _own(url: str, origin: str) -> bool:
    return url.startswith((f"{origin}/", f"blob:{origin}/"))


def give(page: Page, data: bytes, name: str = "lesion.png") -> str:
    """Choose a file; the text of the answer."""
    page.set_input_files("#file", {"name": name, "mimeType": "image/png", "buffer": data})
    return answer(page)


def answer(page: Page) -> str:
    page.wait_for_selector(DONE)
    return page.inner_text("#answer-body")
