"""How the console is served: a client may be slow, but only so slow, and holds nothing that others need."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

ASKING_SECONDS_MAX = 15
"""A request is here, head and body, so long after its connection was opened or its last answer was given."""

SENDING_SECONDS_MAX = 30
"""So long may a client take nothing of what waits for it: about 64 KiB, so that it reads two KiB a second at least."""

CONNECTIONS_OF_A_CLIENT_MAX = 100
CONNECTIONS_MAX = 400
"""Far below the open files that a process may have."""

STOP_SECONDS_MAX = 5

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"


class _Bounded(H11Protocol):
    """A connection that is cut where its client asks or reads too slowly, or has too many of them."""

    _asking: asyncio.TimerHandle | None = None
    _sending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the class above has it
        super().connection_made(transport)
        self._ask()
        host = self.client[:1] if self.client else ()
        of_the_client = sum((getattr(each, "client", None) or ())[:1] == host for each in self.connections)
        if of_the_client > CONNECTIONS_OF_A_CLIENT_MAX or len(self.connections) > CONNECTIONS_MAX:
            transport.write(_FULL)
            transport.close()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._ask()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._sending = self.loop.call_later(SENDING_SECONDS_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop(self._sending)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop(self._asking)
        self._stop(self._sending)

    def shutdown(self) -> None:
        """Wait for those who read, when the server ends, and for nobody else."""
        if self.flow.write_paused:
            self.transport.abort()
        else:
            super().shutdown()

    def _ask(self) -> None:
        self._stop(self._asking)
        self._asking = self.loop.call_later(ASKING_SECONDS_MAX, self._look)

    def _look(self) -> None:
        """Cut a connection without a whole request, and one that is closing and whose client takes nothing any more."""
        idle = self.cycle is None or self.cycle.response_complete or self.cycle.more_body
        if (idle or self.transport.is_closing()) and not self.flow.write_paused:
            self.transport.abort()
        else:
            self._ask()

    @staticmethod
    def _stop(timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()


@contextmanager
def served(app: FastAPI, listening: socket.socket, certfile: Path | None = None, keyfile: Path | None = None) -> Iterator[threading.Thread]:
    """Serve *app* on a bound socket, in the thread that is given, until the block ends; with a certificate under TLS."""
    # Whoever names a proxy's header would choose its own address: attempts at a login are counted by the one that connects.
    config = uvicorn.Config(
        app, log_config=None, http=_Bounded, ws="none", timeout_graceful_shutdown=STOP_SECONDS_MAX, proxy_headers=False, server_header=False,
        ssl_certfile=certfile, ssl_keyfile=keyfile,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # signals belong to the program around it
    serving = threading.Thread(target=server.run, args=([listening],), name="console", daemon=True)
    serving.start()
    try:
        yield serving
    finally:
        server.should_exit = True
        serving.join(2 * STOP_SECONDS_MAX)
