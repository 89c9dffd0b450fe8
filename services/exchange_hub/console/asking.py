"""Requests as HTTP has them: ``HEAD`` is ``GET`` without its body on every address, and a ``Range`` that means nothing is none."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_RANGES = re.compile(r"bytes=\s*[0-9]*-[0-9]*(\s*,\s*[0-9]*-[0-9]*)*\s*")
_RANGES_LENGTH_MAX = 200


class Asking:
    """Passes requests to *app*; it knows only ``GET`` and what changes anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name != b"range" or _means_something(value)]
        is_head = scope["method"] == "HEAD"

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "headers": headers, "method": "GET" if is_head else scope["method"]}
        await self._app(asked, receive, without_body if is_head else send)


def _means_something(value: bytes) -> bool:
    """Tell whether a ``Range`` can be understood; RFC 9110 has any other ignored, so that the whole is sent."""
    text = value.decode("latin-1")
    if len(text) > _RANGES_LENGTH_MAX or not _RANGES.fullmatch(text):
        return False
    for span in text.partition("=")[2].split(","):
        first, _, last = span.strip().partition("-")
        if not (first or last) or (first and last and int(first) > int(last)):
            return False
    return True
