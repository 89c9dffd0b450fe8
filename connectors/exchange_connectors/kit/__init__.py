"""The publishing kit: what any system of a bureau needs to publish events and read receipts."""

from exchange_connectors.kit.errors import (
    ConfigError,
    ConnectorError,
    NotReadyError,
    PublishError,
    RefusedError,
    SpoolBusyError,
)
from exchange_connectors.kit.ledger import Ledger, Statement, Verdict
from exchange_connectors.kit.money import MoneyError, Unit, Yuan, to_yuan
from exchange_connectors.kit.publisher import Offered, Publisher
from exchange_connectors.kit.receipts import Exceptional, Outcomes

__all__ = [
    "ConfigError",
    "ConnectorError",
    "Exceptional",
    "Ledger",
    "MoneyError",
    "NotReadyError",
    "Offered",
    "Outcomes",
    "PublishError",
    "Publisher",
    "RefusedError",
    "SpoolBusyError",
    "Statement",
    "Unit",
    "Verdict",
    "Yuan",
    "to_yuan",
]
