"""The bounded queue before slow work: a few pictures in work, a few waiting, everybody else is told to come back."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from tejido.app.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

COME_BACK_SECONDS = 2
"""What ``Retry-After`` says to those who find the queue full."""


class Workroom:
    """Threads and a bounded number of places for those who want them. Belongs to no event loop.

    A place is taken before a body is read, so that what waits is bounded in bytes too.

    Args:
        threads: how many pieces of work are done at once.
        waiting: how many places there are besides.
        seconds: how long a piece of work may take, from when it is handed in.
    """

    def __init__(self, threads: int, waiting: int, seconds: float) -> None:
        self.places = threads + waiting
        self.seconds = seconds
        self._threads = threads
        self._lock = threading.Lock()
        self._taken = 0
        self._running = 0
        self._pending: deque[tuple[Future[Any], Callable[[], Any]]] = deque()

    @property
    def running(self) -> int:
        """How many threads are at work, those too that nobody waits for any more."""
        return self._running

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._taken

    def enter(self, places: int = 1) -> Place:
        """Take places, to be given back with ``Place.leave``.

        Raises:
            ApiError: 503, there are not so many left.
        """
        with self._lock:
            if self._taken + places > self.places:
                raise overloaded()
            self._taken += places
        return Place(self, places)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Have ``work`` done in a thread as soon as one is free."""
        future: Future[T] = Future()
        with self._lock:
            self._pending.append((future, work))
            start = self._running < self._threads
            self._running += start
        if start:
            # A daemon, so that one picture that never ends does not keep the server from stopping.
            threading.Thread(target=self._work, name="tejido-work", daemon=True).start()
        return future

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._pending:
                    self._running -= 1
                    return
                future, work = self._pending.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # whoever waits for the future gets it
                    future.set_exception(error)
            del future, work  # no picture is held until the next one comes

    def _give_back(self, places: int) -> None:
        with self._lock:
            self._taken -= places


class Place:
    """Places in a workroom, and work done there. They are free again once left and all work in them has ended.

    Work that took too long keeps them: its thread is still busy and its picture still in memory.
    """

    def __init__(self, room: Workroom, places: int) -> None:
        self._room = room
        self._places = places
        self._lock = threading.Lock()
        self._open = 1  # the holder, and each piece of work

    async def run(self, work: Callable[[], T]) -> T:
        """Do ``work`` in a thread and return its result.

        Raises:
            ApiError: 504 it takes too long, 503 its turn did not come in time.
        """
        with self._lock:
            self._open += 1
        future = self._room.submit(work)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self._room.seconds)
        except TimeoutError:
            if future.cancel():
                raise overloaded() from None
            if future.done():  # the work itself ran into some time limit
                raise
            raise ApiError(504, "picture_too_slow", "this picture takes too long; make it smaller") from None

    def leave(self) -> None:
        """Give the places back, now or when the work in them has ended. To be called once."""
        self._done()

    def _done(self, _: object = None) -> None:
        with self._lock:
            self._open -= 1
            last = self._open == 0
        if last:
            self._room._give_back(self._places)


def overloaded() -> ApiError:
    """The answer to those for whom there is no place."""
    return ApiError(
        503,
        "overloaded",
        "the server has as much to do as it can hold; try again in a moment",
        {"Retry-After": str(COME_BACK_SECONDS)},
    )
