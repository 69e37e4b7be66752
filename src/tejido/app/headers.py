"""Security headers on every response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",  # the model may run in the page, as WebAssembly
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # blob: the preview of a picture that has not left the device
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
API_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}
"""The page may be kept by a browser and revalidated; an answer about a picture may not be kept at all."""
PAGE_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-cache"}


class SecurityHeaders:
    """ASGI middleware that adds the headers of this module to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        added = API_HEADERS if path.startswith("/api/") or path in {"/healthz", "/metrics"} else PAGE_HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                kept = headers.get("cache-control", added["Cache-Control"])  # a model file may be kept for good
                headers.update({**added, "Cache-Control": kept})
            await send(message)

        await self._app(scope, receive, send_with_headers)
