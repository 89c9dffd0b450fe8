"""Answers compressed on the way: pages, the API and static files; a file whose bytes have a digest goes as it is."""

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIZE_MIN = 1_000
LEVEL = 5


class Compression:
    """Compresses what *app* answers, for whoever takes that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; ``Repr-Digest`` is of the bytes that are sent, so what carries one is not changed."""

        async def parted(scope: Scope, receive: Receive, compress: Send) -> None:
            to = compress

            async def sent(message: Message) -> None:
                nonlocal to
                if message["type"] == "http.response.start" and "repr-digest" in Headers(raw=message["headers"]):
                    to = send
                await to(message)

            await self._app(scope, receive, sent)

        await GZipMiddleware(parted, SIZE_MIN, LEVEL)(scope, receive, send)
