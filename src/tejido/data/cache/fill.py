"""The work of one process: the pixels of one chunk, from files or from the cache before, into their place."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import warnings
import zlib
from dataclasses import dataclass
from multiprocessing import connection, parent_process
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tejido.data.cache.plan import Chunk, Item
from tejido.data.geometry import Steps, restored
from tejido.errors import DataError, ImageError
from tejido.runtime.decode import open_image


@dataclass(frozen=True)
class Job:
    """What all chunks share.

    Attributes:
        steps: geometry.
        target: pixel file that is being filled.
        offset: where its pixels begin.
        old: pixel file of the cache before.
    """

    steps: Steps
    target: Path
    offset: int
    old: Path | None


@dataclass(frozen=True)
class Filled:
    """What became of a chunk.

    Attributes:
        number: of the chunk.
        crc: checksum of its pixels.
        copied: images taken over from the cache before.
        unreadable: (position in the chunk, reason) of the images that stay empty.
    """

    number: int
    crc: int
    copied: int
    unreadable: tuple[tuple[int, str], ...]


def fill(job: Job, chunk: Chunk) -> Filled:
    """Make the pixels of a chunk and write them to their place.

    Raises:
        OSError: they cannot be written.
    """
    each, size = job.steps.per_image, job.steps.size
    old = None if job.old is None else np.load(job.old, mmap_mode="r")
    pixels = np.zeros((len(chunk.items), each, size, size, 3), np.uint8)
    copied = 0
    unreadable = []
    for position, item in enumerate(chunk.items):
        if old is not None and item.old_row is not None:
            pixels[position] = old[item.old_row : item.old_row + each]
            copied += 1
            continue
        try:
            pixels[position] = square(item, job.steps)
        except (DataError, ImageError) as error:
            unreadable.append((position, str(error)))
    with job.target.open("r+b") as file:
        file.seek(job.offset + chunk.start * size**2 * 3)
        file.write(pixels.data)
    return Filled(chunk.number, zlib.crc32(pixels.data), copied, tuple(unreadable))


def square(item: Item, steps: Steps) -> NDArray[np.uint8]:
    """Decode one image and apply the geometry, ``uint8[per_image, size, size, 3]``.

    Raises:
        ImageError: the file cannot be read.
        DataError: it is not the file that the manifest knows, or smaller than a patch.
    """
    if item.path is None:
        raise DataError("the manifest knows no file of it")
    try:
        data = Path(item.path).read_bytes()
    except OSError as error:
        raise ImageError(f"{item.path}: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != item.sha256:
        raise DataError(f"{item.path}: changed since the manifest was built")
    try:
        return steps(restored(open_image(data), item.aspect))
    except (DataError, ImageError) as error:
        raise type(error)(f"{item.path}: {error}") from None


_job: Job | None = None


def begin(job: Job) -> None:
    """Set up a process for ``fill_one``."""
    global _job
    _job = job
    warnings.simplefilter("ignore")  # remarks of the decoder; what matters becomes an error
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops its processes itself
    threading.Thread(target=_end_with_parent, daemon=True).start()


def fill_one(chunk: Chunk) -> Filled:
    """``fill``, in a process that ``begin`` has set up."""
    assert _job is not None
    return fill(_job, chunk)


def _end_with_parent() -> None:
    # A parent that was killed cannot say so; without this its processes would wait for work for ever.
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)
