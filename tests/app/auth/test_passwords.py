from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from tejido.app.auth import passwords
from tejido.app.auth.passwords import fits, hash_password
from tejido.errors import TejidoError

GOOD = "several words here"


def test_hashes() -> None:
    hashed = hash_password(GOOD)
    assert hashed.startswith("$argon2id$")
    assert GOOD not in hashed
    assert hashed != hash_password(GOOD)
    assert fits(GOOD, hashed)
    assert not fits(GOOD + " ", hashed)
    assert not fits("", hashed)
    assert not fits("\ud800", hashed)


def test_hashing_is_dear(quick_hashes: PasswordHasher) -> None:
    assert quick_hashes.hash(GOOD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize("password", ["", "short", "x" * 1001])
def test_bad_passwords(password: str) -> None:
    with pytest.raises(TejidoError, match="10 to 1000 characters"):
        hash_password(password)


def test_nobody_costs_as_much_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed, calls = hash_password(GOOD), []

    class Counting:
        def verify(self, *arguments: object) -> bool:
            calls.append(arguments)
            return real.verify(*arguments)  # type: ignore[arg-type]

        def hash(self, password: str) -> str:
            return real.hash(password)

    real = passwords._HASHER
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    assert not fits(GOOD, None)
    assert not fits("nobody has this password", None)
    assert fits(GOOD, hashed)
    assert not fits(GOOD, "damaged")
    assert len(calls) == 4
    memory = {str(hashed).split("$")[3] for hashed, _ in calls[:3]}
    assert len(memory) == 1  # the same memory, passes and lanes
