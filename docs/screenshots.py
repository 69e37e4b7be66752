"""Takes the pictures of the page that stand in the documentation.

Run from the repository's root: ``python -m docs.screenshots``. Needs Chromium and the Python package ``playwright``.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tejido.app.cases.store import CaseStore
from tejido.app.pages import WEB
from tejido.app.server import create_app
from tejido.client import Client
from tejido.errors import ModelFileError
from tests.app.live import BROWSER_ARGS, find_chromium, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parent / "images"


@dataclass(frozen=True)
class Shot:
    """One picture of the page.

    Attributes:
        name: of the file, without ``.png``.
        width: of the window, in CSS pixels.
        language: of the browser.
        scheme: ``light`` or ``dark``.
        example: number of the example to classify, from 1.
        heatmap: switched on.
    """

    name: str
    width: int
    language: str
    scheme: str
    example: int
    heatmap: bool


SHOTS = (
    Shot("page-desktop", 1280, "en", "light", 2, True),
    Shot("page-desktop-es-dark", 1280, "es", "dark", 2, True),
    Shot("page-phone", 390, "en", "light", 3, False),
    Shot("page-phone-es", 390, "es", "light", 2, True),
    Shot("page-phone-dark", 390, "en", "dark", 1, False),
)


def main() -> int:
    """Take all pictures; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", default="skin-suspicion", help="name or path of the model that answers")
    parser.add_argument("-o", "--output", type=Path, default=IMAGES, help="folder for the pictures")
    options = parser.parse_args()
    chromium = find_chromium()
    if chromium is None:
        print("screenshots: no Chromium on this machine", file=sys.stderr)
        return 1
    try:
        app = create_app(options.model)
    except ModelFileError as error:
        print(f"screenshots: {error}", file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    with serving(app) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(BROWSER_ARGS))
        for shot in SHOTS:
            _save(_take(browser, origin, shot), options.output / f"{shot.name}.png")
        for name, data in _take_cases(browser, options.model).items():
            _save(data, options.output / f"{name}.png")
        browser.close()
    return 0


def _take(browser: Browser, origin: str, shot: Shot) -> bytes:
    page = browser.new_page(
        viewport={"width": shot.width, "height": 900},
        locale=shot.language,
        color_scheme=shot.scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        device_scale_factor=1 if shot.width > 800 else 1.5,
        has_touch=shot.width <= 800,
        is_mobile=shot.width <= 800,
    )
    page.goto(origin)
    page.wait_for_selector(".facts")
    page.click(f"#examples li:nth-child({shot.example}) button")
    page.wait_for_selector("#answer-body .truth")
    if shot.heatmap and page.locator("#heatmap").is_visible():
        page.check("#heatmap-on")
    page.evaluate("document.activeElement.blur()")
    page.evaluate("scrollTo(0, 0)")
    data = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": shot.width, "height": _end(page)})
    page.close()
    return data


def _take_cases(browser: Browser, model: str) -> dict[str, bytes]:
    """The list of cases and one of them, with the examples as a made-up patient's lesions."""
    examples = sorted((WEB / "examples").iterdir())
    with tempfile.TemporaryDirectory() as folder:
        store = CaseStore.open(f"sqlite:///{folder}/cases.db")
        with serving(create_app(model, cases=store)) as origin:
            with Client(origin) as client:
                for number, example in enumerate(examples, start=1):
                    id = client.cases.put(example, _case(client, example, number))["id"]
                    if number == 2:
                        shown = id
                        client.cases.confirm(id, "melanoma", "histology")
            page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="en")
            taken = {}
            for name, address, ready in (("cases", "cases", ".tile"), ("case", f"case?id={shown}", "#diagnosis")):
                page.goto(f"{origin}/{address}")
                page.wait_for_selector(ready)
                page.wait_for_load_state("networkidle")
                taken[name] = page.screenshot(full_page=True)
            page.close()
        store.close()
    return taken


def _case(client: Client, example: Path, number: int) -> dict[str, Any]:
    answer = asdict(client.classify(example))
    said = {name: answer[name] for name in ("label", "probabilities", "refused", "reason", "quality", "model")}
    (digest,) = (model["sha256"] for model in client.models()["models"] if model["name"] == answer["model"])
    return {
        "consent": {"version": "2026-01", "by": "Lucía", "at": "2026-11-20T10:00:00Z"},
        "answer": said | {"model_sha256": digest},
        "taken_at": f"2026-0{number}-1{number}T10:00:00Z",
        "patient": "P017",
        "lesion": f"L{number}",
        "modality": "dermoscopy",
        "site": "posterior_torso",
        "age": 61,
        "notes": "Has grown since the summer.",
    }


def _end(page: Page) -> float:
    """Where the panels end; the card of the model below them is left out."""
    end: float = page.locator(".about").evaluate("node => node.getBoundingClientRect().top + scrollY")
    return end - 24


def _save(data: bytes, path: Path) -> None:
    with Image.open(io.BytesIO(data)) as shot:
        shot.convert("RGB").save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
