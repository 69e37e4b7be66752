from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tejido.app.errors import ApiError
from tejido.app.work import Workroom

if TYPE_CHECKING:
    from collections.abc import Callable


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_results_and_errors_come_back() -> None:
    room = Workroom(threads=2, waiting=2, seconds=10)

    def fail() -> None:
        raise KeyError("x")

    async def main() -> int:
        place = room.enter()
        assert await place.run(lambda: 6 * 7) == 42
        with pytest.raises(KeyError):
            await place.run(fail)
        place.leave()
        return room.taken

    assert asyncio.run(main()) == 0


def test_no_more_places_than_threads_and_waiting() -> None:
    room = Workroom(threads=1, waiting=2, seconds=10)
    places = [room.enter(), room.enter(2)]
    with pytest.raises(ApiError) as refused:
        room.enter()
    assert (refused.value.status, refused.value.code) == (503, "overloaded")
    assert refused.value.headers is not None
    assert int(refused.value.headers["Retry-After"]) > 0
    places[1].leave()
    room.enter().leave()
    assert room.taken == 1


def test_never_more_threads_than_allowed() -> None:
    room = Workroom(threads=2, waiting=20, seconds=10)
    lock, now, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    async def main() -> None:
        async def one() -> None:
            place = room.enter()
            await place.run(work)
            place.leave()

        await asyncio.gather(*(one() for _ in range(20)))

    asyncio.run(main())
    assert most == 2
    until(lambda: (room.running, room.taken) == (0, 0))


def test_slow_work_keeps_its_place_and_thread_until_it_ends() -> None:
    room = Workroom(threads=1, waiting=1, seconds=0.05)
    end = threading.Event()

    async def main() -> None:
        place = room.enter()
        with pytest.raises(ApiError) as slow:
            await place.run(end.wait)
        assert slow.value.status == 504
        place.leave()
        assert (room.taken, room.running) == (1, 1)
        # The next one's turn does not come in time: it is not at fault, and gives its place back at once.
        other = room.enter()
        with pytest.raises(ApiError) as late:
            await other.run(lambda: None)
        assert late.value.status == 503
        other.leave()
        assert room.taken == 1

    asyncio.run(main())
    end.set()
    until(lambda: (room.running, room.taken) == (0, 0))


def test_whoever_goes_away_frees_the_place() -> None:
    room = Workroom(threads=1, waiting=1, seconds=10)
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait()

    async def main() -> None:
        place = room.enter()

        async def ask() -> None:
            try:
                await place.run(work)
            finally:
                place.leave()

        task = asyncio.create_task(ask())
        while not begun.is_set():
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert room.taken == 1  # the thread is still at it

    asyncio.run(main())
    end.set()
    until(lambda: (room.running, room.taken) == (0, 0))


def test_nothing_is_held_when_the_work_is_done() -> None:
    class Body:
        pass

    room, body = Workroom(threads=1, waiting=1, seconds=10), Body()
    gone = weakref.ref(body)

    async def main(kept: list[Body]) -> None:
        place = room.enter()
        await place.run(partial(isinstance, kept.pop(), Body))
        place.leave()

    held = [body]
    del body
    asyncio.run(main(held))
    until(lambda: gc.collect() >= 0 and gone() is None)
