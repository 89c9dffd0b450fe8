"""The worker's watchdog: records wait, nothing moves — then the process ends, and its supervisor starts it anew.

Faust is known to stand still after some rebalances and lost coordinators; from inside it looks idle. So progress is
measured where it counts: a topic's end on the broker against the position in the store.
"""

import logging
import time
from collections.abc import Callable, Collection

import psycopg
from kafka.errors import KafkaError

from exchange_hub.cli.program import Program
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.topics import administration, end_offsets
from exchange_hub.views.store.setup import connect

log = logging.getLogger(__name__)

#: Seconds between looks; the store learns at each one that the worker is alive.
LOOK_SECONDS = 5.0


class StalledError(Exception):
    """Records wait on topics of this worker, and their positions have not moved for too long."""


class Stall:
    """Tells for how long a topic has had records waiting without its position moving; pure but for the time given."""

    def __init__(self) -> None:
        self._since: dict[str, tuple[int, float]] = {}

    def note(self, positions: dict[str, int], ends: dict[str, int], now: float) -> dict[str, float]:
        """Take a look and return topic → seconds of standstill, for topics with records waiting."""
        waiting = {topic: at for topic, at in positions.items() if ends.get(topic, 0) > at}
        self._since = {
            topic: self._since[topic] if self._since.get(topic, (None,))[0] == at else (at, now)
            for topic, at in waiting.items()
        }
        return {topic: now - since for topic, (_, since) in self._since.items()}


class Watchdog:
    """Looks at the topics that a worker reads, and calls *lost* where one of them makes no progress.

    Args:
        running: the program's surroundings.
        owner: name of the worker.
        topics: the topics it reads now; those that stand still on purpose are not among them.
        lost: ends the worker.
    """

    def __init__(
        self, running: Program, owner: str, topics: Callable[[], Collection[str]], lost: Callable[[BaseException], None]
    ) -> None:
        self._running = running
        self._owner = owner
        self._topics = topics
        self._lost = lost

    def run(self) -> None:
        """Look until the process ends; a database or broker that is away is no standstill of this worker."""
        limit = self._running.hub.settings.worker.stall_seconds
        stall = Stall()
        while True:
            try:
                still = stall.note(*self._look(), time.monotonic())
            except (psycopg.Error, KafkaError, RuntimeProblem) as error:
                log.debug("the watchdog could not look: %s", error)
                stall, still = Stall(), {}
            stuck = sorted(topic for topic, seconds in still.items() if seconds >= limit)
            if stuck:
                self._lost(StalledError(f"no progress for {limit:.0f} s although records wait: {', '.join(stuck)}"))
            time.sleep(min(LOOK_SECONDS, limit / 4))

    def _look(self) -> tuple[dict[str, int], dict[str, int]]:
        with connect(self._running.database_url, "hub watchdog") as conn:
            conn.execute(
                """INSERT INTO log.worker (owner, seen_at) VALUES (%s, now())
                   ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at""",
                (self._owner,),
            )
            conn.execute("DELETE FROM log.worker WHERE seen_at < now() - interval '1 day'")
            rows = conn.execute(
                """SELECT t.name, p.next_off FROM log.position p JOIN log.topic t USING (topic_no)
                   WHERE p.owner = %s AND t.name = ANY(%s)""",
                (self._owner, list(self._topics())),
            ).fetchall()
        positions: dict[str, int] = dict(rows)
        with administration(self._running.bootstrap_servers, self._running.hub.settings.kafka) as admin:
            return positions, end_offsets(admin, sorted(positions))
