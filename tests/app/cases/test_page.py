"""Cases in a real browser: kept from the page, found again, confirmed, deleted."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tejido.app.auth.door import Door
from tejido.app.pages import WEB
from tejido.app.server import create_app
from tejido.client import Cases, Client
from tests.app.auth.people import PASSWORD, book
from tests.app.browsing import answer, launched, needs_browser, opened
from tests.app.cases.some import PICTURE, case
from tests.app.live import serving
from tests.app.test_accessible import findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tejido.app.cases.store import CaseStore

pytestmark = needs_browser
LESION = WEB / "examples" / "ISIC_0012099.jpg"
OTHER = WEB / "examples" / "ISIC_0014608.jpg"
HOSTILE = "<img src=x onerror=alert(1)>'; DROP TABLE cases; --"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def origin(models: Path, own: CaseStore) -> Iterator[str]:
    with serving(create_app("stand-in", cases=own)) as address:
        yield address


@pytest.fixture
def cases(origin: str) -> Iterator[Cases]:
    with Client(origin) as client:
        yield client.cases


LOSE_TWO = """() => {
    const real = window.fetch;
    let left = 2;
    window.fetch = async (address, init) => {
        const answer = await real(address, init);
        if (String(address).includes("/cases/") && left-- > 0) throw new TypeError("lost");
        return answer;
    };
}"""
"""The server gets the requests of the page, and the page does not get two of its answers."""


def put(cases: Cases, **facts: Any) -> str:
    """Keep a case; its id."""
    return str(cases.put(PICTURE, case(**facts))["id"])


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#case-{name}").fill(value)


def agree(page: Page) -> None:
    page.check("#keep-agreed")
    page.fill("#keep-version", "2026-01")


def test_from_the_picture_to_the_diagnosis(browser: Browser, origin: str, cases: Cases, models: Path) -> None:
    with opened(browser, origin) as page:
        assert page.is_hidden("#keep-row")
        page.set_input_files("#file", LESION)
        answer(page)
        page.click("#keep")
        page.wait_for_selector("#keeping[open]")
        page.click("#keep-now")
        assert page.is_visible("#keeping")  # no consent, no case
        assert list(cases.list()) == []
        fill(page, patient="P017", lesion="L2", age="61", scale_mm_per_pixel="0.02", notes=HOSTILE)
        page.select_option("#case-site", "posterior_torso")
        agree(page)
        page.click("#keep-now")
        page.wait_for_selector("#keep-note a")
        assert page.is_hidden("#keep")  # once is enough
        (kept,) = cases.list()
        expected = {"patient": "P017", "lesion": "L2", "age": 61, "scale_mm_per_pixel": 0.02, "notes": HOSTILE}
        assert {name: kept[name] for name in expected} == expected
        assert (kept["modality"], kept["site"], kept["sex"]) == ("dermoscopy", "posterior_torso", None)
        assert kept["consent"]["version"] == "2026-01"
        assert kept["answer"]["model"] == "stand-in"
        assert kept["answer"]["model_sha256"] == hashlib.sha256((models / "stand-in.onnx").read_bytes()).hexdigest()

        page.click("#keep-note a")
        page.wait_for_selector("#sheets:visible")
        assert page.input_value("#case-notes") == HOSTILE
        expect(page.locator("#whole")).to_have_js_property("complete", value=True)
        assert page.evaluate("document.getElementById('whole').naturalWidth") == 600
        fill(page, notes="not saved yet")
        page.click("[data-language=es]")
        page.select_option("#diagnosis-what", "melanoma")
        page.select_option("#diagnosis-how", "histology")
        page.click("#diagnosis button[type=submit]")
        expect(page.locator("#found")).to_contain_text("melanoma")
        assert page.input_value("#case-notes") == "not saved yet"  # what was being written elsewhere stays
        with page.expect_response("**/api/v1/cases/*"):
            page.click("#facts button[type=submit]")
        expect(page.locator("#state")).to_have_text("Guardado.")
        (found,) = cases.list()
        assert (found["diagnosis"]["diagnosis"], found["notes"]) == ("melanoma", "not saved yet")

        page.click("text=Todos los casos")
        expect(page.locator(".tile")).to_have_count(1)
        expect(page.locator(".tile")).to_contain_text("P017 · L2")
        page.click(".tile")
        page.click("#delete")
        page.click("#sure button[value='']")
        assert len(list(cases.list())) == 1
        page.click("#delete")
        page.click("#sure button[value=delete]")
        page.wait_for_url("**/cases")
        expect(page.locator("#state")).not_to_be_empty()
        assert list(cases.list()) == []


def test_several_photos_of_one_lesion_and_a_part_of_one(browser: Browser, origin: str, cases: Cases) -> None:
    with opened(browser, origin) as page:
        page.set_input_files("#file", [LESION, OTHER])
        page.wait_for_selector(".series")
        page.click("#crop")
        page.click("#crop-use")
        page.wait_for_selector(".series")
        page.click("#keep")
        expect(page.locator("#keep-what")).to_contain_text("2 photos")
        expect(page.locator("#keep-what")).to_contain_text("Only the part")
        fill(page, patient="P1", lesion="L1")
        agree(page)
        page.click("#keep-now")
        page.wait_for_selector("#keep-note a")
        found = list(cases.list())
        assert {one["patient"] for one in found} == {"P1"}
        sizes = sorted((one["picture"]["media_type"], one["picture"]["width"]) for one in found)
        assert sizes[0] == ("image/jpeg", 600)
        assert sizes[1][0] == "image/png"
        assert sizes[1][1] < 600
        page.set_input_files("#file", OTHER)  # of somebody else: nothing of the patient before may stay
        answer(page)
        page.click("#keep")
        page.wait_for_selector("#keeping[open]")
        assert page.input_value("#case-patient") == ""
        assert not page.is_checked("#keep-agreed")
        assert page.input_value("#keep-version") == "2026-01"
        page.click("#keep-later")


def test_nothing_is_lost_while_the_store_is_away(browser: Browser, origin: str, cases: Cases, file: Path) -> None:
    with opened(browser, origin) as page:
        page.set_input_files("#file", LESION)
        answer(page)
        page.click("#keep")
        fill(page, patient="P9", notes="typed with care")
        agree(page)
        file.rename(file.with_suffix(".away"))
        page.click("#keep-now")
        expect(page.locator("#keep-trouble")).to_contain_text("Nothing was written")
        assert page.input_value("#case-notes") == "typed with care"
        page.click("#keep-later")
        page.set_input_files("#add-file", OTHER)  # pictures can be judged all the same
        page.wait_for_selector(".series")
        file.with_suffix(".away").rename(file)
        page.click("#keep")
        assert page.input_value("#case-notes") == "typed with care"
        page.click("#keep-now")
        page.wait_for_selector("#keep-note a")
        assert [one["notes"] for one in list(cases.list())] == ["typed with care"] * 2


def test_an_answer_that_got_lost(browser: Browser, origin: str, cases: Cases) -> None:
    """The server has the case, the page does not know: sent again it is one case, also where it was changed between."""
    with opened(browser, origin) as page:
        page.set_input_files("#file", LESION)
        answer(page)
        page.evaluate(LOSE_TWO)
        page.click("#keep")
        fill(page, patient="P9")
        agree(page)
        for _ in range(2):
            page.click("#keep-now")
            expect(page.locator("#keep-trouble")).to_contain_text("does not answer")
            expect(page.locator("#keep-now")).to_be_enabled()
        fill(page, patient="P10")
        page.click("#keep-now")
        expect(page.locator("#keep-note")).to_contain_text("as it was first sent")
        assert [one["patient"] for one in list(cases.list())] == ["P9"]


def test_two_people_change_one_case(browser: Browser, origin: str, cases: Cases) -> None:
    id = put(cases, patient="P1")
    with opened(browser, origin) as page:
        page.goto(f"{origin}/case?id={id}")
        page.wait_for_selector("#sheets:visible")
        fill(page, notes="mine")
        cases.edit(id, patient="P2")
        page.click("#facts button[type=submit]")
        expect(page.locator("#state")).to_contain_text("Somebody has changed this case meanwhile")
        assert page.input_value("#case-notes") == "mine"
        page.click("#reload")
        expect(page.locator("#case-patient")).to_have_value("P2")
        assert page.input_value("#case-notes") == ""


def test_the_list_and_one_lesion_over_time(browser: Browser, origin: str, cases: Cases) -> None:
    for day, lesion in ((1, "L1"), (3, "L2"), (9, "L1")):
        put(cases, patient="P1", lesion=lesion, taken_at=f"2024-05-0{day}T12:00:00Z")
    put(cases, patient="P2", taken_at="2024-05-05T12:00:00Z", answer=case()["answer"] | {"label": HOSTILE})
    with opened(browser, origin) as page:
        page.goto(f"{origin}/cases")
        tiles = page.locator(".tile")
        expect(tiles).to_have_count(4)
        assert [re.findall(r"May \d+", text)[0] for text in tiles.all_inner_texts()] == [
            "May 9",
            "May 5",
            "May 3",
            "May 1",
        ]
        for image in page.locator(".tile img").all():
            expect(image).to_have_js_property("complete", value=True)
            assert image.evaluate("image => image.naturalWidth") > 0
        page.fill("#since", "2024-05-03")
        page.fill("#until", "2024-05-05")
        page.click("#filters button")
        expect(tiles).to_have_count(2)
        assert page.input_value("#since") == "2024-05-03"
        page.click("#clear")
        expect(tiles).to_have_count(4)
        page.fill("#patient", "no such patient")
        page.click("#filters button")
        expect(page.locator("#state")).to_contain_text("is not as it must be")
        page.fill("#patient", "P3")
        page.click("#filters button")
        expect(page.locator("#state")).to_have_text("There are no cases here.")
        page.goto(f"{origin}/cases?patient=P1&lesion=L1")
        expect(page.locator("h1")).to_have_text("Lesion L1 of patient P1")
        expect(tiles).to_have_count(2)
        assert "May 1" in tiles.all_inner_texts()[0]
        expect(tiles.last).to_contain_text("8 days after the first")
        page.goto(f"{origin}/case?id=no-such-case")
        expect(page.locator("#state")).not_to_be_empty()


def test_each_role_sees_what_it_may(browser: Browser, models: Path, own: CaseStore, cases: Cases) -> None:
    id = put(cases, patient="P1")
    people = book(ana="viewer", luis="clinician")
    with serving(create_app("stand-in", cases=own, door=Door(True, None, people))) as origin:
        for name, keeps in (("ana", False), ("luis", True)):
            page = browser.new_context(locale="en-GB").new_page()
            page.goto(f"{origin}/cases")
            assert page.url == f"{origin}/login"
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.click("#submit")
            page.wait_for_selector(".facts")
            page.set_input_files("#file", LESION)
            answer(page)
            page.click("#keep")
            if keeps:
                page.wait_for_selector("#keeping[open]")
                page.click("#keep-later")
            else:
                expect(page.locator("#keep-note")).to_have_text("Your account may not do this.")
            page.goto(f"{origin}/case?id={id}")
            page.wait_for_selector("#sheets:visible")
            assert page.is_visible("#diagnosis") is keeps
            assert page.is_enabled("#case-patient") is keeps
            assert page.is_hidden("#delete")
            page.context.close()


def test_nobody_is_kept_out(browser: Browser, origin: str, cases: Cases) -> None:
    put(cases, patient="P1", lesion="L1")
    id = put(cases, patient="P1", lesion="L1")
    context = browser.new_context(bypass_csp=True, locale="es-ES", viewport={"width": 390, "height": 850})
    page = context.new_page()
    page.goto(origin)
    page.wait_for_selector(".facts")
    page.set_input_files("#file", LESION)
    answer(page)
    page.click("#keep")
    page.wait_for_selector("#keeping[open]")
    assert findings(page) == []
    for address, there in (
        ("cases", ".tile"),
        ("cases?patient=P1&lesion=L1", ".tile"),
        (f"case?id={id}", "#diagnosis"),
    ):
        page.goto(f"{origin}/{address}")
        page.wait_for_selector(there)
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    context.close()
