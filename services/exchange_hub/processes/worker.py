"""One Faust worker that fills the views. ``hub up`` starts and supervises as many as the settings ask for."""

import logging
import os
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

import faust
import psycopg
from kafka import KafkaAdminClient

from exchange_connectors.kit.access import Access
from exchange_hub.processes.program import Program, settle_interpreter
from exchange_hub.processes.topic_look import ends_of, looked_at
from exchange_hub.processes.watchdog import Watchdog
from exchange_hub.runtime import metrics
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import KafkaSettings
from exchange_hub.runtime.topics import administration, group_lack, lacks, topic_ids, unfit
from exchange_hub.views.store import commit
from exchange_hub.views.store.commit import Context, prepare
from exchange_hub.views.store.heartbeat import note_fenced
from exchange_hub.views.store.positions import Claimed, TakenAwayError, claim
from exchange_hub.views.store.replay import replay
from exchange_hub.views.store.setup import connect
from exchange_hub.views.store.stamp import StampError
from exchange_hub.views.worker.app import Hooks, Processor, WorkerOptions, make_app, run_app
from exchange_hub.views.worker.driver import PollApp
from exchange_hub.views.worker.pipeline import Committer, Done, FencedError

log = logging.getLogger(__name__)

#: Exit code of a worker that cannot go on; its supervisor starts it again.
EXIT_LOST = 75


class Worker:
    """A worker with its surroundings: what the Faust app calls back."""

    def __init__(self, running: Program) -> None:
        self._running = running
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._bureau_of: Mapping[int, str] = {}
        #: Topics that stand still, and those of them that do so for want of a right; threads replace them whole.
        self._stopped: frozenset[str] = frozenset()
        self._barred: frozenset[str] = frozenset()
        #: Topics that may not even be seen: the group gives them to nobody.
        self._hidden: frozenset[str] = frozenset()
        self._weights: Mapping[str, int] = {}

    def run(self) -> None:
        """Run until SIGTERM."""
        running, hub = self._running, self._running.hub
        with administration(running.bootstrap_servers, hub.settings.kafka) as admin:
            if (words := group_lack(admin, hub.workers_group)) is not None:
                raise RuntimeProblem("This worker may not take part in the group of workers.", where=running.bootstrap_servers, remedy=f"{words}.")
        with connect(running.database_url, f"hub worker {self._owner}") as conn:
            context = hub.context(conn)
            self._bureau_of = context.topics.bureau_of
            prepare(conn)
            self._try_held(conn, context)
        hooks = Hooks(self._claim, self._done, self._lost, lambda: self._weights, self._fenced, self._may_read_no_more, self._can_read_no_more)
        committer = Committer(self._connect, context, self._owner)
        options = WorkerOptions(
            hub.workers_group,
            running.bootstrap_servers,
            sorted(hub.event_topics),
            hub.settings.worker.session_timeout_seconds,
            hub.settings.worker.batch_events_max,
            credentials_of(hub.settings.kafka),
            str(hub.settings.data_folder / "faust"),
        )
        app = make_app(options, Processor(committer, context, hooks, hub.settings.worker.batch_events_max), hooks)
        watchdog = Watchdog(running, self._owner, lambda: (app.standing(), self._stopped), self._lost, self._tried(app))
        threading.Thread(target=watchdog.run, name="watchdog", daemon=True).start()
        self._weigh()
        settle_interpreter()
        run_app(app)

    def _try_held(self, conn: psycopg.Connection, context: Context) -> None:
        """Try first what another version had to hold; a lock that is busy puts it off, it never ends the start."""
        if conn.execute("SELECT EXISTS (SELECT FROM log.held)").fetchone() != (True,):
            return
        try:
            log.info("held events tried again: %s", dict(replay(conn, context).counts))
        except psycopg.OperationalError as error:
            log.warning("held events wait for the next start or `hub receipts replay`: %s", commit.first_line(error))

    def _connect(self) -> psycopg.Connection:
        return connect(self._running.database_url, f"hub worker {self._owner}")

    def _claim(self, topics: frozenset[str], still: Callable[[], bool]) -> Mapping[str, Claimed]:
        """Claim topics in the store and look at each log; one that is not the one known, or may not be read, stands still."""
        running, kafka = self._running, self._running.hub.settings.kafka
        with administration(running.bootstrap_servers, kafka) as admin:
            barred = _barred(admin, topics)
            ids = {topic: None if topic_id is None else str(topic_id) for topic, topic_id in topic_ids(admin, sorted(topics - barred.keys())).items()}
        with connect(running.database_url, f"hub worker {self._owner}") as conn:
            claimed, stopped = self._claim_rows(conn, ids, still)
        stopped |= looked_at(claimed, running.bootstrap_servers, kafka)
        stopped |= {topic: f"topic {topic} stands still, and all others go on: {words}" for topic, words in barred.items()}
        for topic, words in stopped.items():
            if topic not in barred or topic not in self._barred:
                log.error("%s", words)
        self._stopped = (self._stopped - topics) | stopped.keys()
        self._barred = (self._barred - topics) | barred.keys()
        return {topic: entry for topic, entry in claimed.items() if topic not in stopped}

    def _may_read_no_more(self, topic: str) -> None:
        words = Access.of(self._running.bootstrap_servers, self._running.hub.settings.kafka).lack("READ", "topic", topic)
        log.error("topic %s stands still, and all others go on: %s", topic, words)
        self._stopped |= {topic}
        self._barred |= {topic}

    def _can_read_no_more(self, topic: str, words: str) -> None:
        log.error("topic %s stands still, and all others go on: %s, then start the workers again", topic, words)
        self._stopped |= {topic}

    def _tried(self, app: PollApp) -> Callable[[KafkaAdminClient], None]:
        """Return what takes up topics that may be read again: the right is there, the settings are as they must be."""

        def tried(admin: KafkaAdminClient) -> None:
            if self._barred:
                app.take_up(self._barred - _barred(admin, self._barred).keys())
            hidden = lacks(admin, sorted(self._running.hub.event_topics), "DESCRIBE").keys()
            if self._hidden - hidden:
                app.look_again()
            self._hidden = frozenset(hidden)

        return tried

    def _weigh(self) -> None:
        """Note how many records lie on each topic, for when this worker shares them out: before it starts, never while a group waits."""
        running = self._running
        try:
            with administration(running.bootstrap_servers, running.hub.settings.kafka) as admin:
                self._weights = ends_of(admin, running.hub.event_topics)
        except RuntimeProblem as problem:
            log.warning("could not weigh the topics; they are shared out by number: %s", problem)

    def _claim_rows(
        self, conn: psycopg.Connection, ids: Mapping[str, str | None], still: Callable[[], bool]
    ) -> tuple[dict[str, Claimed], dict[str, str]]:
        """Claim in the store; whoever holds the rows commits soon, or has stopped and is ended."""
        conn.execute(f"SET lock_timeout = '{commit.LOCK_SECONDS}s'".encode())
        while True:
            try:
                return claim(conn, ids, self._owner, still)
            except psycopg.errors.LockNotAvailable:
                if not still():
                    raise TakenAwayError(ids) from None
                commit.end_stuck(conn, self._running.hub.district_no)

    def _done(self, result: Done, reading_seconds: float, committing_seconds: float) -> None:
        meters = self._running.meters
        count = sum(span.next_off - span.start for span in result.batch.spans)
        for (bureau, kind, outcome), number in event_outcomes(result, self._bureau_of).items():
            meters.add(metrics.EVENTS, number, bureau=bureau, type=kind, outcome=outcome)
        meters.set(metrics.WORKER_HEARTBEAT, time.time())
        meters.observe(metrics.BATCH_SECONDS, reading_seconds, step="decode")
        meters.observe(metrics.BATCH_SECONDS, committing_seconds, step="commit")
        meters.observe(metrics.BATCH_SECONDS, reading_seconds + committing_seconds, step="total")
        meters.add(metrics.BATCH_RECORDS, count)
        log.info(
            "batch %d: %d records, read in %.3f s, committed in %.3f s",
            result.outcome.batch_no, count, reading_seconds, committing_seconds,
        )  # fmt: skip

    def _fenced(self, topics: Mapping[str, int]) -> None:
        """Keep in the store that a batch was dropped: the process may end before its own metrics are read."""
        try:
            with self._connect() as conn:
                note_fenced(conn, self._owner, topics)
        except psycopg.Error as error:
            log.warning("could not note that %s were claimed by another worker: %s", ", ".join(sorted(topics)), commit.first_line(error))

    def _lost(self, error: BaseException) -> None:
        """End the process at once: what is in flight is not committed, and is read again by whoever comes next."""
        if isinstance(error, FencedError):
            log.error("fenced: %s", error)
        elif isinstance(error, StampError):
            # The district may have grown, or lists were filled anew, while this worker ran: its next start tells.
            log.error("this worker ends and asks for a restart: %s", error)
        else:
            log.critical("worker cannot go on: %s", error, exc_info=error)
        logging.shutdown()
        os._exit(EXIT_LOST)


