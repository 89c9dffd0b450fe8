"""Where things lie in the data folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths below one data folder; nothing is created by asking for a path."""

    root: Path

    @property
    def run(self) -> Path:
        """What belongs to the servers now running: lock, state, the warden's orders."""
        return self.root / "run"

    @property
    def lock(self) -> Path:
        """Locked (flock) by the warden for as long as servers run; the kernel frees it with its process."""
        return self.run / "servers.lock"

    @property
    def up_lock(self) -> Path:
        """Locked (flock) by `hub up`, with its process number in it: one console and one set of logs a folder."""
        return self.run / "up.lock"

    @property
    def state(self) -> Path:
        """The warden of the servers that answer, and their addresses (JSON); absent until they do."""
        return self.run / "servers.json"

    @property
    def processes(self) -> Path:
        """Processes the warden started (JSON), written by the warden alone."""
        return self.run / "processes.json"

    @property
    def orders(self) -> Path:
        """What the warden is to run (JSON)."""
        return self.run / "orders.json"

    @property
    def kept(self) -> Path:
        """What stays from start to start: ports, socket folder, where the database lies (JSON)."""
        return self.root / "servers-kept.json"

    @property
    def password(self) -> Path:
        """Password of the hub's own PostgreSQL, readable by its owner alone."""
        return self.root / "postgres.password"

    def role_password(self, role: str) -> Path:
        """Return the password of one of the roles that do not own the hub's own database, readable by its owner alone."""
        return self.root / f"postgres-{role}.password"

    @property
    def credentials(self) -> Path:
        """The passwords of the users of the hub's own Kafka, one file each, readable by their owner alone; connectors look here."""
        return self.root / "credentials"

    def kafka_password(self, user: str) -> Path:
        """Return the password of a user of the hub's own Kafka."""
        return self.credentials / f"{user}.password"

    @property
    def certificate(self) -> Path:
        """Certificate and key that `hub certificate` made, readable by their owner alone."""
        return self.credentials / "server.pem"

    @property
    def authority(self) -> Path:
        """The same certificate without its key: what clients trust."""
        return self.credentials / "authority.pem"

    def kafka_removed(self, user: str) -> Path:
        """Return the file that says that a user was removed, and stays so although its bureau is still of the district."""
        return self.credentials / f"{user}.removed"

    @property
    def kafka(self) -> Path:
        """Kafka's configuration and data."""
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data, unless its account cannot reach this folder."""
        return self.root / "postgres"

    @property
    def logs(self) -> Path:
        """What the servers themselves write."""
        return self.root / "logs"
