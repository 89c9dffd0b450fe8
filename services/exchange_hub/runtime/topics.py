"""The hub's topics: made with explicit settings, verified, never altered in silence."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from kafka import IsolationLevel, KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, for_code

from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import KafkaSettings

# What makes a topic the source of truth: nothing ages out, and arrival is the broker's clock, not a sender's.
REQUIRED = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete"}
_UNKNOWN_TOPIC = 3
_ALREADY_EXISTS = 36
_READY_MS_MAX = 30_000
# By default the pauses grow to 30 s: a broker that is back would go unnoticed for that long.
_RECONNECT_MS_MAX = 500


@contextmanager
def administration(
    bootstrap_servers: str, kafka: KafkaSettings | None = None, *, answer_seconds_max: float = 15.0
) -> Iterator[KafkaAdminClient]:
    """A client of the broker's administration, closed afterwards.

    Args:
        bootstrap_servers: Addresses, comma-separated.
        kafka: How to talk to the broker; without security if omitted.
        answer_seconds_max: Time a broker has to answer.

    Raises:
        RuntimeProblem: if no broker answers.
    """
    options = (kafka or KafkaSettings()).client_options()
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap_servers.split(","),
            bootstrap_timeout_ms=int(answer_seconds_max * 1000),
            reconnect_backoff_max_ms=_RECONNECT_MS_MAX,
            **options,
        )
    except KafkaError as error:
        raise RuntimeProblem(
            f"Kafka does not answer: {type(error).__name__}.",
            where=bootstrap_servers,
            remedy="Check that it runs and the HUB_KAFKA__… settings (address, protocol, user, password).",
        ) from error
    try:
        yield admin
    finally:
        admin.close()


def ensure_topics(admin: KafkaAdminClient, names: Sequence[str], replication_factor: int = 1) -> dict[str, UUID]:
    """Makes the topics that are missing and verifies all of them.

    Args:
        admin: A client from `administration`.
        names: The topics; each gets one partition, for life.
        replication_factor: Replicas of a topic that is made.

    Returns:
        Each topic's id, which another topic of the same name never has.

    Raises:
        RuntimeProblem: if a topic cannot be made, or one that exists has other settings than the hub relies on.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    missing = [name for name, topic_id in topic_ids(admin, wanted).items() if topic_id is None]
    if missing:
        _create(admin, missing, replication_factor)
    try:
        admin.wait_for_topics(wanted, timeout_ms=_READY_MS_MAX)
    except KafkaError as error:
        raise _problem(str(error), wanted, "Check that all brokers run, then start again.") from error
    _verify(admin, wanted)
    return {name: topic_id for name, topic_id in topic_ids(admin, wanted).items() if topic_id is not None}


def topic_ids(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, UUID | None]:
    """Each topic's id; None where there is no such topic (or no right to see it).

    Raises:
        RuntimeProblem: if the broker answers with another error.
    """
    found: dict[str, UUID | None] = {}
    for topic in admin.describe_topics(list(names)) if names else []:
        if topic["error_code"] not in (0, _UNKNOWN_TOPIC):
            raise _problem(for_code(topic["error_code"]).__name__, [topic["name"]], "See the broker's log.")
        found[topic["name"]] = UUID(str(topic["topic_id"])) if topic["topic_id"] else None
    return {name: found.get(name) for name in names}


def first_offsets(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, int]:
    """The lowest offset that each topic still holds: above 0, the log was truncated."""
    return _offsets(admin, names, OffsetSpec.EARLIEST, IsolationLevel.READ_COMMITTED)


def end_offsets(admin: KafkaAdminClient, names: Sequence[str], *, committed: bool = True) -> dict[str, int]:
    """The offset after each topic's last record.

    Args:
        admin: A client from `administration`.
        names: Topics that exist.
        committed: Up to the first transaction still open, as readers of committed records see it; else the very end.

    Raises:
        RuntimeProblem: if a topic is missing or has no leader.
    """
    isolation = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED
    return _offsets(admin, names, OffsetSpec.LATEST, isolation)


def _offsets(
    admin: KafkaAdminClient, names: Sequence[str], spec: OffsetSpec, isolation: IsolationLevel
) -> dict[str, int]:
    if not names:
        return {}
    asked = {TopicPartition(name, 0): spec for name in names}
    try:
        answer = admin.list_partition_offsets(asked, isolation_level=isolation)
    except KafkaError as error:
        raise _problem(str(error), names, "Check that the topics exist and all brokers run.") from error
    return {partition.topic: position.offset for partition, position in answer.items()}


def _create(admin: KafkaAdminClient, names: list[str], replication_factor: int) -> None:
    # With three replicas a write counts once two hold it: one broker may go without a loss or a stop.
    configs = {**REQUIRED, "min.insync.replicas": str(max(1, replication_factor - 1))}
    topic = {"num_partitions": 1, "replication_factor": replication_factor, "configs": configs}
    try:
        answer = admin.create_topics(dict.fromkeys(names, topic), raise_errors=False)
    except KafkaError as error:
        raise _problem(str(error), names, "Check that the brokers run and the hub may create topics.") from error
    for made in answer["topics"]:
        # Another process may have made it in the same moment.
        if made["error_code"] not in (0, _ALREADY_EXISTS):
            raise _problem(
                made["error_message"] or for_code(made["error_code"]).__name__,
                [made["name"]],
                "Give the hub's user the right to create topics, or set HUB_KAFKA__REPLICATION_FACTOR "
                "to at most the number of brokers.",
            )


def _verify(admin: KafkaAdminClient, names: list[str]) -> None:
    for topic in admin.describe_topics(names):
        if (count := len(topic["partitions"])) != 1:
            raise _problem(
                f"{count} partitions instead of 1",
                [topic["name"]],
                "The order of a bureau's events would be lost. Make the topic anew under another name, or delete it if empty.",
            )
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs: dict[str, dict[str, Any]] = admin.describe_configs(resources, config_filter="all")["topic"]
    for name, config in configs.items():
        wrong = {key: config[key]["value"] for key, value in REQUIRED.items() if config[key]["value"] != value}
        if wrong:
            need = ", ".join(f"{key}={REQUIRED[key]}" for key in wrong)
            has = ", ".join(f"{key}={value}" for key, value in wrong.items())
            raise _problem(f"{has} instead of {need}", [name], f"Set {need} on the topic with the broker's tools.")


def _problem(what: str, names: Sequence[str], remedy: str) -> RuntimeProblem:
    return RuntimeProblem(f"Topics are not as the hub needs them: {what}.", where=", ".join(names), remedy=remedy)
