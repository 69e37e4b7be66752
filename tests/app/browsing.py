"""A real browser, where there is one."""

from __future__ import annotations

import importlib.util
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tejido.app.pages import WEB
from tests.app.live import BROWSER_ARGS, find_chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

CHROMIUM = find_chromium()
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
def launched() -> Iterator[Browser]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_ARGS))
        yield browser
        browser.close()
