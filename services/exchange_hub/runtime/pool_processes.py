"""Processes of a pool: they end with the one that started them, and at once where nobody waits for their work."""

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import parent_process


def end_with_starter() -> None:
    """Let this process end when the one that started it does, however that went."""
    threading.Thread(target=_end_with_starter, name="end-with-starter", daemon=True).start()


def _end_with_starter() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def terminate(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool, whatever they are at."""
    for child in list(pool._processes.values()):  # noqa: SLF001 — public only from Python 3.14 on
        child.terminate()
