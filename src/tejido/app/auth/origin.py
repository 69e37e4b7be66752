"""Did our own page send this request, or another site through somebody's browser?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.datastructures import Headers

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def is_foreign(headers: Headers) -> bool:
    """Whether a browser says that another site sent the request.

    Current browsers say so in ``Sec-Fetch-Site``, which no page can set; older ones send at least ``Origin``, whose
    host must then be the one that was asked.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and not _same_host(origin, headers.get("host", ""))


def is_unsigned(headers: Headers) -> bool:
    """Whether the request says nothing about where it comes from, which no browser's state-changing request does."""
    return "sec-fetch-site" not in headers and "origin" not in headers


def _same_host(origin: str, host: str) -> bool:
    # Behind a proxy the server does not see whether it was https, so that only host and port are compared.
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False
