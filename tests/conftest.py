"""Fixtures that every room uses."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(os.environ.get("TEJIDO_SHARED", Path(__file__).parents[1] / ".." / "shared"))

# A busy machine is no failure: examples may take as long as the test's own limit allows.
settings.register_profile("tejido", deadline=None)
settings.load_profile("tejido")

# Shells make what they start in the background deaf to Ctrl-C, and so would be the commands that are tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, masks, tables and weights."""
    if not (SHARED / "data").is_dir():
        pytest.skip("real data is missing; point TEJIDO_SHARED at it")
    return SHARED.resolve()
