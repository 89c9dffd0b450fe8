"""How every test waits: for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(what: str, found: Callable[[], Any], seconds: float = 30.0, pause: float = 0.05) -> Any:
    """Wait until *found* returns something true and return it; fail in words after *seconds*."""
    deadline = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(pause)
