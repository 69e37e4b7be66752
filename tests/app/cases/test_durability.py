"""What the server has acknowledged survives ``kill -9``; a short run, the long one is ``make durability``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.cases.durability import torment
from tests.support.tiny_model import tiny_model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgresql import Server


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_again_and_again(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    url = f"sqlite:///{tmp_path}/cases.db"
    if kind == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        url = server.database("durable")
    (tmp_path / "tiny.onnx").write_bytes(tiny_model())
    found = torment(url, tmp_path, tmp_path / "tiny.onnx", kills=1)
    assert found.missing == set()
    assert found.halves == set()
    assert found.strangers == set()
    assert len(found.acknowledged) >= 4
    assert len(found.acknowledged) <= found.kept <= len(found.acknowledged) + 2 * 2  # one of each client's in flight
