"""Figures about the server for Prometheus; nothing about pictures, cases or people. Needs the extra ``metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

if TYPE_CHECKING:
    from tejido.app.work import Workroom

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Monitoring:
    """What is counted.

    Args:
        room: the queue of pictures.
    """

    def __init__(self, room: Workroom) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "tejido_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "tejido_request_seconds", "Time to answer.", ("route",), buckets=_SECONDS, registry=self._registry
        )
        self._refused = Counter(
            "tejido_refused_requests",
            "Requests answered with an error, by its code.",
            ("code",),
            registry=self._registry,
        )
        self._unjudged = Counter(
            "tejido_refused_pictures",
            "Pictures that a model would not judge, by reason.",
            ("reason",),
            registry=self._registry,
        )
        taken = Gauge("tejido_queue_places_taken", "Uploads that wait or are in work.", registry=self._registry)
        taken.set_function(lambda: room.taken)
        running = Gauge("tejido_queue_running", "Threads at work on a picture.", registry=self._registry)
        running.set_function(lambda: room.running)
        Gauge("tejido_queue_places", "Uploads that there is room for.", registry=self._registry).set(room.places)

    def request(self, method: str, route: str, status: int, seconds: float, refused: str | None) -> None:
        """Count one request; ``refused`` is the code of its error."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if refused is not None:
            self._refused.labels(refused).inc()

    def unjudged(self, reason: str) -> None:
        """Count a picture that the model refused."""
        self._unjudged.labels(reason).inc()

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self._registry)
