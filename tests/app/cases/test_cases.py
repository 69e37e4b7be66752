"""Cases over REST, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import pytest

from tejido.app.auth.door import Door
from tejido.app.server import create_app
from tejido.context import SEXES, SITES
from tejido.runtime.decode import decode
from tejido.taxonomy import diagnoses
from tests.app.auth.people import Browser, book
from tests.app.cases.some import ANSWER, CONSENT, OTHER, PICTURE, Desk, case
from tests.app.client import error
from tests.app.conftest import LIMIT
from tests.support.pictures import encode, with_orientation

if TYPE_CHECKING:
    from pathlib import Path

    from tejido.app.cases.store import CaseStore

FACTS = {
    "patient": "P017",
    "lesion": "L2",
    "modality": "dermoscopy",
    "scale_mm_per_pixel": 0.02,
    "age": 61.5,
    "sex": "female",
    "site": "posterior_torso",
}


def test_what_is_kept_is_what_was_sent(desk: Desk) -> None:
    id = uuid4()
    taken = "2026-11-21T18:30:00+01:00"
    response = desk.put(case(**FACTS, notes="itches\nsince May", taken_at=taken), id=id)
    record = response.json()
    assert response.status_code == 201, response.text
    assert record["id"] == str(id)
    assert record["answer"] == ANSWER
    assert list(record["answer"]["probabilities"]) == ["benign", "suspicious"]
    assert record["consent"] == CONSENT
    assert {name: record[name] for name in FACTS} == FACTS
    assert record["notes"] == "itches\nsince May"
    assert record["taken_at"] == "2026-11-21T17:30:00Z"
    assert record["created"]["by"] == "local"
    assert record["diagnosis"] is None
    assert record["version"] == 1
    assert desk.get(f"/cases/{id}").json() == record


def test_the_picture_is_kept_without_its_metadata(desk: Desk) -> None:
    record = desk.kept()
    response = desk.get(f"/cases/{record['id']}/picture")
    assert response.headers["content-type"] == record["picture"]["media_type"] == "image/jpeg"
    assert response.headers["etag"] == f'"{record["picture"]["sha256"]}"'
    assert response.headers["cache-control"] == "no-store"
    assert len(response.content) == record["picture"]["size_bytes"]
    np.testing.assert_array_equal(decode(response.content), decode(PICTURE))
    assert (record["picture"]["height"], record["picture"]["width"]) == decode(PICTURE).shape[:2]
    assert desk.kept(OTHER)["picture"]["media_type"] == "image/png"


def test_little_is_needed(desk: Desk) -> None:
    record = desk.put({"consent": {"version": "1", "at": "2026-11-20"}}).json()
    assert record["consent"]["by"] == "local"
    assert record["answer"] is None
    assert record["patient"] is record["lesion"] is record["scale_mm_per_pixel"] is None
    assert record["taken_at"] == record["created"]["at"]


def test_sending_again_changes_nothing(desk: Desk) -> None:
    id = uuid4()
    first, second = desk.put(id=id), desk.put(id=id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert error(desk.put(case(notes="other"), id=id))[:2] == (409, "case_exists")
    assert error(desk.put(picture=OTHER, id=id))[:2] == (409, "case_exists")
    desk.send("PATCH", f"/cases/{id}", {"notes": "changed"})
    assert desk.put(id=id).json()["notes"] == "changed"  # a late repetition does not undo a change
    actions = [e["action"] for e in desk.get("/audit").json()["entries"] if e["case"] == str(id)]
    assert sorted(actions) == ["case.create", "case.edit"]


def test_many_at_once_make_one(desk: Desk) -> None:
    id = uuid4()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: desk.put(id=id), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.text for answer in answers}) == 1


WRONG: dict[str, Any] = {
    "no consent": {"answer": ANSWER},
    "consent without version": {"consent": {"at": "2026-11-20T10:00:00Z"}},
    "consent without time": {"consent": {"version": "1"}},
    "patient with a space": case(patient="Maria Lopez"),
    "patient of SQL": case(patient="'; DROP TABLE cases; --"),
    "patient of HTML": case(patient="<script>"),
    "patient of a path": case(patient="../../etc/passwd"),
    "empty patient": case(patient=""),
    "long patient": case(patient="x" * 65),
    "patient with a line break": case(patient="P1\n"),
    "scale 0": case(scale_mm_per_pixel=0),
    "age -1": case(age=-1),
    "age 121": case(age=121),
    "unknown sex": case(sex="x"),
    "unknown site": case(site="wing"),
    "unknown modality": case(modality="xray"),
    "long notes": case(notes="x" * 4001),
    "notes with NUL": case(notes="a\0b"),
    "notes with escape": case(notes="\x1b[2J"),
    "time 1": case(taken_at="0001-01-01T00:00:00Z"),
    "time 9999": case(taken_at="9999-12-31T23:59:59-23:59"),
    "probability 1.1": case(answer=ANSWER | {"probabilities": {"a": 1.1}}),
    "101 probabilities": case(answer=ANSWER | {"probabilities": {f"l{n}": 0.0 for n in range(101)}}),
    "hash": case(answer=ANSWER | {"model_sha256": "Z" * 64}),
    "more fields": case(admin=True),
    "more in consent": {"consent": CONSENT | {"x": 1}},
    "list": [],
    "null": None,
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_cases(desk: Desk, kind: str) -> None:
    id = uuid4()
    assert error(desk.put(json.dumps(WRONG[kind]), id=id))[:2] == (422, "bad_parameter")
    assert error(desk.get(f"/cases/{id}"))[:2] == (404, "unknown_case")


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"consent": NaN}', '{"consent": {"version": "1", "at": "2026-01-01"}, "notes": "\\ud800"}', b"\xff\xfe"],
)
def test_no_json(desk: Desk, text: str | bytes) -> None:
    assert error(desk.put(text))[0] in (400, 422)


def test_not_a_number_is_no_number(desk: Desk) -> None:
    for name in ("age", "scale_mm_per_pixel"):
        for value in ("NaN", "Infinity", "1e999"):
            text = json.dumps(case(**{name: "here"})).replace('"here"', value)
            assert error(desk.put(text))[:2] == (422, "bad_parameter")


HOSTILE = [
    "'; DROP TABLE cases; --",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '" OR "1"="1',
    "%s %(x)s :name ? $1 {0} ${x} {{x}}",
    "=1+1 @cmd |' /C calc'!A0",
    "ñandú 皮膚 \N{DNA DOUBLE HELIX} e\u0301",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(desk: Desk, text: str) -> None:
    answer = ANSWER | {"label": text, "reason": text, "model": text, "probabilities": {text: 0.5}}
    record = desk.kept(notes=text, answer=answer, consent=CONSENT | {"by": text})
    assert record["notes"] == record["consent"]["by"] == record["answer"]["label"] == text
    read = desk.get(f"/cases/{record['id']}")
    assert read.json() == record
    assert read.headers["content-type"] == "application/json"
    found = desk.client.get("/api/v1/cases", params={"label": text}).json()["cases"]
    assert record["id"] in [one["id"] for one in found]
    assert all(one["answer"]["label"] == text for one in found)


@pytest.mark.parametrize(
    "id", ["1", "x", "00000000-0000-0000-0000-00000000000", "..", "%2e%2e", "' OR 1=1", "%00", "{id}"]
)
def test_forged_ids(desk: Desk, id: str) -> None:
    for response in (desk.put(id=id), desk.get(f"/cases/{id}"), desk.get(f"/cases/{id}/picture")):
        assert response.status_code in (404, 405, 422)
    assert desk.client.request("DELETE", f"/api/v1/cases/{id}").status_code in (404, 405, 422)


def test_one_id_however_it_is_written(desk: Desk) -> None:
    id = uuid4()
    desk.put(id=id)
    for form in (str(id).upper(), id.hex, f"urn:uuid:{id}", f"{{{id}}}"):
        assert desk.get(f"/cases/{form}").json()["id"] == str(id)


def test_pictures_that_are_none(desk: Desk) -> None:
    id = uuid4()
    assert error(desk.put(picture=b"none", id=id))[:2] == (422, "unreadable_image")
    assert error(desk.put(picture=b"", id=id))[:2] == (400, "bad_form")
    assert error(desk.put(picture=bytes(LIMIT + 1), id=id))[:2] == (413, "too_large")
    assert error(desk.put(picture=bytes(3 * LIMIT), id=id))[:2] == (413, "too_large")
    assert error(desk.put(case(notes="x" * 4000) | {"x": "y" * 70_000}, id=id))[0] in (413, 422)
    assert error(desk.get(f"/cases/{id}"))[0] == 404
    response = desk.client.request("PUT", f"/api/v1/cases/{id}", files={"picture": ("a", PICTURE)})
    assert error(response)[:2] == (400, "bad_form")
    assert error(desk.client.request("PUT", f"/api/v1/cases/{id}", content=PICTURE))[:2] == (415, "form_expected")


def test_changing(desk: Desk) -> None:
    record = desk.kept(**FACTS)
    path = f"/cases/{record['id']}"
    changed = desk.send("PATCH", path, {"patient": "P018", "lesion": None, "notes": "n", "version": 1}).json()
    assert (changed["patient"], changed["lesion"], changed["notes"], changed["version"]) == ("P018", None, "n", 2)
    assert changed["site"] == FACTS["site"]
    assert changed["answer"] == ANSWER
    assert error(desk.send("PATCH", path, {"notes": "late", "version": 1}))[:2] == (409, "case_changed")
    assert desk.get(path).json() == changed
    for body in ({}, {"version": 2}, {"patient": "a b"}, {"consent": CONSENT}, {"answer": ANSWER}, {"notes": None}):
        assert error(desk.send("PATCH", path, body))[:2] == (422, "bad_parameter")
    assert error(desk.send("PATCH", f"/cases/{uuid4()}", {"notes": "n"}))[:2] == (404, "unknown_case")


def test_confirming(desk: Desk) -> None:
    path = f"/cases/{desk.kept()['id']}"
    found = {"diagnosis": "melanoma", "confirmation": "histology"}
    confirmed = desk.send("PUT", f"{path}/diagnosis", found).json()
    assert {name: confirmed["diagnosis"][name] for name in found} == found
    assert confirmed["diagnosis"]["by"] == "local"
    assert confirmed["diagnosis"]["at"].endswith("Z")
    assert desk.send("PUT", f"{path}/diagnosis", {"diagnosis": None, "confirmation": None}).json()["diagnosis"] is None
    for body in (
        {"diagnosis": "freckle?", "confirmation": "histology"},
        {"diagnosis": "melanoma", "confirmation": "guess"},
        {"diagnosis": "melanoma", "confirmation": None},
        {"diagnosis": "melanoma"},
        {},
    ):
        assert error(desk.send("PUT", f"{path}/diagnosis", body))[:2] == (422, "bad_parameter")
    assert error(desk.send("PUT", f"/cases/{uuid4()}/diagnosis", found))[0] == 404


def test_a_thumbnail_is_small_and_upright(desk: Desk) -> None:
    wide = np.tile(np.linspace(0, 255, 1200, dtype=np.uint8)[None, :, None], (800, 1, 3))  # dark on the left
    for kind in ("JPEG", "PNG"):
        turned = encode(wide, kind, **({"exif": with_orientation(6)} if kind == "JPEG" else {}))
        response = desk.get(f"/cases/{desk.kept(turned)['id']}/thumbnail")
        assert response.headers["content-type"] == "image/jpeg"
        small = decode(response.content).astype(float)
        assert small.shape == ((320, 213, 3) if kind == "JPEG" else (213, 320, 3))
        first, last = (small[0], small[-1]) if kind == "JPEG" else (small[:, 0], small[:, -1])
        assert first.mean() < 10 < 245 < last.mean()
    assert error(desk.get(f"/cases/{uuid4()}/thumbnail"))[:2] == (404, "unknown_case")


def test_the_terms_are_the_taxonomy(desk: Desk) -> None:
    terms = desk.get("/terms").json()
    assert {term["code"] for term in terms["diagnoses"]} == set(diagnoses())
    assert next(t for t in terms["diagnoses"] if t["code"] == "melanoma")["malignancy"] == "malignant"
    for name, choices in (("sexes", SEXES), ("sites", SITES)):
        assert [(t["code"], t["en"], t["es"]) for t in terms[name]] == [(c.name, c.en, c.es) for c in choices]


def test_filters_and_pages(desk: Desk) -> None:
    days = range(1, 8)
    ids = [
        desk.kept(
            patient="F1" if day % 2 else "F2",
            lesion=f"L{day % 3}",
            taken_at=f"2020-05-0{day}T12:00:00Z",
            answer=ANSWER | {"label": "even" if day % 2 == 0 else "odd"},
        )["id"]
        for day in days
    ]
    desk.send("PUT", f"/cases/{ids[2]}/diagnosis", {"diagnosis": "nevus", "confirmation": "consensus"})

    def days_of(**query: Any) -> list[int]:
        query = {"since": "2020-05-01", "until": "2020-06-01"} | query
        found, after = [], None
        while True:
            page = desk.client.get("/api/v1/cases", params=query | ({"after": after} if after else {})).json()
            found += [ids.index(one["id"]) + 1 for one in page["cases"]]
            assert len(page["cases"]) <= query.get("limit", 50)
            after = page["next"]
            if after is None:
                return found

    assert days_of() == [7, 6, 5, 4, 3, 2, 1]
    assert days_of(limit=2) == days_of(limit=1) == days_of(limit=7) == [7, 6, 5, 4, 3, 2, 1]
    assert days_of(patient="F1") == [7, 5, 3, 1]
    assert days_of(patient="F1", lesion="L1", limit=1) == [7, 1]
    assert days_of(label="even") == [6, 4, 2]
    assert days_of(confirmed="true") == [3]
    assert days_of(confirmed="false", limit=3) == [7, 6, 5, 4, 2, 1]
    assert days_of(since="2020-05-03T12:00:00Z", until="2020-05-05T12:00:00Z") == [4, 3]
    assert days_of(patient="nobody") == []


def test_pages_do_not_skip_cases_of_one_moment(desk: Desk) -> None:
    same = {desk.kept(patient="SAME", taken_at="2019-01-01T00:00:00Z")["id"] for _ in range(5)}
    found, after = [], None
    for _ in range(5):
        query = {"patient": "SAME", "limit": 1} | ({"after": after} if after else {})
        page = desk.client.get("/api/v1/cases", params=query).json()
        found += [one["id"] for one in page["cases"]]
        after = page["next"]
    assert (set(found), len(found), after) == (same, 5, None)


def test_one_lesion_over_time(desk: Desk) -> None:
    later, earlier = (
        desk.kept(patient="T1", lesion="L1", taken_at=f"{year}-01-01T00:00:00Z")["id"] for year in (2024, 2021)
    )
    desk.kept(patient="T2", lesion="L1")
    desk.kept(patient="T1", lesion="L2")
    found = desk.get("/patients/T1/lesions/L1").json()
    assert [one["id"] for one in found["cases"]] == [earlier, later]
    first = desk.get("/patients/T1/lesions/L1?limit=1").json()
    second = desk.client.get("/api/v1/patients/T1/lesions/L1", params={"after": first["next"]}).json()
    assert [one["id"] for one in first["cases"] + second["cases"]] == [earlier, later]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "x"},
        {"after": "x"},
        {"after": "2020"},
        {"after": "MjAyMC0wMS0wMQ=="},
        {"after": "\0"},
        {"since": "yesterday"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"until": "9999-12-31T00:00:00-12:00"},
        {"patient": "a b"},
        {"patient": "a\n"},
        {"label": "\0"},
        {"confirmed": "perhaps"},
    ],
)
def test_wrong_filters(desk: Desk, query: dict[str, Any]) -> None:
    assert error(desk.client.get("/api/v1/cases", params=query))[:2] == (422, "bad_parameter")


def test_deleting(desk: Desk) -> None:
    id = desk.kept()["id"]
    response = desk.client.request("DELETE", f"/api/v1/cases/{id}")
    assert response.json() == {"deleted": id}
    for path in (f"/cases/{id}", f"/cases/{id}/picture"):
        assert error(desk.get(path))[:2] == (404, "unknown_case")
    assert error(desk.client.request("DELETE", f"/api/v1/cases/{id}"))[0] == 404
    # A phone that sends it once more, late, does not bring it back.
    assert error(desk.put(id=id))[:2] == (410, "case_deleted")


def test_roles(models: Path, store: CaseStore) -> None:
    app = create_app("tiny", cases=store, door=Door(True, None, book(ana="viewer", luis="clinician", eva="admin")))
    browsers = {name: Browser(app) for name in ("ana", "luis", "eva")}
    for name, browser in browsers.items():
        assert browser.login(name).status_code == 200
    form = {"case": (None, json.dumps(case())), "picture": ("a", PICTURE)}
    path = f"/api/v1/cases/{uuid4()}"
    found = {"diagnosis": "nevus", "confirmation": "histology"}

    def statuses(method: str, address: str, **options: Any) -> dict[str, int]:
        return {name: browser.request(method, address, **options).status_code for name, browser in browsers.items()}

    everyone = {"ana": 200, "luis": 200, "eva": 200}
    assert statuses("PUT", path, files=form) == {"ana": 403, "luis": 201, "eva": 200}
    for address in ("/api/v1/cases", path, f"{path}/picture", "/api/v1/patients/P/lesions/L", "/api/v1/terms"):
        assert statuses("GET", address) == everyone
    assert statuses("PATCH", path, json={"notes": "n"}) == everyone | {"ana": 403}
    assert statuses("PUT", f"{path}/diagnosis", json=found) == everyone | {"ana": 403}
    assert statuses("GET", "/api/v1/audit") == {"ana": 403, "luis": 403, "eva": 200}
    assert statuses("DELETE", path) == {"ana": 403, "luis": 403, "eva": 200}
    denied = browsers["ana"].request("DELETE", path)
    assert error(denied)[1:] == ("not_allowed", "this needs the role admin, and ana is a viewer")
    entries = browsers["eva"].get("/api/v1/audit?limit=6").json()["entries"]
    told = [(entry["who"], entry["action"]) for entry in entries if entry["case"] == path.rpartition("/")[2]]
    assert told == [
        ("eva", "case.delete"),
        ("eva", "case.diagnosis"),
        ("luis", "case.diagnosis"),
        ("eva", "case.edit"),
        ("luis", "case.edit"),
        ("luis", "case.create"),
    ]


def test_the_audit_trail_tells_what_but_not_which(desk: Desk) -> None:
    id = desk.kept(patient="SECRET1", notes="secret words")["id"]
    desk.send("PATCH", f"/cases/{id}", {"notes": "other secret", "patient": "SECRET2"})
    response = desk.get("/audit?limit=2")
    edit, create = response.json()["entries"]
    assert (edit["action"], edit["detail"], edit["case"]) == ("case.edit", "notes, patient", id)
    assert (create["action"], create["who"], create["at"][-1]) == ("case.create", "local", "Z")
    assert "secret" not in response.text.lower()
    older = desk.get(f"/audit?limit=1&before={edit['id']}").json()
    assert older["entries"] == [create]
    assert older["next"] == create["id"]
    for query in ("limit=0", "before=0", "before=99999999999999999999"):
        assert error(desk.get(f"/audit?{query}"))[0] == 422


def test_no_cases_unless_asked_for(client: Any) -> None:
    for path in ("/api/v1/cases", "/api/v1/audit", "/api/v1/terms"):
        assert error(client.get(path))[:2] == (404, "not_found")
    assert client.get("/api/v1/session").json()["cases"] is False


def test_the_page_can_know_that_there_are_cases(desk: Desk) -> None:
    assert desk.get("/session").json()["cases"] is True
