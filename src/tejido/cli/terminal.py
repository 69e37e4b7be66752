"""Text for the terminal: one-line messages, file names of any bytes, progress."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_LONG_BATCH = 8


def prepare() -> None:
    """Make the standard streams accept any text, and keep libraries' remarks on odd pictures out of the answer."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.filterwarnings("ignore", module=r"(PIL|pydicom)(\.|$)")


def one_line(text: object) -> str:
    """``text`` with line breaks, control characters and undecodable bytes escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


def fail(message: str, *, code: int = 1) -> int:
    """Print ``tejido: message`` as one line on standard error and return ``code``."""
    note(f"tejido: {message}")
    return code


def note(message: str) -> None:
    """Print one line on standard error."""
    print(one_line(message), file=sys.stderr, flush=True)


def progress_bar() -> RichProgress:
    """A bar on standard error that goes away when it is done; nothing at all where no person can see it."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


class Progress:
    """A counter on standard error for long batches; silent unless a person can see it and nothing else is shown there.

    Args:
        total: number of items to come.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._shown = total >= _LONG_BATCH and sys.stderr.isatty() and not sys.stdout.isatty()

    def show(self, done: int) -> None:
        """Say that ``done`` items are finished."""
        if self._shown:
            print(f"\r{done} of {self._total}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Remove the counter, so that a line can be printed in its place."""
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def ticking() -> Iterator[Callable[[int, int], None]]:
    """A bar for work that says how much of how much is done."""
    with progress_bar() as bar:
        tasks: list[TaskID] = []

        def tick(done: int, total: int) -> None:
            if not tasks:
                tasks.append(bar.add_task("", total=total))
            bar.update(tasks[0], completed=done, total=total)

        yield tick
