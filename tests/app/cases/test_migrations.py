from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tejido.app.cases.database import Database
from tejido.app.cases.store import CaseStore
from tejido.app.cases.tables import Base
from tejido.errors import TejidoError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgresql import Server


def test_the_steps_lead_to_the_tables(url: str) -> None:
    database = Database(url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == "0001"
    database.close()


def test_a_comparison_that_can_fail(url: str) -> None:
    database = Database(url)
    with database.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_cases_label"))
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata)
        connection.rollback()
    database.close()


def test_opening_again_changes_nothing(file: Path) -> None:
    CaseStore.open(f"sqlite:///{file}").close()
    before = file.read_bytes()
    CaseStore.open(f"sqlite:///{file}").close()
    assert file.read_bytes() == before


def test_a_store_of_a_newer_version(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(TejidoError, match="newer version"):
        CaseStore.open(f"sqlite:///{file}")


def test_a_step_that_fails_leaves_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    real, made = op.create_table, []

    def fail_at_third(name: str, *columns: object, **options: object) -> object:
        made.append(name)
        if len(made) == 3:
            raise KeyError(name)
        return real(name, *columns, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(op, "create_table", fail_at_third)
    with pytest.raises(KeyError):
        Database(f"sqlite:///{file}")
    monkeypatch.undo()
    CaseStore.open(f"sqlite:///{file}").close()  # would find tables already there


def test_two_servers_start_at_once(file: Path, postgresql: Server) -> None:
    code = "import sys; from tejido.app.cases.store import CaseStore; [CaseStore.open(u).close() for u in sys.argv[1:]]"
    command = [sys.executable, "-c", code, f"sqlite:///{file}", postgresql.database("both")]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[1] for process in processes] == ["", ""]
    assert [process.returncode for process in processes] == [0, 0]


def test_the_steps_are_in_the_package() -> None:
    from importlib.resources import files

    names = {entry.name for entry in files("tejido.app.cases").joinpath("migrations").iterdir()}
    assert {"env.py", "script.py.mako", "versions"} <= names
