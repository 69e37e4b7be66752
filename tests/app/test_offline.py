"""The page without network: installed on the device, opened again after the server and the browser are gone."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tejido.app.offline import precache, script
from tejido.app.pages import WEB
from tejido.app.schemas import ModelList
from tejido.app.server import create_app
from tejido.runtime.classifier import Classifier
from tejido.runtime.library import BUNDLED
from tests.app.browsing import CHROMIUM, needs_browser
from tests.app.client import Client
from tests.app.live import BROWSER_ARGS, serving
from tests.support.tiny_model import outlining_model, tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

EXAMPLE = WEB / "examples" / "ISIC_0012099.jpg"
DONE = "#answer-body:not([data-state=looking]):not([data-state=empty])"


@contextmanager
def persistent(profile: Path) -> Iterator[BrowserContext]:
    """A browser that keeps its profile; service workers are real."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=list(BROWSER_ARGS), locale="en-GB"
        )
        context.set_default_timeout(30_000)
        yield context
        context.close()


def kept(page: Page) -> None:
    """Wait until the page says that it is kept."""
    page.wait_for_selector("#offline:has-text('works on this device without network')")


def classify(page: Page) -> str:
    page.set_input_files("#file", EXAMPLE)
    page.wait_for_selector(DONE)
    return page.inner_text("#answer-body")


@needs_browser
def test_without_server_after_a_restart_of_the_browser(tmp_path: Path) -> None:
    with serving(create_app("skin-suspicion")) as origin, persistent(tmp_path) as context:
        page = context.new_page()
        page.goto(origin)
        kept(page)
        session = context.new_cdp_session(page)
        assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
        manifest = session.send("Page.getAppManifest")
        assert manifest["errors"] == []
    with persistent(tmp_path) as context:
        page = context.new_page()
        page.goto(origin)
        answer = classify(page)
        assert "Computed on this device; nothing was uploaded." in answer
        own = Classifier(BUNDLED / "skin-suspicion-accurate.onnx").predict(EXAMPLE)
        shown = {name: f"{round(100 * p)}" for name, p in own.probabilities.items()}
        assert shown["suspicious"] in answer
        page.click("[data-language=es]")
        assert "Calculado en este dispositivo" in page.inner_text("#answer-body")


@needs_browser
def test_a_second_visit_asks_the_server_for_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """And a first one for less than nine megabytes, six without the larger model."""
    asked: Counter[str] = Counter()
    with serving(_counting(create_app("skin-suspicion"), asked)) as origin, persistent(tmp_path) as context:
        page = context.new_page()
        page.goto(origin)
        kept(page)
        classify(page)
        assert len(asked) > 30
        without = asked.total() - asked["/api/v1/models/skin-suspicion-accurate/file"]
        sizes = f"{asked.total() / 1e6:.2f} MB as sent, {without / 1e6:.2f} MB without the larger model"
        record_property("measured", f"First visit to the page: {len(asked)} files, {sizes}")
        assert asked.total() < 9e6
        assert without < 6e6
        asked.clear()
        page.goto(origin)
        classify(page)
        page.wait_for_timeout(300)
        # The browser looks by itself whether the service worker has changed; the page asks for nothing.
        assert set(asked) <= {"/sw.js", "/precache.js"}


def _counting(application: Any, sent: Counter[str]) -> Any:
    """The same, counting by path the bytes of bodies that it sends."""

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        async def counted(message: Any) -> None:
            sent[scope["path"]] += len(message.get("body", b""))
            await send(message)

        await application(scope, receive, counted)

    return counting


