"""The store is locked, gone, read-only, full or damaged: pictures are still classified, and nothing is half written."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tejido.app.cases import database
from tejido.app.cases.store import CaseStore
from tejido.app.server import create_app
from tejido.errors import StoreUnavailableError, TejidoError
from tests.app.cases.some import OTHER, PICTURE, Desk, case
from tests.app.client import Client, error
from tests.support.pictures import encode, noise

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgresql import Server


def assert_unavailable(desk: Desk, id: object = None) -> None:
    """Every change of cases answers 503 with a hint, and pictures are classified all the same."""
    id = id or uuid4()
    for response in (
        desk.put(id=uuid4()),
        desk.send("PUT", f"/cases/{id}/diagnosis", {"diagnosis": "nevus", "confirmation": "histology"}),
        desk.send("PATCH", f"/cases/{id}", {"notes": "n"}),
        desk.client.request("DELETE", f"/api/v1/cases/{id}"),
    ):
        assert error(response)[:2] == (503, "case_store_unavailable")
        assert int(response.headers["retry-after"]) > 0
        assert "nothing was written" in response.text
    assert desk.client.classify(PICTURE).status_code == 200


def assert_reads_fail(desk: Desk) -> None:
    for path in ("/cases", f"/cases/{uuid4()}", "/audit"):
        assert error(desk.get(path))[:2] == (503, "case_store_unavailable")


def rows(file: Path) -> tuple[int, int, int]:
    with closing(sqlite3.connect(file)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("cases", "pictures", "audit")
        ]
    return counts[0], counts[1], counts[2]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)


def test_locked(own_desk: Desk, file: Path) -> None:
    kept = own_desk.kept()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert_unavailable(own_desk)
        assert own_desk.get(f"/cases/{kept['id']}").status_code == 200  # reading goes on
        other.execute("ROLLBACK")
    assert rows(file) == (1, 1, 1)
    assert own_desk.put().status_code == 201


def test_a_lock_that_goes_away_in_time_is_only_waited_for(
    models: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 20)
    store = CaseStore.open(f"sqlite:///{file}")
    desk = Desk(Client(create_app("tiny", cases=store)))
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.5, lambda: other.execute("COMMIT"))
        timer.start()
        assert desk.put().status_code == 201
        timer.join()
    store.close()


def test_gone_and_back(own_desk: Desk, file: Path) -> None:
    kept = own_desk.kept()
    away = file.with_suffix(".away")
    file.rename(away)
    assert_unavailable(own_desk)
    assert_reads_fail(own_desk)
    assert not file.exists()  # no empty store takes its place
    away.rename(file)
    assert own_desk.get(f"/cases/{kept['id']}").json() == kept


def test_another_file_in_its_place_is_the_store_from_then_on(own_desk: Desk, file: Path, tmp_path: Path) -> None:
    """As when a backup is put back while the server runs."""
    first = own_desk.kept()
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        source.backup(copy)
    second = own_desk.kept()
    for path in (file, *tmp_path.glob("cases.db-*")):
        path.unlink()
    shutil.copy(tmp_path / "backup.db", file)
    assert own_desk.get(f"/cases/{first['id']}").status_code == 200
    assert own_desk.get(f"/cases/{second['id']}").status_code == 404
    third = own_desk.kept()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM cases").fetchone() == (2,)
    assert own_desk.get(f"/cases/{third['id']}").status_code == 200


def test_read_only(own_desk: Desk, own: CaseStore, file: Path) -> None:
    kept = own_desk.kept()
    own.close()
    with file.open("r+b") as opened:  # a later format, which this SQLite may read but not write
        opened.seek(18)
        opened.write(b"\x03")
    assert_unavailable(own_desk, kept["id"])
    assert own_desk.get(f"/cases/{kept['id']}").json() == kept


def test_full(own_desk: Desk, own: CaseStore, file: Path) -> None:
    own_desk.kept()
    before = rows(file)
    with own._database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    large = encode(noise(300, 300), "PNG")

    def limit(raw: sqlite3.Connection, *_: object) -> None:
        raw.execute(f"PRAGMA max_page_count={pages + 20}")

    from sqlalchemy import event

    event.listen(own._database.engine, "connect", limit)
    own.close()
    assert error(own_desk.put(picture=large))[:2] == (503, "case_store_unavailable")
    assert rows(file) == before
    assert own_desk.put(picture=PICTURE).status_code == 201  # what fits is kept
    assert own_desk.client.classify(PICTURE).status_code == 200


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000])
def test_damaged(own_desk: Desk, own: CaseStore, file: Path, content: bytes) -> None:
    own.close()
    for path in file.parent.glob("cases.db-*"):
        path.unlink()
    file.write_bytes(content)
    assert_unavailable(own_desk)
    assert_reads_fail(own_desk)


def test_a_failure_between_case_and_picture_leaves_neither(
    own_desk: Desk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr("tejido.app.cases.trail.note", fail)  # the last of the three to be written
    client = Client(own_desk.client.app, raise_bugs=False)
    assert error(Desk(client).put())[0] == 500
    assert rows(file) == (0, 0, 0)


def test_two_servers_write_at_once(own_desk: Desk, models: Path, file: Path) -> None:
    other = CaseStore.open(f"sqlite:///{file}")
    desks = [own_desk, Desk(Client(create_app("tiny", cases=other)))]

    def write(number: int) -> int:
        for _ in range(50):
            status = desks[number % 2].put(case(patient=f"P{number}"), id=ids[number // 2]).status_code
            if status != 503:
                return status
        return 503

    ids = [uuid4() for _ in range(20)]  # each is sent through both, with other contents
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(write, range(40)))
    other.close()
    assert sorted(statuses) == [201] * 20 + [409] * 20
    assert rows(file) == (20, 20, 20)


def test_changes_are_not_lost(own_desk: Desk) -> None:
    id = own_desk.kept()["id"]

    def change(number: int) -> int:
        for _ in range(100):
            version = own_desk.get(f"/cases/{id}").json()["version"]
            response = own_desk.send("PATCH", f"/cases/{id}", {"age": number, "version": version})
            if response.status_code == 200:
                return int(response.json()["version"])
        return 0

    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(change, range(12)))
    assert sorted(versions) == list(range(2, 14))


def test_nothing_of_a_deleted_picture_is_left_in_the_files(own_desk: Desk, file: Path) -> None:
    picture = encode(noise(60, 60, seed=7), "PNG")
    kept = own_desk.kept(picture, patient="UNIQUE-CODE-77", notes="unique words 77")
    stays = own_desk.kept(OTHER)
    content = own_desk.get(f"/cases/{kept['id']}/picture").content
    middle = content[len(content) // 2 : len(content) // 2 + 40]

    def holds(what: bytes) -> bool:
        return any(what in path.read_bytes() for path in file.parent.glob("cases.db*"))

    assert holds(middle)
    assert holds(b"UNIQUE-CODE-77")
    own_desk.client.request("DELETE", f"/api/v1/cases/{kept['id']}")
    assert not holds(middle)
    assert not holds(b"UNIQUE-CODE-77")
    assert not holds(b"unique words 77")
    assert own_desk.get(f"/cases/{stays['id']}/picture").status_code == 200


def test_what_is_acknowledged_is_on_disk(own: CaseStore, file: Path) -> None:
    with own._database.engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "not the address of a case store"),
        ("cases.db", "not the address of a case store"),
        ("sqlite://", "cases need a file"),
        ("sqlite:///:memory:", "cases need a file"),
        ("sqlite:////nowhere/at/all/cases.db", "cannot be written"),
        ("mysql://root@localhost/x", "mysql is no kind of case store"),
        ("sqlite:////etc", "cannot be written"),
    ],
)
def test_addresses_that_are_none(url: str, message: str) -> None:
    with pytest.raises(TejidoError, match=message) as told:
        CaseStore.open(url)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_store(file: Path) -> None:
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreUnavailableError):
        CaseStore.open(f"sqlite:///{file}")


def test_postgresql_goes_away_and_comes_back(models: Path, postgresql: Server) -> None:
    store = CaseStore.open(postgresql.database("going"))
    desk = Desk(Client(create_app("tiny", cases=store)))
    kept = desk.kept()
    postgresql.stop()
    try:
        assert_unavailable(desk)
        assert_reads_fail(desk)
    finally:
        postgresql.start()
    assert desk.get(f"/cases/{kept['id']}").json() == kept
    assert desk.put().status_code == 201
    store.close()


def test_postgresql_locked(models: Path, postgresql: Server) -> None:
    url = postgresql.database("locked")
    store = CaseStore.open(url)
    desk = Desk(Client(create_app("tiny", cases=store)))
    kept = desk.kept()
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.connect() as other:
        other.execute(text("LOCK TABLE cases IN EXCLUSIVE MODE"))
        assert error(desk.put())[:2] == (503, "case_store_unavailable")
        assert desk.get(f"/cases/{kept['id']}").status_code == 200
    engine.dispose()
    assert desk.put().status_code == 201
    store.close()


def test_no_postgresql_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        CaseStore.open(f"postgresql://tejido@/none?host={tmp_path}")
