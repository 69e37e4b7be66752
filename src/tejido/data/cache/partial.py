"""A cache that is being made: a pixel file at its full size and a journal of the chunks that are finished.

Both survive a kill. A build of the same cache goes on with them; any other build clears them away.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from tejido.data.cache.fill import Filled
from tejido.data.cache.plan import Plan
from tejido.errors import DataError
from tejido.files import locked

PIXELS = "building.npy"
JOURNAL = "building.jsonl"
LOCK = "building.lock"


class Partial:
    """The two files in ``folder``, opened for ``plan``.

    Attributes:
        path: of the pixel file.
        offset: where its pixels begin.
        done: finished chunks by number; those of an earlier build are checked against the pixels.

    Raises:
        DataError: the disk is too full.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.path = folder / PIXELS
        self.done: dict[int, Filled] = {}
        self._journal = folder / JOURNAL
        self._plan = plan
        header = _npy_header(plan)
        self.offset = len(header)
        size = self.offset + plan.rows * plan.row_bytes
        if self.path.is_file() and self.path.stat().st_size == size:
            self.done = self._finished()
        if not self.done:
            self.remove()
            _allocate(self.path, size, header)
        self._start_journal()

    def add(self, filled: Filled) -> None:
        """Remember that a chunk is finished."""
        self.done[filled.number] = filled
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(_line(filled))

    def rename(self, path: Path) -> None:
        """Give the pixel file, which is complete, another name.

        It is not forced to the disk first, which would take longer than making it: after a power cut the checksums
        tell, and the cache is made again.
        """
        self.path.replace(path)

    def forget(self) -> None:
        """Close the journal: there is nothing to go on with."""
        self._journal.unlink(missing_ok=True)

    def remove(self) -> None:
        """Clear the files away."""
        self.path.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)

    @property
    def _build(self) -> str:
        return f"{self._plan.steps.key()} {self._plan.inputs} {self._plan.chunk_images}"

    def _finished(self) -> dict[int, Filled]:
        """What the journal says, as far as it is whole, about this build, and true of the pixels."""
        try:
            first, *lines = self._journal.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return {}
        if first != self._build:
            return {}
        try:
            pixels = np.load(self.path, mmap_mode="r")
        except (OSError, ValueError):  # after a power cut the header may be missing
            return {}
        each = self._plan.chunk_images * self._plan.steps.per_image
        found = {}
        for line in lines:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # the last line may have been cut off
                filled = _read_line(line)
                part = pixels[filled.number * each : (filled.number + 1) * each]
                if zlib.crc32(part.data) == filled.crc:
                    found[filled.number] = filled
        return found

    def _start_journal(self) -> None:
        """Write the journal anew, so that it ends with a whole line."""
        fresh = self._journal.with_suffix(".new")
        fresh.write_text(self._build + "\n" + "".join(map(_line, self.done.values())), encoding="utf-8")
        fresh.replace(self._journal)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """See to it that no other build works in ``folder``; the system lifts the lock of one that was killed.

    Raises:
        DataError: another one does.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / LOCK))
        except BlockingIOError:
            raise DataError(f"{folder}: another build is at work there; wait for it") from None
        yield


def full(folder: Path, error: OSError) -> DataError:
    """The error for a disk that does not take what is written."""
    hint = "; make room or name another folder with -o" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return DataError(f"{folder}: the cache cannot be written ({error.strerror or error}){hint}")


def _line(filled: Filled) -> str:
    return json.dumps([filled.number, filled.crc, filled.copied, filled.unreadable]) + "\n"


def _read_line(line: str) -> Filled:
    number, crc, copied, unreadable = json.loads(line)
    return Filled(number, crc, copied, tuple((position, reason) for position, reason in unreadable))


def _npy_header(plan: Plan) -> bytes:
    buffer = io.BytesIO()
    shape = (plan.rows, plan.steps.size, plan.steps.size, 3)
    npy.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def _allocate(path: Path, size: int, header: bytes) -> None:
    """Make a file of ``size`` bytes whose room on the disk is taken, so that filling it cannot fail for lack of room.

    Raises:
        DataError: there is not enough room; nothing is left behind.
    """
    free = shutil.disk_usage(path.parent).free
    if size > free:
        raise DataError(
            f"{path.parent}: the cache needs {size / 1e9:.2f} GB and {free / 1e9:.2f} GB are free; "
            "make room or name another folder with -o"
        )
    try:
        with path.open("wb") as file:
            file.write(header)
            file.flush()
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise full(path.parent, error) from None
