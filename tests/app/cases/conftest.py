from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tejido.app.cases.store import CaseStore
from tejido.app.server import create_app
from tests.app.cases.some import Desk
from tests.app.client import Client
from tests.app.conftest import LIMIT
from tests.support.postgresql import Server, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL server that is running."""
    with running() as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An empty store of either kind, the same for all tests of a module."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('cases')}/cases.db"
    server: Server = request.getfixturevalue("postgresql")
    return server.database(request.module.__name__.rpartition(".")[2])


@pytest.fixture(scope="module")
def store(url: str) -> Iterator[CaseStore]:
    store = CaseStore.open(url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def desk(models: Path, store: CaseStore) -> Desk:
    """The app with that store, without login."""
    return Desk(Client(create_app("tiny", cases=store, max_upload_bytes=LIMIT)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a SQLite store of this test alone may lie."""
    return tmp_path / "cases.db"


@pytest.fixture
def own(file: Path) -> Iterator[CaseStore]:
    """A SQLite store of this test alone."""
    store = CaseStore.open(f"sqlite:///{file}")
    yield store
    store.close()


@pytest.fixture
def own_desk(models: Path, own: CaseStore) -> Desk:
    """The app with a store of this test alone."""
    return Desk(Client(create_app("tiny", cases=own, max_upload_bytes=LIMIT)))
