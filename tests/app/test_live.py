"""What only shows on a real socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tejido.app.server import create_app
from tests.app.client import error
from tests.app.conftest import LIMIT
from tests.app.live import serving
from tests.support.pictures import encode, smooth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def origin(models: Path) -> Iterator[str]:
    with serving(create_app("tiny", max_upload_bytes=LIMIT)) as address:
        yield address


@pytest.mark.parametrize("times", [2, 40])
def test_sender_of_too_much_reads_why(origin: str, times: int) -> None:
    response = httpx.post(f"{origin}/api/v1/classify", content=bytes(times * LIMIT))
    assert error(response)[:2] == (413, "too_large")


def test_sender_of_too_much_in_pieces_reads_why(origin: str) -> None:
    pieces = (bytes(50_000) for _ in range(200))
    response = httpx.post(f"{origin}/api/v1/classify", content=pieces)
    assert error(response)[:2] == (413, "too_large")


def test_answers_come_in_parallel(origin: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    picture = encode(smooth(), "JPEG")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: httpx.post(f"{origin}/api/v1/classify", content=picture).json(), range(40)))
    assert all(answer == answers[0] for answer in answers)


def test_rebinding_host_is_refused(origin: str) -> None:
    assert error(httpx.get(f"{origin}/healthz", headers={"host": "rebound.example"}))[0] == 421
