"""The API does what its description says, whatever is sent: requests made up from the description itself.

A bounded run; ``make schemathesis`` sends thousands.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tejido.app.cases.store import CaseStore
from tejido.app.limits import Limits
from tejido.app.server import create_app
from tests.app.cases.some import PICTURE, Desk
from tests.app.client import Client

if TYPE_CHECKING:
    from pathlib import Path

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = int(os.environ.get("TEJIDO_REQUESTS", "4"))
"""Requests for each route and mode."""
ROUTES = 18
"""How many routes there are, at least; a test of none would pass."""


def test_made_up_requests(models: Path, tmp_path: Path) -> None:
    store = CaseStore.open(f"sqlite:///{tmp_path}/cases.db")
    app = create_app("tiny", cases=store, limits=Limits(grace_seconds=2))
    Desk(Client(app)).kept(PICTURE)
    operations = [found.ok() for found in schemathesis.openapi.from_asgi("/api/openapi.json", app).get_all_operations()]
    assert len(operations) >= ROUTES
    seen: Counter[int] = Counter()
    for operation in operations:
        for mode in GenerationMode:
            seen += send(operation, mode)
    store.close()
    assert seen[200] > EXAMPLES
    assert seen[422] > EXAMPLES


def send(operation: Any, mode: GenerationMode) -> Counter[int]:
    """Send requests that follow the description, or that break it; gives how often each status was answered."""
    seen: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES < 100,  # the suite sends the same ones every time
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        database=None,
    )
    @given(case=operation.as_strategy(mode))
    def check(case: Any) -> None:
        response = case.call_and_validate(checks=CHECKS)
        seen[response.status_code] += 1

    with contextlib.suppress(Unsatisfiable):  # nothing can be wrong about a request without parameters
        check()
    return seen
