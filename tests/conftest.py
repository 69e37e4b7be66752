"""Fixtures that every room uses."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

SHARED = Path(os.environ.get("TEJIDO_SHARED", Path(__file__).parents[1] / ".." / "shared"))

# A busy machine is no failure: examples may take as long as the test's own limit allows. The same commit always gets
# the same examples, so that a red suite means a change; `make fuzz` looks for new ones.
settings.register_profile("tejido", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("TEJIDO_EXAMPLES", "tejido"))

# Shells make what they start in the background deaf to Ctrl-C, and so would be the commands that are tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONG = ("experiments", "training", "app", "models", "data")
"""Folders of tests that take longest. They go first, so that no processor is left with a long file at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first; the order within a file stays."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=place)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, masks, tables and weights."""
    if not (SHARED / "data").is_dir():
        pytest.skip("real data is missing; point TEJIDO_SHARED at it")
    return SHARED.resolve()
