"""The hub's topics: made with explicit settings, verified, never altered in silence."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from kafka import IsolationLevel, KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import GroupAuthorizationFailedError, KafkaError, for_code

from exchange_connectors.kit.access import Access, UnreachableError, opened
from exchange_hub.runtime.problem import RuntimeProblem
from exchange_hub.runtime.settings import KafkaSettings

log = logging.getLogger(__name__)

# What makes a topic the source of truth: nothing ages out, and arrival is the broker's clock, not a sender's.
_CLOCK = "message.timestamp.type"
REQUIRED = {"retention.ms": "-1", _CLOCK: "LogAppendTime", "cleanup.policy": "delete"}
_UNKNOWN_TOPIC = 3
_DENIED, _CLUSTER_DENIED = 29, 31
_ALREADY_EXISTS = 36
_READY_MS_MAX = 30_000
# By default the pauses grow to 30 s: a broker that is back would go unnoticed for that long.
_RECONNECT_MS_MAX = 500


@contextmanager
def administration(
    bootstrap_servers: str, kafka: KafkaSettings | None = None, *, answer_seconds_max: float = 15.0
) -> Iterator[KafkaAdminClient]:
    """Yield a client of the broker's administration, closed afterwards.

    Args:
        bootstrap_servers: Addresses, comma-separated.
        kafka: How to talk to the broker; without security if omitted.
        answer_seconds_max: Time a broker has to answer.

    Raises:
        RuntimeProblem: if no broker answers.
    """
    found = kafka or KafkaSettings()
    access = Access.of(bootstrap_servers, found)
    try:
        admin = opened(KafkaAdminClient, access, answer_seconds_max, reconnect_backoff_max_ms=_RECONNECT_MS_MAX, **found.client_options())
    except UnreachableError as error:
        raise RuntimeProblem(f"{error.what}.", where=bootstrap_servers, remedy=f"{error.remedy}.") from error
    try:
        yield admin
    finally:
        admin.close()


def ensure_topics(admin: KafkaAdminClient, names: Sequence[str], replication_factor: int = 1) -> dict[str, UUID]:
    """Make the topics that are missing and verify all of them.

    Args:
        admin: A client from `administration`.
        names: The topics; each gets one partition, for life.
        replication_factor: Replicas of a topic that is made.

    Returns:
        Each topic's id, which another topic of the same name never has; without those that this user may not see and
        those of `unfit`, of which the log says what is wrong: they stand still, and all others go on.

    Raises:
        RuntimeProblem: if a topic cannot be made.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    described = describe(admin, wanted)
    visible = [name for name, found in described.items() if found.is_visible]
    missing = [name for name in visible if described[name].id is None]
    if missing:
        _create(admin, missing, replication_factor)
    try:
        admin.wait_for_topics(visible, timeout_ms=_READY_MS_MAX)
    except KafkaError as error:
        raise _problem(str(error), visible, "Check that all brokers run, then start again.") from error
    standing, ageing, hidden = _examined(admin, visible)
    for words in [*_lacks(admin, described, "DESCRIBE").values(), *standing.values(), *ageing, *hidden]:
        log.error("%s", words)
    return {name: topic_id for name, topic_id in topic_ids(admin, visible).items() if topic_id is not None and name not in standing}


def unfit(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, str]:
    """Topic → in words why nothing of it can be taken: its records have no order, or carry their senders' clock.

    One whose records age out is read all the same, the sooner the better.
    """
    return _examined(admin, [name for name, topic in describe(admin, names).items() if topic.id is not None])[0]


class Described(NamedTuple):
    """What the broker tells of a topic.

    Attributes:
        id: its id, ``None`` where there is no such topic or it may not be seen.
        is_visible: whether this user may see whether it exists.
        rights: what this user may do with it, ``None`` where the broker does not tell.
    """

    id: UUID | None
    is_visible: bool
    rights: frozenset[str] | None

    def lacks(self, right: str) -> bool:
        """Tell whether *right* is known to be missing."""
        return not self.is_visible or (self.id is not None and self.rights is not None and right not in self.rights)


