"""What comparisons between entities show, kept where they are dear: over a million rows they take seconds, and no page waits for them.

Where comparing is quick, every page compares in its own snapshot. Where it is not, a page has what was found last, with its time,
and a look in the background follows the store: anew after something was taken in, and for no more than a small part of the time.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import sqlalchemy as sa

from exchange_hub.reports.queries import Queries
from exchange_hub.views.queries.answers import StoreUnavailableError
from exchange_hub.views.queries.findings import Line

QUICK_SECONDS = 0.1
"""What takes no longer is done in each snapshot anew."""
PAUSE = 10
"""A look in the background is followed by a pause of so many times its length."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What comparing found.

    Attributes:
        lines: the findings.
        place: where the store stood.
        at: when it was looked at.
        seconds: how long it took.
    """

    lines: Sequence[Line]
    place: tuple[object, ...]
    at: datetime
    seconds: float


class Comparing:
    """The last look at a store; shared by all who read it in this process.

    Args:
        reading: opens a snapshot, for looks in the background.
        quick_seconds: how long a look may take that is done in each snapshot anew.
    """

    def __init__(self, reading: Callable[[], AbstractContextManager[Queries]], quick_seconds: float = QUICK_SECONDS) -> None:
        self._reading = reading
        self._quick_seconds = quick_seconds
        self._last: Found | None = None
        self._first = threading.Lock()
        self._working = threading.Lock()
        self._not_before = 0.0

    def found(self, snapshot: Queries) -> tuple[Sequence[Line], datetime | None]:
        """Return what comparing finds, and when it did; ``None`` where that is the snapshot's own moment."""
        last = self._last
        if last is not None and last.seconds > self._quick_seconds:
            if last.place == (place := _place(snapshot)):
                return last.lines, None
            if place is not None:
                self._follow()
                return last.lines, last.at
        # Whoever comes while the first look is taken waits for it, instead of taking another beside it.
        with self._first:
            if last is self._last or self._last is None or self._last.seconds <= self._quick_seconds:
                self._last = look(snapshot)
                return self._last.lines, None
            return self._last.lines, self._last.at

    def _follow(self) -> None:
        """Look again in the background, unless somebody does or did just now."""
        if monotonic() >= self._not_before and self._working.acquire(blocking=False):
            threading.Thread(target=self._again, name="comparing", daemon=True).start()

    def _again(self) -> None:
        began = monotonic()
        try:
            with self._reading() as snapshot:
                self._last = look(snapshot)
        except StoreUnavailableError as error:
            _logger.warning("comparing was broken off: %s", error)
        finally:
            self._not_before = monotonic() + PAUSE * (monotonic() - began)
            self._working.release()


def look(snapshot: Queries) -> Found:
    """Compare in a snapshot."""
    began = monotonic()
    lines = snapshot.between()
    return Found(lines, _place(snapshot), datetime.now(UTC), monotonic() - began)


def _place(snapshot: Queries) -> tuple[object, ...]:
    """Return where the store stands in a snapshot: it moves with each batch and replay, and with a rebuild."""
    found = snapshot.conn.execute(sa.text(
        f"""SELECT sum(next_off), sum(accepted), sum(held), (SELECT max(made_at) FROM {snapshot.schema}.view_stamp),
                   to_regclass('{snapshot.schema}.view_stamp')::oid FROM log.position"""
    )).one()  # fmt: skip
    return tuple(found)
