from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from tejido.app.auth.origin import is_foreign, is_unsigned

HOST = {"host": "skin.example:8443"}


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": ""}, True),
        ({"sec-fetch-site": "cross-site", "origin": "https://skin.example:8443"}, True),
        ({"origin": "https://skin.example:8443"}, False),
        ({"origin": "HTTPS://SKIN.EXAMPLE:8443"}, False),
        ({"origin": "https://skin.example"}, True),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "https://skin.example:8443.evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"origin": "https://[bad"}, True),
    ],
)
def test_where_a_request_comes_from(headers: dict[str, str], foreign: bool) -> None:
    assert is_foreign(Headers(HOST | headers)) is foreign


def test_no_host_is_no_host() -> None:
    assert is_foreign(Headers({"origin": "https://"}))


def test_unsigned() -> None:
    assert is_unsigned(Headers(HOST))
    assert not is_unsigned(Headers({"origin": "x"}))
    assert not is_unsigned(Headers({"sec-fetch-site": "x"}))
