"""The headers that every answer carries.

The policy allows files of this server alone: no inline script or style, no other host, no framing. What a bureau wrote
in a cell is text and stays text, and were an escape ever forgotten, the browser would still not run it.
"""

from collections.abc import Awaitable, Callable

from fastapi import Request, Response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def add_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Add the security headers; pages are never stored, static files are asked for again by their ETag."""
    response = await call_next(request)
    for name, text in HEADERS.items():
        response.headers[name] = text
    static = request.url.path.startswith("/static/")
    response.headers.setdefault("Cache-Control", "public, no-cache" if static else "no-store")
    return response
