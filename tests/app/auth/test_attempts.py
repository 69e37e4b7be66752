from __future__ import annotations

import threading

import pytest

from tejido.app.auth.attempts import Attempts, address_key
from tejido.app.errors import ApiError


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_no_more_than_the_limit_within_the_time() -> None:
    clock = Clock()
    attempts = Attempts(3, 60, clock)
    for _ in range(3):
        attempts.begin("a")
        clock.now += 10
    with pytest.raises(ApiError) as refused:
        attempts.begin("a")
    assert (refused.value.status, refused.value.code) == (429, "too_many_attempts")
    assert refused.value.headers == {"Retry-After": "30"}
    attempts.begin("b")  # others may
    clock.now += 30
    attempts.begin("a")  # the first one is forgotten now, and only that
    with pytest.raises(ApiError):
        attempts.begin("a")


def test_success_is_no_failure() -> None:
    attempts = Attempts(2, 60)
    for _ in range(10):
        attempts.begin("a")
        attempts.undo("a")
    attempts.begin("a")
    attempts.begin("a")
    attempts.forget("a")
    attempts.begin("a")
    attempts.undo("never seen")


def test_many_at_once_are_no_way_around() -> None:
    attempts, passed = Attempts(10, 60), []

    def attempt() -> None:
        for _ in range(50):
            try:
                attempts.begin("a")
                passed.append(1)
            except ApiError:
                pass

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 10


def test_ever_new_names_cost_no_memory() -> None:
    attempts = Attempts(3, 60)
    for number in range(10_100):
        attempts.begin(str(number))
    assert len(attempts._times) == 10_000


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("-", "-"),
    ],
)
def test_address_keys(address: str, key: str) -> None:
    assert address_key(address) == key
