"""``tejido users``: who may log in."""

from __future__ import annotations

import getpass
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from tejido.cli import terminal
from tejido.cli.verb import new_app
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tejido.app.cases.accounts import Accounts

app = new_app()

_CASES = typer.Option(
    ..., "--cases", metavar="URL", envvar="TEJIDO_CASES", help="The case store, such as sqlite:///cases.db."
)


@app.callback()
def users() -> None:
    """Who may log in to the server, and what they may do.

    Viewers read and classify, clinicians write and confirm cases too, admins also delete and read the audit trail.
    """


@app.command()
def add(
    name: str = typer.Argument(help="Small letters, digits and . _ @ -"),
    role: str = typer.Option(..., help="viewer, clinician or admin."),
    cases: str = _CASES,
) -> None:
    """Add an account; its password is asked for. A server that runs without login asks for one after its next start."""
    with _accounts(cases, make=True) as accounts:
        from tejido.app.auth.roles import ROLES
        from tejido.app.cases.accounts import check_name

        check_name(name)
        if role not in ROLES:  # before a password is typed for nothing
            raise TejidoError(f"there is no role {role!r}; there are: {', '.join(ROLES)}")
        accounts.add(name, role, _password())
    print(f"{name} may log in as {role}")


@app.command("list")
def list_users(cases: str = _CASES) -> None:
    """List the accounts."""
    with _accounts(cases) as accounts:
        found = accounts.everybody()
    for account in found:
        print(f"{account.name}\t{account.role}\t{account.created_at:%Y-%m-%d}")
    if not found:
        terminal.note("tejido: there are no accounts; add one with: tejido users add NAME --role ROLE")


@app.command()
def password(name: str = typer.Argument(), cases: str = _CASES) -> None:
    """Give an account another password; whoever is logged in with it is logged out."""
    with _accounts(cases) as accounts:
        if accounts.find(name) is None:
            raise TejidoError(f"there is no account {name[:80]!r}; see: tejido users list")
        accounts.set_password(name, _password())
    print(f"{name} has a new password")


@app.command()
def remove(name: str = typer.Argument(), cases: str = _CASES) -> None:
    """Remove an account; whoever is logged in with it is logged out."""
    with _accounts(cases) as accounts:
        accounts.remove(name)
    print(f"{name} may not log in any more")


@contextmanager
def _accounts(url: str, *, make: bool = False) -> Iterator[Accounts]:
    from tejido.app.cases.store import CaseStore

    store = CaseStore.open(url, make=make)
    try:
        yield store.accounts
    finally:
        store.close()


def _password() -> str:
    # From a terminal it is asked twice; a script gives it as one line on standard input. Never as an argument, which
    # other users of the machine could read.
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise TejidoError("the two passwords differ; nothing was changed")
    return first
