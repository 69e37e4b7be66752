"""How much the server takes on, and how long it waits."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def _some_threads() -> int:
    # A decoded picture can take hundreds of megabytes, so only a few are in work at once.
    return max(1, min(4, os.cpu_count() or 1))


@dataclass(frozen=True)
class Limits:
    """Bounds on what is in work at one time.

    Attributes:
        threads: pictures in work at once.
        waiting: pictures that may wait for them; each holds at most one upload in memory.
        picture_seconds: longest that one picture may take, with its wait.
        grace_seconds: how long an upload may stand still at its start.
        slowest_bytes: bytes a second that an upload must make on average, once the grace is over.
        upload_seconds: longest that one upload may take.
        batch_pictures: most pictures in one batch.
        batch_uploads: how many uploads of full size one batch may be as large as; it takes that many places.
    """

    threads: int = field(default_factory=_some_threads)
    waiting: int = 16
    picture_seconds: float = 30.0
    grace_seconds: float = 10.0
    slowest_bytes: float = 8192.0
    upload_seconds: float = 120.0
    batch_pictures: int = 64
    batch_uploads: int = 4

    def upload_time(self, received: int) -> float:
        """Seconds after its start at which an upload of which ``received`` bytes have come is given up."""
        return min(self.grace_seconds + received / self.slowest_bytes, self.upload_seconds)
