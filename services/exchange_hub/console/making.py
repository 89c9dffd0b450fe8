"""Exports made beside the console: a long one costs a whole core, and in processes of their own the pages do not wait for it."""

import asyncio
import os
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from exchange_hub.console.database import DatabaseSource
from exchange_hub.console.export import Export, make
from exchange_hub.runtime.pool_processes import end_with_starter, terminate
from exchange_hub.views.queries.answers import StoreUnavailableError
from exchange_hub.views.rules import FoldRules

MAKING_MAX = 2
"""Exports that are made at the same time; others wait their turn."""

_NICENESS = 10
_sources: list[DatabaseSource] = []
"""Where a process of exports reads, one connection each."""


class Processes:
    """Processes that make exports; they start with the first one and end with this process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = self._made()

    async def __call__(self, export: Export, path: Path) -> int:
        """Write an export as ``make`` does.

        Raises:
            StoreUnavailableError: the process that was at it is gone.
        """
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, _make, export, path)
        except BrokenProcessPool as error:
            if self._pool is pool:
                self._pool = self._made()
            raise StoreUnavailableError("the process that made an export ended") from error

    def close(self) -> None:
        """End them; what they are at is for nobody any more."""
        terminate(self._pool)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _made(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(MAKING_MAX, get_context("spawn"), _begin, (self._url,))


def _begin(url: str) -> None:
    """Prepare a process: it gives way to the pages, ends with the console, and leaves signals of the terminal to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    end_with_starter()
    # Rows and their number only: no row is folded here, so the district's precedence is not asked for.
    _sources.append(DatabaseSource(url, FoldRules(), connections=1))


def _make(export: Export, path: Path) -> int:
    return make(_sources[0], export, path)
