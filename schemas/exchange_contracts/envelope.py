"""Kafka headers: CloudEvents 1.0 attributes in the binary binding, and the W3C trace context.

The value is authoritative. Headers are for tools that do not read Avro; one that says something else than the value
rejects the event, one that is missing says nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from exchange_contracts.model import Event
from exchange_contracts.registry import Contract

TYPE_PREFIX = "cn.exchange."
CONTENT_TYPE = b"application/avro"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Headers = Iterable[tuple[str, bytes]]


@lru_cache(4096)
def source_uri(bureau: str, source: str) -> str:
    """Return the CloudEvents source of a bureau's system: ``/industry/excel``, percent-encoded."""
    return f"/{bureau}/{quote(source, safe='')}"


def headers(event: Event, traceparent: str | None = None) -> list[tuple[str, bytes]]:
    """Return the headers to publish an event with; *traceparent* is the W3C trace context where there is one."""
    time = event.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{event.recorded_at.microsecond // 1000:03d}Z"
    result = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(event.event_id).encode()),
        ("ce_source", source_uri(event.bureau, event.source).encode()),
        ("ce_type", (TYPE_PREFIX + type(event).__name__).encode()),
        ("ce_time", time.encode()),
        ("content-type", CONTENT_TYPE),
    ]
    if traceparent is not None:
        result.append(("traceparent", traceparent.encode()))
    return result


def headers_of(contract: Contract, facts: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """Return the headers to publish facts with: what :func:`headers` gives the event of these facts."""
    specification, source, kind = _shared(contract.event, facts["bureau"], facts["source"])
    second, millis = divmod(facts["recorded_at"], 1000)
    time = _to_second(second) + _MILLIS[millis]
    return [specification, ("ce_id", facts["event_id"].encode()), source, kind, ("ce_time", time), _CONTENT_TYPE_HEADER]


def as_published(kafka_headers: Headers, facts: Mapping[str, Any], contract: Contract) -> bool:
    """Tell whether a record's headers are those that :func:`headers` gives the event, so that nothing disagrees.

    It is the quick way through :func:`disagreement` for what the hub's own kit published; ``False`` says nothing yet.
    """
    own = headers_of(contract, facts)
    return kafka_headers == own or (
        isinstance(kafka_headers, list) and kafka_headers[:-1] == own and kafka_headers[-1][0] == "traceparent"
    )


_CONTENT_TYPE_HEADER = ("content-type", CONTENT_TYPE)
_MILLIS = tuple(f"{millis:03d}Z".encode() for millis in range(1000))


@lru_cache(4096)
def _shared(event: str, bureau: str, source: str) -> tuple[tuple[str, bytes], ...]:
    """Return the headers that all events of one type and source share: version, source and type."""
    shared = _expected(event, bureau, source)
    return tuple((name, shared[name]) for name in ("ce_specversion", "ce_source", "ce_type"))


@lru_cache(65536)
def _to_second(second: int) -> bytes:
    """Return the time of a second since 1970 as ``ce_time`` begins, up to the dot of its milliseconds."""
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.").encode()


def disagreement(
    kafka_headers: Headers,
    facts: Mapping[str, Any],
    contract: Contract,
    *,
    key: bytes | None = None,
    bureau: str | None = None,
) -> str | None:
    """Say in Chinese where a record's surroundings say something else than its value, or ``None``.

    Args:
        kafka_headers: the record's headers as Kafka gives them; unknown ones are not looked at.
        facts: decoded facts of the value.
        contract: contract of the value.
        key: the record's key; it must be the entity key in UTF-8 where it is given.
        bureau: bureau that the record's topic belongs to; it must be the event's own.
    """
    if bureau is not None and facts["bureau"] != bureau:
        return f"消息所在主题属于单位 {bureau}，正文写的是 {facts['bureau']}；单位只能在自己的主题上报送"
    if key is not None and key != facts["entity_key"].encode():
        return "消息键与正文的业务主键 entity_key 不一致"
    expected = _expected(contract.event, facts["bureau"], facts["source"])
    for name, value in kafka_headers:
        if name in _OWN:
            agrees = _agrees(name, value, facts)
        elif name in expected:  # what all events of a source share
            agrees = value == expected[name]
        else:
            continue
        if agrees:
            continue
        shown = value[:80].decode("utf-8", "replace") if isinstance(value, bytes) else ""
        return f"消息头 {name} 为 {shown!r}，与正文不一致"
    return None


@lru_cache(4096)
def _expected(event: str, bureau: str, source: str) -> dict[str, bytes]:
    """Return the CloudEvents headers that all events of one type and source share."""
    return {"ce_specversion": b"1.0", "ce_type": (TYPE_PREFIX + event).encode(), "ce_source": source_uri(bureau, source).encode()}


_OWN = frozenset(("ce_id", "ce_time", "ce_subject"))


def _agrees(name: str, value: bytes | None, facts: Mapping[str, Any]) -> bool:
    """Tell whether a CloudEvents header of the event's own says what the value says."""
    if value is None:
        return False
    if name == "ce_time":
        return _is_time(value, facts["recorded_at"])
    return bool(value == facts["event_id" if name == "ce_id" else "entity_key"].encode())


def _is_time(value: bytes, millis: int) -> bool:
    """Tell whether a text is the RFC 3339 time of *millis* since 1970, cut to milliseconds."""
    try:
        time = datetime.fromisoformat(value.decode("ascii"))
        return (time - _EPOCH) // _MILLISECOND == millis
    except (ValueError, TypeError, OverflowError):
        return False
