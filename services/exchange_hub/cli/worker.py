"""``hub worker``: one Faust worker. ``hub up`` starts and supervises as many as the settings ask for."""

import logging
import os
import socket
import threading
from collections.abc import Mapping

import click

from exchange_hub.cli.compose import Hub
from exchange_hub.runtime.servers import running
from exchange_hub.runtime.topics import administration, ensure_topics, topic_ids
from exchange_hub.views.store.positions import Claimed, claim
from exchange_hub.views.store.setup import connect
from exchange_hub.views.worker.app import Hooks, Processor, WorkerOptions, make_app, run_app
from exchange_hub.views.worker.pipeline import Committer, Done, FencedError

log = logging.getLogger(__name__)

#: Exit code of a worker that cannot go on; its supervisor starts it again.
EXIT_LOST = 75


def _end(error: BaseException) -> None:
    """End the process at once: what is in flight is not committed, and is read again by whoever comes next."""
    if isinstance(error, FencedError):
        log.error("fenced: %s", error)
    else:
        log.critical("worker cannot go on: %s", error, exc_info=error)
    logging.shutdown()
    os._exit(EXIT_LOST)


@click.command()
def worker() -> None:
    """Run one Faust worker that fills the views."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("faust").setLevel(logging.WARNING)
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    hub = Hub.load()
    with running(hub.settings) as servers:
        run_worker(hub, servers.bootstrap_servers, servers.database_url)


def run_worker(hub: Hub, bootstrap_servers: str, database_url: str) -> None:
    """Run a worker on servers that exist, until SIGTERM."""
    settings = hub.settings
    hub.prepare_store(database_url)
    names = [*hub.event_topics, *hub.receipt_topics.values()]
    with administration(bootstrap_servers, settings.kafka) as admin:
        ensure_topics(admin, names, settings.kafka.replication_factor)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    with connect(database_url) as conn:
        context = hub.context(conn)
    lock = threading.Lock()

    def claim_topics(topics: frozenset[str]) -> Mapping[str, Claimed]:
        with administration(bootstrap_servers, settings.kafka) as admin:
            ids = {topic: str(topic_id) for topic, topic_id in topic_ids(admin, sorted(topics)).items()}
        with lock, connect(database_url, f"hub worker {owner}") as conn:
            return claim(conn, ids, owner)

    def done(result: Done, reading_seconds: float, committing_seconds: float) -> None:
        count = sum(span.next_off - span.start for span in result.batch.spans)
        log.info(
            "batch %d: %d records, read in %.3f s, committed in %.3f s",
            result.outcome.batch_no, count, reading_seconds, committing_seconds,
        )  # fmt: skip

    hooks = Hooks(claim_topics, done, _end)
    committer = Committer(lambda: connect(database_url, f"hub worker {owner}"), context)
    options = WorkerOptions(
        f"hub.{hub.district.id}.views", bootstrap_servers, sorted(hub.event_topics),
        settings.worker.session_timeout_seconds, settings.worker.batch_events_max,
    )  # fmt: skip
    run_app(make_app(options, Processor(committer, context, hooks), hooks))