def _barred(admin: KafkaAdminClient, topics: frozenset[str]) -> dict[str, str]:
    """Topic → in words why it stands still for as long as people have not changed its rights or settings."""
    denied = lacks(admin, sorted(topics), "READ")
    return denied | unfit(admin, sorted(topics - denied.keys()))


def credentials_of(kafka: KafkaSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """Return what Faust needs to talk to a secured Kafka, ``None`` for PLAINTEXT."""
    context = kafka.tls_context()
    if kafka.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=kafka.username, password=kafka.secret(), ssl_context=context, mechanism=kafka.sasl_mechanism
        )
    return faust.SSLCredentials(context) if context is not None else None


def event_outcomes(result: Done, bureau_of: Mapping[int, str]) -> Counter[tuple[str, str, str]]:
    """Count the records of a committed batch by bureau, event type and outcome; a rejected one's type is unknown."""
    counts: Counter[tuple[str, str, str]] = Counter()
    exceptions = {
        (topic_no, entry["offset"]): entry["outcome"]
        for topic_no, entries in result.outcome.exceptions.items()
        for entry in entries
        if entry["outcome"] != "superseded"
    }
    statements = [each.statement for each in result.events]
    for (topic_no, event), number in Counter([(s.record.topic_no, s.fact.event) for s in statements]).items():
        counts[bureau_of[topic_no], event, "accepted"] = number
    for s in statements if exceptions else ():
        if (outcome := exceptions.get((s.record.topic_no, s.record.off))) is not None:
            counts[bureau_of[s.record.topic_no], s.fact.event, "accepted"] -= 1
            counts[bureau_of[s.record.topic_no], s.fact.event, outcome] += 1
    for rejection in result.rejections:
        counts[bureau_of[rejection.record.topic_no], "unknown", "rejected"] += 1
    return counts
