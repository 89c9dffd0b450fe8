"""Files made for one client: complete before their first byte is served, so that a failure is an error and a slow reader holds a file alone."""

import asyncio
import base64
import hashlib
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from anyio import to_thread
from fastapi import HTTPException, Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from exchange_hub.console.export import Export, LeftError, make
from exchange_hub.console.source import Source

OF_A_CLIENT_MAX = 3
"""Files of one client that are made or sent at the same time."""
FILES_MAX = 40
"""Files that are made or sent at the same time: each is up to some tens of megabytes of the disk."""

_CHUNK = 64 * 1024
_AGAIN = {"Retry-After": "10"}
_logger = logging.getLogger(__name__)

Maker = Callable[[Export, Path], Awaitable[int]]
"""Writes a whole export to a file that exists, and returns how many rows it holds; gives up where the file was removed."""


def maker_of(source: Source) -> Maker:
    """Return the maker that works in this process."""

    async def made(export: Export, path: Path) -> int:
        return await to_thread.run_sync(make, source, export, path)

    return made


def digest_of(file: BinaryIO) -> str:
    """Return the digest of a file as the header ``Repr-Digest`` has it (RFC 9530)."""
    file.seek(0)
    sha256 = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        sha256.update(chunk)
    file.seek(0)
    return f"sha-256=:{base64.b64encode(sha256.digest()).decode()}:"


class Downloads:
    """The files that are made and sent now."""

    def __init__(self, make: Maker) -> None:
        self._make = make
        self._held: Counter[str] = Counter()

    async def answer(self, request: Request, export: Export, media_type: str, disposition: str) -> Response:
        """Make the file and return it with its length, rows and digest.

        Raises:
            HTTPException: the client has too many files under way (429), all have (503), or the disk takes no more (507).
        """
        client = request.client.host if request.client else ""
        if self._held[client] >= OF_A_CLIENT_MAX:
            raise HTTPException(429, f"同时下载的文件不超过 {OF_A_CLIENT_MAX} 个，请等前面的下载完成后再试。", _AGAIN)
        if self._held.total() >= FILES_MAX:
            raise HTTPException(503, "正在下载的人较多，请稍后再试。", _AGAIN)
        self._held[client] += 1

        def release() -> None:
            self._held.subtract([client])
            self._held = +self._held  # without those that hold none

        try:
            file, rows = await self._file(request, export)
            headers = {
                "Content-Disposition": disposition, "Content-Length": str(os.fstat(file.fileno()).st_size), "Hub-Rows": str(rows),
                "Repr-Digest": await to_thread.run_sync(digest_of, file),
            }  # fmt: skip
        except BaseException as error:
            release()
            if isinstance(error, LeftError):
                return Response(status_code=499)
            if isinstance(error, OSError):
                _logger.warning("a download could not be written: %s", error)
                raise HTTPException(507, "服务器磁盘空间不足，文件没有生成；请联系运维人员。") from error
            raise
        return _Made(file, release, media_type, headers)

    async def _file(self, request: Request, export: Export) -> tuple[BinaryIO, int]:
        """Have the file written, and return it with its rows; it has no name any more, so that it goes with the answer.

        A client that leaves takes the file's name along, by which whoever writes it sees that nobody waits.
        """
        made, name = mkstemp(prefix="hub-download-")
        os.close(made)
        path = Path(name)

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            _remove(path)

        watching = asyncio.create_task(watch())
        try:
            rows = await self._make(export, path)
            return _opened(path), rows
        except FileNotFoundError as error:
            raise LeftError from error
        finally:
            watching.cancel()
            _remove(path)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


class _Made(StreamingResponse):
    """A file that is let go of when it was sent, or when its client was."""

    def __init__(self, file: BinaryIO, release: Callable[[], None], media_type: str, headers: dict[str, str]) -> None:
        super().__init__(iter(lambda: file.read(_CHUNK), b""), media_type=media_type, headers=headers)
        self._file = file
        self._release = release

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._release()
            self._file.close()
