"""The page's files: everything they name exists, in both languages, and nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from tejido.app.pages import WEB

if TYPE_CHECKING:
    from tests.app.client import Client

VENDOR = WEB / "vendor"
"""What others wrote; it is not in the repository."""
TEXTS = sorted(
    path for path in WEB.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg"} and VENDOR not in path.parents
)
IMPORT = re.compile(r"""(?:^|\s)(?:import|export)[^"';]*["'](\.[^"']+)["']""")


class Page(HTMLParser):
    """Collects what a page refers to, and its translated texts."""

    def __init__(self) -> None:
        super().__init__()
        self.assets: set[str] = set()
        self.texts: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.inline: list[str] = []
        self._key: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag != "a":
            self.assets |= {named[name] for name in ("src", "href") if name in named}
        self.inline += [name for name in named if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in named):
            self.inline.append(tag)
        self._key = named.get("data-i18n")
        if self._key:
            self.texts[self._key] = ""
        if "data-i18n-label" in named:
            self.labels[named["data-i18n-label"]] = named["aria-label"]

    def handle_data(self, data: str) -> None:
        if self._key:
            self.texts[self._key] += data

    def handle_endtag(self, tag: str) -> None:
        self._key = None


def read(name: str) -> Page:
    page = Page()
    page.feed((WEB / name).read_text("utf-8"))
    return page


def catalogue(language: str) -> dict[str, str]:
    text = (WEB / "js" / "lang" / f"{language}.js").read_text("utf-8")
    texts: dict[str, str] = json.loads(text.partition("export default")[2].strip().removesuffix(";"))
    return texts


@pytest.mark.parametrize(
    ("address", "file"), [("/", "index.html"), ("/api/docs", "reference.html"), ("/login", "login.html")]
)
def test_page_and_everything_it_names_is_served(client: Client, address: str, file: str) -> None:
    response = client.get(address)
    assert response.headers["content-type"].startswith("text/html")
    assert response.text == (WEB / file).read_text("utf-8")
    waiting = {urljoin(address, asset) for asset in read(file).assets}
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        asset = client.get(path)
        assert asset.status_code == 200, path
        if path.endswith(".js"):
            assert asset.headers["content-type"].startswith("text/javascript")
            waiting |= {urljoin(path, name) for name in IMPORT.findall(asset.text)} - seen
    assert any(path.endswith(".css") for path in seen)


def test_every_module_is_used(client: Client) -> None:
    names = ("main", "reference", "login", "cases/list", "cases/one", "device/worker")
    used = {WEB / "js" / f"{name}.js" for name in names}
    waiting = set(used)
    while waiting:
        path = waiting.pop()
        named = {(path.parent / name).resolve() for name in IMPORT.findall(path.read_text("utf-8"))}
        waiting |= named - used
        used |= named
    assert used == set((WEB / "js").rglob("*.js"))


@pytest.mark.parametrize("file", ["index.html", "reference.html", "login.html", "cases.html", "case.html"])
def test_nothing_inline(file: str) -> None:
    assert read(file).inline == []


def test_languages_have_the_same_texts() -> None:
    english, spanish = catalogue("en"), catalogue("es")
    assert list(english) == list(spanish)
    for key, text in english.items():
        assert text
        assert spanish[key]
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", spanish[key])), key


@pytest.mark.parametrize("file", ["index.html", "login.html", "cases.html", "case.html"])
def test_pages_are_written_in_english_with_keys_that_exist(file: str) -> None:
    english, page = catalogue("en"), read(file)
    assert page.texts
    assert page.texts.items() <= english.items()
    assert page.labels.items() <= english.items()


def test_every_key_in_the_code_exists_and_every_text_is_used() -> None:
    english = catalogue("en")
    code = "\n".join(path.read_text("utf-8") for path in TEXTS if "lang" not in path.parts)
    asked = set(re.findall(r"""\bt\(\s*"([^"]+)\"""", code))
    assert asked <= set(english)
    # Keys put together from a code: "reason.blur", "answer.benign.more" ...
    families = (
        "reason.",
        "hint.",
        "error.",
        "metric.",
        "about.modality.",
        "examples.",
        "answer.",
        "diagnosis.",
        "context.",
        "offline.",
        "case.",
        "cases.confirmed.",
    )
    unused = {key for key in english if f'"{key}"' not in code and not key.startswith(families)}
    assert unused == set()


def test_every_error_of_the_api_has_words() -> None:
    english = catalogue("en")
    for code in ("unreadable_image", "too_large", "empty", "unknown_model", "unusable_model", "internal", "network"):
        assert f"error.{code}" in english


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_nothing_from_another_origin(path: object) -> None:
    text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")  # type: ignore[attr-defined]
    assert not re.search(r"https?://|//[a-z0-9-]+\.[a-z]{2,}/|@import", text)
    assert "innerHTML" not in text


def test_examples_are_small_and_carry_nothing_but_pixels() -> None:
    from PIL import Image

    code = (WEB / "js" / "examples.js").read_text("utf-8")
    named = re.findall(r'file: "([^"]+)"', code)
    assert sorted(named) == sorted(path.name for path in (WEB / "examples").iterdir())
    for name in named:
        with Image.open(WEB / "examples" / name) as picture:
            assert max(picture.size) == 600
            assert not picture.getexif()
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
