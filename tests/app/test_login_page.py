"""The login in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from tejido.app.auth.door import Door
from tejido.app.server import create_app
from tests.app.auth.people import PASSWORD, TOKEN, book
from tests.app.live import BROWSER_ARGS, find_chromium, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

CHROMIUM = find_chromium()
RECORDS: list[Mapping[str, Any]] = []
"""What the server of these tests was asked."""
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (chromium, google-chrome)")


@pytest.fixture(scope="module")
def origin(models: Path) -> Iterator[str]:
    with serving(create_app("stand-in", log=RECORDS.append, door=Door(True, TOKEN, book(ana="viewer")))) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_ARGS))
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    context.set_default_timeout(60_000)
    yield context
    context.close()


def test_in_and_out(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text) if "Content Security" in message.text else None)
    page.goto(origin)
    assert page.url == f"{origin}/login"
    page.wait_for_selector("#form:visible")
    assert page.evaluate("document.activeElement.id") == "name"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#submit")
    page.wait_for_selector("text=Fill in every field")
    page.fill("#name", "ana")
    page.fill("#password", "not the password")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Name or password is wrong.")
    assert page.input_value("#password") == ""
    page.click("[data-language=es]")
    assert page.inner_text("h1") == "Iniciar sesión"
    assert "no es correcto" in page.inner_text("#state")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".facts")  # the page itself, with its model
    assert page.url == f"{origin}/"
    assert page.evaluate("document.cookie") == ""  # no script can read the session
    page.goto(f"{origin}/login")
    page.wait_for_selector("text=Ha iniciado sesión como ana.")
    page.click("#logout")
    page.wait_for_selector("#form:visible")
    page.goto(origin)
    assert page.url == f"{origin}/login"
    assert trouble == []


def test_with_a_token(context: BrowserContext, origin: str) -> None:
    page = context.new_page()
    page.goto(f"{origin}/login")
    page.wait_for_selector("#form:visible")
    page.click("#other")
    page.fill("#token", "wrong-token-of-some-length")
    page.click("#submit")
    page.wait_for_selector("text=This is not the server’s token.")
    page.fill("#token", TOKEN)
    page.click("#submit")
    page.wait_for_selector(".facts")


def test_another_site_gets_nothing(context: BrowserContext, origin: str) -> None:
    """With the cookie in the browser, a page of another origin can neither read nor change anything."""
    page = context.new_page()
    page.goto(f"{origin}/login")
    page.wait_for_selector("#form:visible")
    page.fill("#name", "ana")
    page.fill("#password", PASSWORD)
    page.click("#submit")
    page.wait_for_selector(".facts")
    other = FastAPI()
    other.get("/", response_class=HTMLResponse)(lambda: "<p>another site</p>")
    send = "url => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include', body: 'x'}).catch(() => 0)"
    with serving(other) as address:
        page.goto(address.replace("127.0.0.1", "localhost"))
        RECORDS.clear()
        page.evaluate(send, f"{origin}/api/v1/logout")
    sent = [(record["route"], record["status"]) for record in RECORDS if record["method"] == "POST"]
    assert sent == [("-", 403)]  # stopped before any route
    page.goto(f"{origin}/login")
    page.wait_for_selector("text=You are logged in as ana.")


def test_a_server_without_login(context: BrowserContext, models: Path) -> None:
    with serving(create_app("tiny")) as address:
        page = context.new_page()
        page.goto(f"{address}/login")
        page.wait_for_selector("text=This server asks for no login.")
        assert page.is_hidden("#form")
        assert page.is_hidden("#logout")
