"""Who may do what on Kafka: users, and the rights of hub and bureaus, as data.

Rights are literal wherever a name is: a bureau may write its own events and read its own receipts, nothing else. The hub reads the whole district and makes its topics; it writes receipts and the coordination office's decisions, never
a bureau's events, which it could forge otherwise.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from exchange_contracts.topics import COORDINATION, events_topic, receipts_topic


class Right(NamedTuple):
    """One thing that a user may do."""

    kind: Literal["TOPIC", "GROUP"]
    name: str
    operation: str
    prefixed: bool = False


def hub_user(district: str) -> str:
    """Return the user of a district's hub."""
    return f"hub.{district}"


def bureau_user(district: str, bureau: str) -> str:
    """Return the user of a bureau."""
    return f"hub.{district}.{bureau}"


def rights_of_hub(district: str, bureaus: Iterable[str], group: str) -> list[Right]:
    """Return what the hub may do."""
    prefix = f"hub.{district}."
    return [
        *(Right("TOPIC", prefix, operation, prefixed=True) for operation in ("CREATE", "DESCRIBE_CONFIGS", "READ")),
        *(Right("TOPIC", receipts_topic(district, bureau), "WRITE") for bureau in bureaus),
        Right("TOPIC", events_topic(district, COORDINATION), "WRITE"),
        Right("GROUP", group, "READ"),
    ]


def rights_of_bureau(district: str, bureau: str) -> list[Right]:
    """Return what a bureau may do: write its events, read them again (`hub connect replay`), read its receipts, in groups of its own name."""
    events = events_topic(district, bureau)
    return [
        Right("TOPIC", events, "WRITE"), Right("TOPIC", events, "READ"), Right("TOPIC", receipts_topic(district, bureau), "READ"),
        # Connectors use no group; consumers of librdkafka cannot do without. The dot ends the bureau's code.
        Right("GROUP", f"{bureau_user(district, bureau)}.", "READ", prefixed=True),
    ]  # fmt: skip
