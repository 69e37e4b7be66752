from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from tejido.app.limits import Limits
from tejido.app.server import create_app
from tests.app.client import Client
from tests.support.pictures import encode, smooth

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = encode(smooth(), "JPEG")
BLACK = encode(np.zeros((40, 40, 3), np.uint8), "PNG")


def figures(client: Client) -> dict[str, float]:
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert response.headers["cache-control"] == "no-store"
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_what_is_counted(models: Path) -> None:
    app = create_app("tiny", metrics=True, limits=Limits(threads=1, waiting=2))
    client = Client(app)
    client.classify(PICTURE)
    client.classify(BLACK)
    client.classify(b"none")
    place = app.state.service.room.enter(3)
    client.classify(PICTURE)
    found = figures(client)
    place.leave()
    route = 'route="/api/v1/classify"'
    assert found[f'tejido_requests_total{{method="POST",{route},status="200"}}'] == 2
    assert found[f'tejido_requests_total{{method="POST",{route},status="503"}}'] == 1
    assert found[f"tejido_request_seconds_count{{{route}}}"] == 4
    assert found['tejido_refused_requests_total{code="overloaded"}'] == 1
    assert found['tejido_refused_requests_total{code="unreadable_image"}'] == 1
    assert found['tejido_refused_pictures_total{reason="darkness"}'] == 1
    assert found["tejido_queue_places"] == found["tejido_queue_places_taken"] == 3
    assert found["tejido_queue_running"] == 0
    assert figures(client)["tejido_queue_places_taken"] == 0


def test_unknown_addresses_and_methods_make_no_new_series(models: Path) -> None:
    client = Client(create_app("tiny", metrics=True))
    before = set(figures(client))
    for number in range(20):
        client.get(f"/{number}")
        client.request(f"M{chr(65 + number)}", f"/api/v1/models/{number}/file")
    new = {re.sub(r"_(total|sum|count|bucket|created)?\{.*", "", name) for name in set(figures(client)) - before}
    assert len(set(figures(client)) - before) < 60, new


def test_off_unless_asked_for(client: Client) -> None:
    assert client.get("/metrics").status_code == 404