def describe(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, Described]:
    """Return each topic, in the order of *names*.

    Raises:
        RuntimeProblem: if the broker answers with an error that is neither of existence nor of rights.
    """
    found: dict[str, Described] = {}
    for topic in admin.describe_topics(list(names)) if names else []:
        if topic["error_code"] not in (0, _UNKNOWN_TOPIC, _DENIED):
            raise _problem(for_code(topic["error_code"]).__name__, [topic["name"]], "See the broker's log.")
        rights = topic["authorized_operations"]
        found[topic["name"]] = Described(
            UUID(str(topic["topic_id"])) if topic["topic_id"] and not topic["error_code"] else None,
            topic["error_code"] != _DENIED,
            None if rights is None else frozenset(rights),
        )
    return {name: found.get(name, Described(None, is_visible=True, rights=None)) for name in names}


def topic_ids(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, UUID | None]:
    """Return each topic's id; None where there is no such topic (or no right to see it)."""
    return {name: topic.id for name, topic in describe(admin, names).items()}


def lacks(admin: KafkaAdminClient, names: Sequence[str], right: str) -> dict[str, str]:
    """Return topic → in words that this user lacks *right* on it, and how it is granted; for those that it may not see as well."""
    return _lacks(admin, describe(admin, names), right)


def group_lack(admin: KafkaAdminClient, group: str) -> str | None:
    """Say that this user may not take part in a consumer group, and how that is granted; None if it may, or nobody knows yet."""
    try:
        rights = admin.describe_groups([group])[group]["authorized_operations"]
    except GroupAuthorizationFailedError:
        rights = ()
    except KafkaError as error:
        log.debug("the right on group %s cannot be asked for: %s", group, error)  # as on a new cluster: no coordinator yet
        return None
    return None if rights is None or "READ" in rights else Access.of_client(admin.config).lack("READ", "group", group)


def end_offsets(admin: KafkaAdminClient, names: Sequence[str], *, committed: bool = True) -> dict[str, int]:
    """Return the offset after each topic's last record.

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
        if made["error_code"] in (_DENIED, _CLUSTER_DENIED):
            lack = Access.of_client(admin.config).lack("CREATE", "topic", made["name"])
            raise _problem("one is missing and may not be made", [made["name"]], f"{lack}.")
        if made["error_code"] not in (0, _ALREADY_EXISTS):
            raise _problem(
                made["error_message"] or for_code(made["error_code"]).__name__,
                [made["name"]],
                "Give the hub's user the right to create topics, or set HUB_KAFKA__REPLICATION_FACTOR "
                "to at most the number of brokers.",
            )


def _lacks(admin: KafkaAdminClient, described: Mapping[str, Described], right: str) -> dict[str, str]:
    access = Access.of_client(admin.config)
    return {name: access.lack(right, "topic", name) for name, topic in described.items() if topic.lacks(right)}


def settings_of(admin: KafkaAdminClient, names: Sequence[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return topic → those of its settings that the hub relies on, and in words which topics' settings may not be seen."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs: dict[str, dict[str, Any]] = admin.describe_configs(resources, config_filter="all")["topic"] if names else {}
    access = Access.of_client(admin.config)
    hidden = [access.lack("DESCRIBE_CONFIGS", "topic", name) for name in names if not configs.get(name)]
    return {name: {key: config[key]["value"] for key in REQUIRED} for name, config in configs.items() if config}, hidden


def _examined(admin: KafkaAdminClient, names: Sequence[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """Return in words which topics nothing can be taken of, whose records age out, and whose settings may not be seen."""
    standing = {
        topic["name"]: f"topic {topic['name']} has {count} partitions instead of 1: the order of its events is lost, and none of them is read; "
        "make it anew under another name, or delete it if it is empty"
        for topic in (admin.describe_topics(list(names)) if names else [])
        if (count := len(topic["partitions"])) > 1
    }  # fmt: skip
    ageing = []
    configs, hidden = settings_of(admin, names)
    for name, config in configs.items():
        wrong = {key: value for key, value in config.items() if value != REQUIRED[key]}
        if wrong:
            need = ", ".join(f"{key}={REQUIRED[key]}" for key in wrong)
            has = ", ".join(f"{key}={value}" for key, value in wrong.items())
            words = f"topic {name} has {has} instead of {need}; set {need} on it with the broker's tools"
            if _CLOCK in wrong:
                standing.setdefault(name, f"{words}, until then none of its events is read")
            else:
                ageing.append(f"{words} before events are lost")
    return standing, ageing, hidden


def _problem(what: str, names: Sequence[str], remedy: str) -> RuntimeProblem:
    return RuntimeProblem(f"Topics are not as the hub needs them: {what}.", where=", ".join(names), remedy=remedy)
