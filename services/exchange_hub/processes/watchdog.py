"""The worker's watchdog: records wait, nothing moves — then the process ends, and its supervisor starts it anew.

Faust is known to stand still after some rebalances and lost coordinators; from inside it looks idle. So progress is
measured where it counts: a topic's end on the broker against the position in the store.
"""

import logging
import time
from collections.abc import Callable, Collection

import psycopg
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from exchange_hub.processes.program import Program
from exchange_hub.processes.topic_look import ends_of
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.topics import administration, describe
from exchange_hub.views.store.heartbeat import tell, tended
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.driver import LogChangedError, Standing

log = logging.getLogger(__name__)

#: Seconds between looks; the store learns at each one that the worker is alive.
LOOK_SECONDS = 5.0


#: A worker may be without topics for so many sessions longer than without progress: a member that is gone is noticed
#: after one, and the topics are given out when all others have answered.
JOIN_SESSIONS = 3


class StalledError(Exception):
    """Records wait, and this worker has not moved their positions, or reads no topic at all, for too long."""


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

    A worker that reads none, because its group gives it none or its claim hangs, is ended too where no other moves what
    waits; one that the group has left without topics is idle, not stuck.

    Args:
        running: the program's surroundings.
        owner: name of the worker.
        standing: where it stands, and the topics that stand still on purpose.
        lost: ends the worker.
        tried: called at each look: takes up topics that may be read again.
    """

    def __init__(
        self, running: Program, owner: str, standing: Callable[[], tuple[Standing, frozenset[str]]],
        lost: Callable[[BaseException], None], tried: Callable[[KafkaAdminClient], None],
    ) -> None:  # fmt: skip
        self._running = running
        self._owner = owner
        self._standing = standing
        self._lost = lost
        self._tried = tried

    def run(self) -> None:
        """Look until the process ends; a database or broker that is away is no standstill of this worker."""
        settings = self._running.hub.settings.worker
        stall = Stall()
        before: frozenset[str] = frozenset()
        while True:
            standing, stopped = self._standing()
            if standing.reads != before:
                stall, before = Stall(), standing.reads
            try:
                still = stall.note(*self._look(standing, stopped), time.monotonic())
            except (psycopg.Error, KafkaError, RuntimeProblem) as error:
                log.debug("the watchdog could not look: %s", error)
                stall, still = Stall(), {}
            limit, words = settings.stall_seconds, "no progress"
            if not standing.reads:
                limit, words = limit + JOIN_SESSIONS * settings.session_timeout_seconds, "no topic is read"
            stuck = sorted(topic for topic, seconds in still.items() if seconds >= limit)
            if stuck:
                self._lost(StalledError(f"{words} for {limit:.0f} s although records wait: {', '.join(stuck)}"))
            time.sleep(min(LOOK_SECONDS, settings.stall_seconds / 4))

    def _look(self, standing: Standing, stopped: frozenset[str]) -> tuple[dict[str, int], dict[str, int]]:
        """Tell the store where this worker stands; return positions and ends of the topics that it answers for."""
        given = standing.given or frozenset()
        with connect(self._running.database_url, "hub watchdog") as conn:
            tell(conn, self._owner, standing.reads, stopped if standing.given is None else given & stopped)
            if standing.reads:
                positions = self._positions(conn, standing.reads, self._owner)
            elif standing.given is None:
                standing_still = {topic for topic, found in tended(conn).items() if found.is_stopped}
                positions = self._positions(conn, self._running.hub.event_topics.keys() - standing_still)
            else:
                positions = self._positions(conn, given - stopped)
            claimed = self._claimed(conn, standing.reads)
        with administration(self._running.bootstrap_servers, self._running.hub.settings.kafka) as admin:
            self._tried(admin)
            found = describe(admin, sorted(claimed))
            if others := sorted(topic for topic, claimed_id in claimed.items() if found[topic].is_visible and str(found[topic].id) != claimed_id):
                # Kafka's client goes by names: it reads on in another topic of the same name.
                self._lost(LogChangedError(f"deleted, or deleted and made anew, while it was read: {', '.join(others)}"))
            return positions, ends_of(admin, positions)

    def _claimed(self, conn: psycopg.Connection, topics: Collection[str]) -> dict[str, str]:
        """Return topic → the id that Kafka gave it when this worker claimed it."""
        rows = conn.execute(
            """SELECT t.name, p.kafka_topic_id FROM log.position p JOIN log.topic t USING (topic_no)
               WHERE p.owner = %s AND t.name = ANY(%s)""",
            (self._owner, list(topics)),
        ).fetchall()
        return dict(rows)

    @staticmethod
    def _positions(conn: psycopg.Connection, topics: Collection[str], owner: str | None = None) -> dict[str, int]:
        """Return the positions of *topics*, 0 for one that nobody claimed yet; only those of *owner* where one is given."""
        rows = conn.execute(
            """SELECT t.name, coalesce(p.next_off, 0) FROM log.topic t LEFT JOIN log.position p USING (topic_no)
               WHERE t.name = ANY(%s) AND (%s::text IS NULL OR p.owner = %s)""",
            (list(topics), owner, owner),
        ).fetchall()
        return dict(rows)
