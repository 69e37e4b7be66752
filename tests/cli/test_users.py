"""``tejido users`` and ``tejido cases``."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tejido.app.auth.passwords import fits
from tejido.app.cases.store import CaseStore
from tests.app.cases.some import PICTURE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Result

PASSWORD = "several words here"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/cases.db"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_adding_listing_removing(run: Callable[..., Result], typed: Callable[[str], None], url: str) -> None:
    typed(f"{PASSWORD}\n")
    assert run("users", "add", "lucia", "--role", "clinician", "--cases", url).out == "lucia may log in as clinician\n"
    assert run("users", "list", "--cases", url).out.startswith("lucia\tclinician\t20")
    store = CaseStore.open(url)
    account = store.accounts.find("LUCIA")
    assert account is not None
    assert fits(PASSWORD, account.password_hash)
    stamp = account.stamp
    typed("other words here\n")
    assert run("users", "password", "lucia", "--cases", url).code == 0
    account = store.accounts.find("lucia")
    assert account is not None
    assert fits("other words here", account.password_hash)
    assert account.stamp != stamp
    assert run("users", "remove", "lucia", "--cases", url).code == 0
    assert store.accounts.find("lucia") is None
    assert not store.accounts.any()
    actions = [(e.who, e.action, e.detail) for e in store.audit(9)]
    assert actions == [
        ("command line", "account.remove", "lucia"),
        ("command line", "account.password", "lucia"),
        ("command line", "account.add", "lucia: clinician"),
    ]
    store.close()


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        (("add", "Lucia", "--role", "viewer"), PASSWORD, "can be no account's name"),
        (("add", "lucia lopez", "--role", "viewer"), PASSWORD, "can be no account's name"),
        (("add", "token", "--role", "admin"), PASSWORD, "not local or token"),
        (("add", "'; DROP TABLE accounts", "--role", "admin"), PASSWORD, "can be no account's name"),
        (("add", "lucia", "--role", "root"), PASSWORD, "there are: viewer, clinician, admin"),
        (("add", "lucia", "--role", "viewer"), "short", "10 to 1000 characters"),
        (("add", "eva", "--role", "viewer"), PASSWORD, "there is an account eva already"),
        (("password", "nobody"), PASSWORD, "there is no account"),
        (("remove", "nobody"), "", "there is no account"),
    ],
)
def test_what_cannot_be(
    run: Callable[..., Result],
    typed: Callable[[str], None],
    url: str,
    arguments: tuple[str, ...],
    text: str,
    message: str,
) -> None:
    typed(f"{PASSWORD}\n")
    assert run("users", "add", "eva", "--role", "viewer", "--cases", url).code == 0
    typed(f"{text}\n")
    result = run("users", *arguments, "--cases", url)
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert result.err.count("\n") == 1
    assert run("users", "list", "--cases", url).out.count("\n") == 1


@pytest.mark.parametrize("arguments", [("users", "list", "--cases"), ("cases", "export")])
def test_no_store_is_made_by_asking(
    run: Callable[..., Result], url: str, tmp_path: Path, arguments: tuple[str]
) -> None:
    more = (tmp_path / "out",) if "export" in arguments else ()
    result = run(*arguments, url, *more)
    assert result.code == 1
    assert "there is no case store" in result.err
    assert not (tmp_path / "cases.db").exists()


def test_typed_twice(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    given = iter([PASSWORD, "another one"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: next(given))
    result = run("users", "add", "lucia", "--role", "viewer", "--cases", url)
    assert result.code == 1
    assert "differ" in result.err


def test_export(run: Callable[..., Result], url: str, tmp_path: Path) -> None:
    from uuid import uuid4

    from tejido.app.cases.shapes import NewCase
    from tejido.app.cases.strip import strip

    store = CaseStore.open(url)
    case = NewCase.model_validate({"consent": {"version": "1", "at": "2026-01-01T00:00:00Z"}})
    store.put(uuid4(), case, "0" * 64, lambda: strip(PICTURE), "eva")
    store.close()
    result = run("cases", "export", url, tmp_path / "out")
    assert result.code == 0
    assert f"1 cases in {tmp_path / 'out'}; next: tejido data build" in result.out
    assert run("cases", "export", url, tmp_path / "other", "--confirmed").out.startswith("0 cases")
    assert "something in it" in run("cases", "export", url, tmp_path / "out").err
