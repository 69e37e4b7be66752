"""Counting failed logins, so that passwords cannot be guessed by trying."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_KEYS = 10_000


class Attempts:
    """Attempts by key (an account, an address) within a stretch of time. Safe to share between threads.

    Args:
        limit: attempts allowed for a key within ``seconds``.
        seconds: after which an attempt is forgotten.
        clock: seconds that only grow.
    """

    def __init__(self, limit: int, seconds: float = 900.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def begin(self, key: str) -> None:
        """Count an attempt before it is looked at, so that many at once are no way around the limit.

        Raises:
            ApiError: 429, there were too many.
        """
        with self._lock:
            now = self._clock()
            times = self._times.setdefault(key, deque())
            self._times.move_to_end(key)
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= self._limit:
                wait = str(math.ceil(times[0] + self._seconds - now))
                message = f"too many failed logins; try again in {wait} seconds"
                raise ApiError(429, "too_many_attempts", message, {"Retry-After": wait})
            times.append(now)
            while len(self._times) > _MOST_KEYS:  # whoever tries with ever new names costs no memory
                self._times.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget all attempts of a key, because one succeeded."""
        with self._lock:
            self._times.pop(key, None)

    def undo(self, key: str) -> None:
        """Take back the last attempt of a key, because it succeeded."""
        with self._lock:
            if self._times.get(key):
                self._times[key].pop()


def address_key(address: str) -> str:
    """What one customer of a provider has: an IPv4 address, or a network of 64 bits in IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
