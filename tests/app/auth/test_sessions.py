from __future__ import annotations

from tejido.app.auth.roles import Person
from tejido.app.auth.sessions import IDLE_SECONDS, LIFE_SECONDS, Sessions

ANA = Person("ana", "viewer")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_session_is_found_by_its_id_alone() -> None:
    sessions = Sessions()
    first, second = sessions.begin(ANA), sessions.begin(ANA)
    assert first != second
    assert len(first) >= 40
    found = sessions.find(first)
    assert found is not None
    assert found.person == ANA
    sessions.end(first)
    assert sessions.find(first) is None
    assert sessions.find(second) is not None
    assert sessions.find("") is None
    assert sessions.find("\udcff") is None


def test_ids_are_not_kept() -> None:
    sessions = Sessions()
    name = sessions.begin(ANA)
    assert name not in repr(vars(sessions))


def test_sessions_end() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    idle, busy = sessions.begin(ANA), sessions.begin(ANA)
    while clock.now <= IDLE_SECONDS:
        clock.now += IDLE_SECONDS / 2 + 1
        assert sessions.find(busy) is not None
    assert sessions.find(idle) is None
    while clock.now <= LIFE_SECONDS - IDLE_SECONDS:
        clock.now += IDLE_SECONDS / 2
        assert sessions.find(busy) is not None
    clock.now = LIFE_SECONDS + 1
    assert sessions.find(busy) is None


def test_sessions_are_bounded() -> None:
    sessions = Sessions()
    names = [sessions.begin(ANA) for _ in range(10_050)]
    assert len(sessions._sessions) == 10_000
    assert sessions.find(names[0]) is None
    assert sessions.find(names[-1]) is not None
