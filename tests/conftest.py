"""Fixtures that every room uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TEJIDO_SHARED", Path(__file__).parents[1] / ".." / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, masks, tables and weights."""
    if not (SHARED / "data").is_dir():
        pytest.skip("real data is missing; point TEJIDO_SHARED at it")
    return SHARED.resolve()
