"""The store for a command that reads: its servers, started where none run; Kafka and its client stay away."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from exchange_hub.processes.compose import Hub
from exchange_hub.runtime import logs
from exchange_hub.runtime.roles import Role
from exchange_hub.runtime.servers import Servers, running


@contextmanager
def servers_of(hub: Hub, *, kafka: bool) -> Iterator[Servers]:
    """Yield the servers of a command, which logs warnings alone.

    Raises:
        AnotherDistrictError: the store is another district's.
    """
    logs.configure(hub.settings, "command", to_file=False)
    logging.getLogger().setLevel(logging.WARNING)
    with running(hub.settings, kafka=kafka) as servers:
        hub.refuse_another_s(servers.reader_url)
        yield servers


@contextmanager
def serving(hub: Hub, role: Role | None = "reader") -> Iterator[str]:
    """Yield the database's address for *role*, for its owner where none is named; Kafka is not started for a command that needs the store alone."""
    with servers_of(hub, kafka=False) as servers:
        yield {"worker": servers.worker_url, "reader": servers.reader_url, None: servers.database_url}[role]
