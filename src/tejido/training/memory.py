"""Memory that is not given back to the system between two batches."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -2, -3, -4
"""Numbers of glibc's options, from malloc.h."""
_MB = 2**20
_KEPT = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1, _TOP_PAD: 64 * _MB}
# What glibc itself arrives at in a program that frees large blocks.
_USUAL = {_MMAP_MAX: 65536, _MMAP_THRESHOLD: 32 * _MB, _TRIM_THRESHOLD: 64 * _MB, _TOP_PAD: 128 * 1024}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Keep freed memory for what comes next, as long as the block lasts.

    glibc hands every block above 32 MB back to the system when it is freed, and a batch's activations are such
    blocks: each step then begins with empty pages that the system must first fill with zeros. That takes as long as
    the network itself where batches are large. Results do not change. Nothing happens where the
    C library is another one.
    """
    glibc = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
    _set(glibc, _KEPT)
    try:
        yield
    finally:
        _set(glibc, _USUAL)
        if glibc is not None:
            glibc.malloc_trim(0)


def _set(glibc: ctypes.CDLL | None, options: dict[int, int]) -> None:
    if glibc is None:
        return
    for option, value in options.items():
        glibc.mallopt(option, value)
