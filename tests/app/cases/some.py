"""Cases for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.support.pictures import encode, noise, smooth, with_orientation

if TYPE_CHECKING:
    import httpx

    from tests.app.client import Client

PICTURE = encode(smooth(), "JPEG", exif=with_orientation(6))
OTHER = encode(noise(), "PNG")
ANSWER = {
    "label": "suspicious",
    "probabilities": {"benign": 0.25, "suspicious": 0.75},
    "refused": False,
    "reason": None,
    "quality": {"blur": 0.5},
    "model": "skin-suspicion",
    "model_sha256": "0" * 64,
}
CONSENT = {"version": "2026-01", "by": "Lucía", "at": "2026-11-20T10:00:00Z"}


def case(**facts: Any) -> dict[str, Any]:
    """A case with these facts."""
    return {"consent": CONSENT, "answer": ANSWER} | facts


@dataclass
class Desk:
    """Requests about cases."""

    client: Client

    def put(self, facts: Any = None, picture: bytes = PICTURE, id: object = None, **options: Any) -> httpx.Response:
        text = facts if isinstance(facts, (str, bytes)) else json.dumps(case() if facts is None else facts)
        form = {"case": (None, text, "application/json"), "picture": ("lesion.jpg", picture, "image/jpeg")}
        return self.client.request("PUT", f"/api/v1/cases/{id or uuid4()}", files=form, **options)

    def kept(self, picture: bytes = PICTURE, **facts: Any) -> dict[str, Any]:
        response = self.put(case(**facts), picture)
        assert response.status_code == 201, response.text
        record: dict[str, Any] = response.json()
        return record

    def get(self, path: str) -> httpx.Response:
        return self.client.get(f"/api/v1{path}")

    def send(self, method: str, path: str, body: object, **options: Any) -> httpx.Response:
        return self.client.request(method, f"/api/v1{path}", json=body, **options)
