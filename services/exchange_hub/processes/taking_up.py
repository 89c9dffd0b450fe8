"""A district's folder that changes under a running hub is taken up: lists that it changes are filled anew, processes start again."""

import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import psycopg
import sqlalchemy.exc

from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import make_topics
from exchange_hub.programme.district import FILES, DistrictError
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.servers import Servers
from exchange_hub.runtime.settings import child_environment
from exchange_hub.runtime.supervise import Supervisor
from exchange_hub.views.store.stamp import StampError

log = logging.getLogger(__name__)

#: How often the folder is looked at, and how long one waits that could not be taken up.
_LOOK_SECONDS, _AGAIN_SECONDS = 2.0, 15.0


def addresses(hub: Hub, servers: Servers) -> dict[str, str]:
    """Return the settings by which a process of this hub finds its district and its servers."""
    kafka = hub.settings.kafka
    found = {
        "HUB_DISTRICT": str(hub.settings.district.absolute()), "HUB_DATA_DIR": str(hub.settings.data_folder), "HUB_KAFKA__BOOTSTRAP_SERVERS": servers.bootstrap_servers,
        "HUB_DATABASE__URL": servers.database_url,
    }  # fmt: skip
    if kafka.bootstrap_servers is None:
        found |= {
            "HUB_KAFKA__SECURITY_PROTOCOL": kafka.security_protocol, "HUB_KAFKA__SASL_MECHANISM": kafka.sasl_mechanism,
            "HUB_KAFKA__USERNAME": str(kafka.username), "HUB_KAFKA__PASSWORD_FILE": str(kafka.password_file),
        }  # fmt: skip
    return found


def take_up(hub: Hub, servers: Servers) -> None:
    """Bring store and topics to what the district's folder says, as far as it has only grown.

    Raises:
        StampError: lists were filled under another stamp, and it is for people to say which one is right.
        RuntimeProblem: lists could not be filled anew.
    """
    if hub.overtaken(servers.database_url):
        log.info("the calendar reaches further than when the views were filled; the lists that it changes are filled anew")
        _fill_anew(addresses(hub, servers))
    hub.prepare_store(servers.database_url)
    make_topics(hub, servers.bootstrap_servers)


def _fill_anew(environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "exchange_hub", "rebuild", "--from", "log"]
    done = subprocess.run(command, env=child_environment(environment), capture_output=True, text=True, check=False)  # noqa: S603 — the command is the hub's own
    if done.returncode:
        raise RuntimeProblem(
            f"The lists could not be filled anew: {done.stderr.strip()}", where="hub rebuild",
            remedy="Mend what it says; it is tried again.",
        )  # fmt: skip
    log.info("%s", done.stdout.strip().splitlines()[-1])


class FolderWatch:
    """Looks at the district's folder for as long as a hub runs.

    Args:
        hub: the hub with the district that its processes started with.
        servers: servers that run.
        supervisor: keeps the processes.
    """

    def __init__(self, hub: Hub, servers: Servers, supervisor: Supervisor) -> None:
        self._hub = hub
        self._servers = servers
        self._supervisor = supervisor
        self._seen = _state(hub.settings.district)
        self._said = ""

    def run(self, stop: threading.Event) -> None:
        """Look until *stop* is set."""
        seconds = _LOOK_SECONDS
        while not stop.wait(seconds):
            state = _state(self._hub.settings.district)
            if state == self._seen:
                continue
            seconds = _AGAIN_SECONDS
            if self._taken_up():
                self._seen, seconds = state, _LOOK_SECONDS

    def _taken_up(self) -> bool:
        """Take up what the folder says now; a folder that cannot be taken up changes nothing, and is said once."""
        try:
            changed = Hub.load(self._hub.settings)
            if changed.district.digest() != self._hub.district.digest():
                take_up(changed, self._servers)
                log.info("the district's folder has changed; the processes start again with it, one after another")
                for state in self._supervisor.states():
                    self._supervisor.restart(state.name)
            self._hub, self._said = changed, ""
        except (DistrictError, StampError, RuntimeProblem, psycopg.Error, sqlalchemy.exc.SQLAlchemyError) as error:
            if str(error) != self._said:
                log.warning("the district's folder has changed and is not taken up; the hub goes on as before: %s", error)
                self._said = str(error)
            return False
        return True


def _state(folder: Path) -> tuple[tuple[int, int], ...]:
    """Return what tells whether a file of the folder was written to."""
    found = []
    for name in FILES:
        path = folder / f"{name}.toml"
        state = path.stat() if path.exists() else None
        found.append((state.st_mtime_ns, state.st_size) if state is not None else (0, 0))
    return tuple(found)
