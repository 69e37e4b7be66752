"""Fixtures that every room uses."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.exporting import quick_exporter

SHARED = Path(os.environ.get("TEJIDO_SHARED", Path(__file__).parents[1] / ".." / "shared"))

# A busy machine is no failure: examples may take as long as the test's own limit allows. The same commit always gets
# the same examples, so that a red suite means a change; `make fuzz` looks for new ones.
settings.register_profile("tejido", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("fuzz", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("TEJIDO_EXAMPLES", "tejido"))

# Shells make what they start in the background deaf to Ctrl-C, and so would be the commands that are tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONG = (
    "models/test_families.py",
    "experiments/test_compress.py",
    "app/test_page.py",
    "data/test_planted_truth.py",
    "app/test_photos.py",
    "experiments/test_segment.py",
    "app/test_offline.py",
    "experiments/study/test_on_ray.py",
    "app/cases/test_page.py",
    "experiments/test_train.py",
    "app/test_parity.py",
    "experiments/test_distil.py",
    "export/test_model_file.py",
    "test_bundled.py",
    "imaging/steps/test_all.py",
    "experiments/test_synthesis.py",
    "app/test_accessible.py",
    "training/test_fit.py",
    "data/cache/test_build.py",
)
"""Files whose tests take half a minute or more, the longest first. They begin, so that no processor ends with one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long files first, then the others of trainings and of the page; the order within a file stays."""
    here = Path(__file__).parent
    rooms = ("experiments", "training", "app", "export")

    def place(item: pytest.Item) -> tuple[int, int]:
        path = item.path.relative_to(here)
        name = path.as_posix()
        room = rooms.index(path.parts[0]) if path.parts[0] in rooms else len(rooms)
        return (LONG.index(name) if name in LONG else len(LONG), room)

    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured (``record_property("measured", ...)``), which a worker process cannot print itself."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "measured":
                terminalreporter.write_line(f"\n{text}")


@pytest.fixture(scope="session", autouse=True)
def exporter() -> Iterator[None]:
    """Nothing is exported twice in a process."""
    with quick_exporter():
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, masks, tables and weights."""
    if not (SHARED / "data").is_dir():
        pytest.skip("real data is missing; point TEJIDO_SHARED at it")
    return SHARED.resolve()
