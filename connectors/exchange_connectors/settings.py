"""The connectors' settings: how to reach the broker. The environment is read here and nowhere else."""

import json
import os
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PREFIX, _KAFKA = "HUB_", "HUB_KAFKA__"
#: From this likeness on an unknown name is taken for a misspelt one.
_NEARLY = 0.8
HUB_ALONE = frozenset((
    "HUB_DISTRICT", "HUB_KAFKA__ADMIN_USERNAME", "HUB_KAFKA__ADMIN_PASSWORD_FILE", "HUB_KAFKA__REPLICATION_FACTOR", "HUB_KAFKA__JAR_REPOSITORY",
    "HUB_KAFKA__EXTERNAL_HOST", "HUB_KAFKA__EXTERNAL_PORT", "HUB_KAFKA__EXTERNAL_PEMFILE", "HUB_KAFKA__HEAP_MB", "HUB_KAFKA__PORT",
))  # fmt: skip
"""Settings of the hub that a connector on its machine may see, like its own and none of them."""


class KafkaSettings(BaseModel):
    """How a bureau's connector reaches Kafka and how long it waits.

    Attributes:
        bootstrap_servers: ``host:port`` list, comma-separated.
        security_protocol: as Kafka names it.
        username: SCRAM user, usually the bureau's code.
        password: its password; never logged.
        password_file: file that holds it instead.
        ssl_cafile: file of the authority that signed the brokers' certificates.
        ssl_certfile: client certificate, where brokers ask for one.
        ssl_keyfile: its key.
        acknowledge_seconds_max: an event without acknowledgement for longer makes the producer be rebuilt from the spool.
        start_seconds_max: how long the start-up self-check waits for an answer.
        linger_ms: how long the producer gathers events into one request.
    """

    bootstrap_servers: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL", "SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    acknowledge_seconds_max: float = Field(default=60.0, gt=0)
    start_seconds_max: float = Field(default=15.0, gt=0)
    linger_ms: int = Field(default=5, ge=0)

    def client(self) -> dict[str, object]:
        """Return the settings every kafka-python client shares, without addresses."""
        result: dict[str, object] = {"security_protocol": self.security_protocol}
        if self.security_protocol.endswith("SSL"):
            for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
                if (path := getattr(self, name)) is not None:
                    result[name] = str(path)
        if self.security_protocol.startswith("SASL"):
            result["sasl_mechanism"] = self.sasl_mechanism
            result["sasl_plain_username"] = self.username or ""
            kept = self.password_file.read_text(encoding="utf-8").strip() if self.password_file else ""
            result["sasl_plain_password"] = self.password.get_secret_value() if self.password else kept
        return result


class ConnectorSettings(BaseSettings):
    """What a connector reads from the environment (prefix ``HUB_``, nested by ``__``).

    Attributes:
        data_dir: ``HUB_DATA_DIR``: a hub's data folder on this machine; its Kafka is used where no other is named.
        kafka: ``HUB_KAFKA__BOOTSTRAP_SERVERS``, ``HUB_KAFKA__SECURITY_PROTOCOL``, ``HUB_KAFKA__USERNAME``, ….
        district_code: ``HUB_DISTRICT_CODE``: the code in topic names; nothing is published without one.
        spool_dir: ``HUB_SPOOL_DIR``: where ``hub publish`` keeps its spool and ledger; ``spool`` in the data folder, if omitted.
    """

    model_config = SettingsConfigDict(
        env_prefix="HUB_", env_nested_delimiter="__", env_ignore_empty=True, extra="ignore"
    )

    data_dir: Path = Path(".hub")
    kafka: KafkaSettings = KafkaSettings()
    district_code: str = ""
    spool_dir: Path | None = None

    @model_validator(mode="after")
    def _no_name_is_misspelt(self) -> "ConnectorSettings":
        """Refuse a variable that is nearly a setting's: it was meant to have an effect."""
        known = {f"{_PREFIX}{name.upper()}" for name in type(self).model_fields} | {f"{_KAFKA}{name.upper()}" for name in KafkaSettings.model_fields}
        for name in sorted({name.upper() for name in os.environ if name.upper().startswith(_PREFIX)} - known - HUB_ALONE):
            if near := get_close_matches(name, known, 1, _NEARLY):
                raise ValueError(f"{name} is not a setting; is {near[0]} meant?")
        return self

    def spools(self) -> Path:
        """Return the folder where ``hub publish`` keeps its spool and ledger."""
        return self.spool_dir or self.data_dir.expanduser() / "spool"

    def broker(self, bureau: str = "", district: str = "", named: str | None = None) -> KafkaSettings:
        """Return how a bureau reaches the broker: as named, else the one of the hub that runs in *data_dir*, else the default.

        Args:
            bureau: its code; on the broker of this machine's hub it is the user that the hub made, unless another is named.
            district: the district's code, by default the one of the settings.
            named: the broker's address, in place of the settings'.
        """
        kafka = self.kafka.model_copy(update={"bootstrap_servers": named}) if named else self.kafka
        folder = self.data_dir.expanduser()
        try:
            running = json.loads((folder / "run/servers.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return kafka
        found = running.get("bootstrap_servers") if isinstance(running, dict) else None
        is_named = bool(named) or "bootstrap_servers" in self.kafka.model_fields_set
        if not isinstance(found, str) or (is_named and kafka.bootstrap_servers != found):
            return kafka
        user = f"hub.{district or self.district_code}.{bureau}"
        password = folder / "credentials" / f"{user}.password"
        is_user = password.exists() and kafka.username is None
        own = {"security_protocol": "SASL_PLAINTEXT", "username": user, "password_file": password} if is_user else {}
        return kafka.model_copy(update={"bootstrap_servers": found, **own})