@needs_browser
def test_a_new_version_waits_until_the_reader_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setenv("TEJIDO_MODELS", str(models))
    with serving(create_app("skin-suspicion")) as origin, persistent(tmp_path / "profile") as context:
        page = context.new_page()
        page.goto(origin)
        kept(page)
        page.goto(origin)
        before, offered = classify(page), page.locator("#model option").count()
        (models / "tiny.onnx").write_bytes(tiny_model())
        for _ in range(40):  # a look that the browser took by itself just before counts as this one
            page.evaluate("async () => { await (await navigator.serviceWorker.getRegistration()).update(); }")
            page.wait_for_timeout(250)
            if page.locator("#update").is_visible():
                break
        page.wait_for_selector("#update:not([hidden])")
        assert page.inner_text("#answer-body") == before
        assert classify(page) == before  # the old version goes on working
        assert page.locator("#model option").count() == offered
        page.click("#update-now")
        page.wait_for_selector("#model option:has-text('tiny')", state="attached")
        kept(page)
        assert page.locator("#update").is_hidden()
        # what is no longer of use is thrown away
        keys = page.evaluate("async () => (await (await caches.open('tejido')).keys()).map((one) => one.url)")
        assert len(keys) == len({key.partition("?")[0] for key in keys})


@needs_browser
def test_the_larger_model_is_for_connections_that_allow_it(tmp_path: Path) -> None:
    """It is first where there is room, and neither chosen nor kept where the reader wants small downloads."""
    sparing = 'Object.defineProperty(%s.prototype, "connection", {get: () => ({saveData: true})});'
    with serving(create_app("skin-suspicion")) as origin, persistent(tmp_path) as context:
        page = context.new_page()
        page.goto(origin)
        kept(page)
        (worker,) = context.service_workers

        def held() -> set[str]:
            urls = worker.evaluate("async () => (await (await caches.open('tejido')).keys()).map((one) => one.url)")
            return {name for name in ("skin-suspicion", "skin-suspicion-accurate") if f"/{name}/file" in str(urls)}

        assert held() == {"skin-suspicion", "skin-suspicion-accurate"}
        assert page.input_value("#model") == "skin-suspicion-accurate"
        emptied = 'async () => { %s await caches.delete("tejido"); await fill(); }'
        worker.evaluate(emptied % (sparing % "WorkerNavigator"))
        assert held() == {"skin-suspicion"}
        page.add_init_script(sparing % "Navigator")
        page.goto(origin)
        page.wait_for_selector("#model option", state="attached")
        assert page.input_value("#model") == "skin-suspicion"


@needs_browser
def test_no_room_on_the_device(tmp_path: Path) -> None:
    """The page says so, and works while there is a network."""
    with serving(create_app("skin-suspicion")) as origin, persistent(tmp_path) as context:
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 2_000_000})
        page.goto(origin)
        page.wait_for_selector("#offline:has-text('no room')")
        assert "Computed on this device" in classify(page)


def test_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEJIDO_MODELS", str(tmp_path))
    (tmp_path / "tiny.onnx").write_bytes(tiny_model())
    (tmp_path / "outlines.onnx").write_bytes(outlining_model())
    client = Client(create_app("skin-suspicion"))
    response = client.get("/precache.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "no-cache"
    files = json.loads(re.fullmatch(r"self\.PRECACHE = (.*);\n", response.text, re.S)[1])  # type: ignore[index]
    assert {".", "api/v1/models", "web/js/main.js", "web/js/device/worker.js", "web/css/base.css"} <= files.keys()
    assert {"api/v1/models/skin-suspicion/file", "api/v1/models/tiny/file"} <= files.keys()
    assert "api/v1/models/outlines/file" not in files  # the page classifies, and cannot use what only outlines
    assert not any(
        name.endswith((".gz", "reference.html", "login.html", "cases.html", "case.html", "sw.js")) for name in files
    )
    for address, hashed in files.items():
        if address != "api/v1/models":
            assert hashlib.sha256(client.get("/" + address.removeprefix(".")).content).hexdigest() == hashed, address
    # another model is another version
    (tmp_path / "tiny.onnx").write_bytes(tiny_model(schema=99))
    changed = precache(WEB, ModelList.model_validate(client.get("/api/v1/models").json()))
    assert {name for name in files if files[name] != changed[name]} == {"api/v1/models", "api/v1/models/tiny/file"}
    assert script(changed) != response.text
