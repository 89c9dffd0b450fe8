"""The lesser work, and what all peers share: decode by fastavro, keep each register's latest revision, sum amounts.

That is all that the peers called ``…_sums`` and Kafka Streams do: no facts are kept and no rows are made, so that no list
could be read from them (``peer_fold`` is the work from which one could). They get the quicker of fastavro's two ways: a
copy of the schemas without logical types, so that only the amounts that are summed are turned into numbers.
"""

import io
import json
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import fastavro

from exchange_contracts import registry
from tests.bench.dataset import AMOUNTS


class Told(NamedTuple):
    """What the fold needs of an event."""

    family: str
    bureau: str
    register: str
    revision: int
    amount: int


class _Contract(NamedTuple):
    schema: Any
    family: str
    register: str
    subkey: tuple[str, ...]
    amount: str


def _plain(node: Any) -> Any:
    """Return a schema without logical types, docs and attributes of the hub."""
    if isinstance(node, dict):
        kept = {key: _plain(value) for key, value in node.items() if key in ("type", "name", "namespace", "fields", "items", "values", "default")}
        return kept["type"] if set(kept) == {"type"} and isinstance(kept["type"], str) else kept
    return [_plain(entry) for entry in node] if isinstance(node, list) else node


def _contracts() -> dict[int, _Contract]:
    return {
        contract.schema_id: _Contract(
            fastavro.parse_schema(_plain(contract.schema)), f"{contract.kind}:{contract.register}", contract.register, tuple(contract.subkey),
            AMOUNTS.get(contract.event, ""),
        )
        for contract in registry.load().contracts()
    }  # fmt: skip


def plain_contracts() -> list[dict[str, Any]]:
    """Return the contracts for peers in other languages."""
    return [
        {
            "id": contract.schema_id, "schema": _plain(contract.schema), "family": f"{contract.kind}:{contract.register}",
            "register": contract.register, "subkey": list(contract.subkey), "amount": AMOUNTS.get(contract.event, ""),
        }
        for contract in registry.load().contracts()
    ]  # fmt: skip


_CONTRACTS: dict[int, _Contract] = {}


def told(value: bytes) -> Told | None:
    """Decode a Kafka value; ``None`` for what is no event."""
    if not _CONTRACTS:
        _CONTRACTS.update(_contracts())
    contract = _CONTRACTS.get(int.from_bytes(value[1:5], "big")) if value[:1] == b"\0" else None
    if contract is None:
        return None
    try:
        facts: Any = fastavro.schemaless_reader(io.BytesIO(value[5:]), contract.schema, None)
    except (EOFError, ValueError, IndexError, KeyError, OverflowError):
        return None
    register = contract.register
    if contract.subkey:
        register += ":" + "|".join([str(facts[name]) for name in contract.subkey])
    raw = facts[contract.amount] if contract.amount else b""
    return Told(contract.family, facts["bureau"], register, facts["revision"], int.from_bytes(raw, "big", signed=True))


class Totals:
    """Counts and sums by bureau and family, and the time from the first event to the last."""

    def __init__(self, events: int) -> None:
        self.left = events
        self.events = events
        self.sums: dict[tuple[str, str], list[int]] = {}
        self.began = self.used = 0.0

    def start(self) -> None:
        """Note the time of the first event."""
        self.began, self.used = time.perf_counter(), time.process_time()

    def note(self, bureau: str, family: str, count: int, amount: int) -> None:
        """Add what an event changed."""
        entry = self.sums.setdefault((bureau, family), [0, 0])
        entry[0] += count
        entry[1] += amount

    def report(self) -> None:
        """Print the result as the bench reads it."""
        seconds, cpu = time.perf_counter() - self.began, time.process_time() - self.used
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        figures = [[*name, *entry] for name, entry in sorted(self.sums.items())]
        print(json.dumps({"events": self.events - self.left, "seconds": seconds, "cpu": cpu, "rss": rss, "figures": figures}), flush=True)


def arguments() -> Mapping[str, Any]:
    """What the bench asks for: servers, topics, events, folder."""
    given: Mapping[str, Any] = json.loads(sys.argv[1])
    return given
