"""Memory kept between batches, counted in page faults, in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

BLOCK, ROUNDS = 48 * 2**20, 10
PAGES = BLOCK // 4096
# Blocks as a batch makes them: two at a time, filled, and freed in the order in which they came.
SCRIPT = f"""
import ctypes, platform, resource, sys
from contextlib import nullcontext
from tejido.training.memory import kept_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes, libc.memset.argtypes = [ctypes.c_void_p], [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]

def faults():
    def one():
        blocks = [libc.malloc({BLOCK}) for _ in range(2)]
        for block in blocks:
            libc.memset(block, 1, {BLOCK})
        for block in blocks:
            libc.free(block)
    one()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({ROUNDS}):
        one()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def resident():
    return int(open("/proc/self/statm").read().split()[1])

if sys.argv[1] == "elsewhere":
    platform.libc_ver = lambda: ("", "")
before = resident()
with nullcontext() if sys.argv[1] == "without" else kept_memory():
    print(faults())
print(resident() - before)
"""


def run(mode: str) -> tuple[int, int]:
    """Page faults in ``ROUNDS`` rounds, and the pages more that the process has afterwards."""
    found = subprocess.run([sys.executable, "-c", SCRIPT, mode], capture_output=True, text=True, check=True)
    faults, more = map(int, found.stdout.split())
    return faults, more


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_blocks_are_used_again_and_given_back_at_the_end() -> None:
    faults, more = run("within")
    assert faults < PAGES  # of 2 x 10 times as many
    assert more < PAGES
    for mode in ("without", "elsewhere"):
        assert run(mode)[0] > 0.9 * 2 * ROUNDS * PAGES
