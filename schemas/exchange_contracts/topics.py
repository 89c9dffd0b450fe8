"""Names of the hub's Kafka topics: one of events and one of receipts for each bureau of a district."""

import re
from typing import NewType

TopicName = NewType("TopicName", str)
BureauCode = NewType("BureauCode", str)

COORDINATION = BureauCode("coordination")
"""Bureau code under which the coordination office's own decisions are published."""

_CODE = re.compile(r"[a-z][a-z0-9-]{1,39}")
_TOPIC = re.compile(r"hub\.([a-z][a-z0-9-]{1,39})\.([a-z][a-z0-9-]{1,39})\.(events|receipts)")


def _code(value: str) -> str:
    """Return *value* where it may stand in a topic name; a dot in it would make names ambiguous."""
    if not _CODE.fullmatch(value):
        raise ValueError(f"not a district or bureau code: {value!r}")
    return value


def events_topic(district: str, bureau: str) -> TopicName:
    """Return the topic that a bureau publishes to; raise ``ValueError`` for a code that cannot be in a name."""
    return TopicName(f"hub.{_code(district)}.{_code(bureau)}.events")


def receipts_topic(district: str, bureau: str) -> TopicName:
    """Return the topic that a bureau reads its receipts from; raise ``ValueError`` for an impossible code."""
    return TopicName(f"hub.{_code(district)}.{_code(bureau)}.receipts")


def bureau_of(topic: str) -> BureauCode:
    """Return the bureau that a topic belongs to; raise ``ValueError`` where it is no topic of the hub."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise ValueError(f"not a topic of the hub: {topic!r}")
    return BureauCode(match[2])
