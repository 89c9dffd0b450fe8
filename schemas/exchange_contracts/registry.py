"""The contracts as a registry: schema ids from the lock file, the latest version of each event, one digest.

The ``.avsc`` files and ``registry.lock.json`` in this package are the registry; an external one may be seeded from
them, never the other way round.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NewType

from exchange_contracts.shape import Field, fields_of

SchemaId = NewType("SchemaId", int)
EventName = NewType("EventName", str)

LOCK_FILE = "registry.lock.json"


class RegistryError(Exception):
    """The lock file and the schemas do not belong together."""


@dataclass(frozen=True, slots=True)
class LockEntry:
    """One line of the lock file; *sha256* is that of the schema's canonical form."""

    id: int
    event: str
    version: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """One version of an event contract.

    Attributes:
        event: event name, the record's name.
        version: counts from 1.
        schema_id: id on the wire.
        kind: what the event speaks of (``project``, ``fund``, …).
        register: register family within the kind; with *subkey* it names the register that a revision replaces.
        subkey: fields whose values complete the register.
        withdraws: whether the event takes the register's statement back.
        requires: optional common fields that this event must fill.
        schema: the Avro schema as written.
        fields: the schema's fields, read.
        money_fields: fields whose decoded fact is a whole number of fen.
        money_maps: fields whose decoded fact maps a text to fen.
        quantity_fields: fields whose decoded fact is a ``Decimal`` with four places.
        defaults: field → default, as decoded facts show it.
    """

    event: EventName
    version: int
    schema_id: SchemaId
    kind: str
    register: str
    subkey: tuple[str, ...]
    withdraws: bool
    requires: tuple[str, ...]
    schema: Mapping[str, Any]
    fields: tuple[Field, ...]
    money_fields: tuple[str, ...]
    money_maps: tuple[str, ...]
    quantity_fields: tuple[str, ...]
    defaults: Mapping[str, Any]

    @property
    def family(self) -> str:
        """Register family as it enters an event id: the kind is part of it, so two kinds never share an id."""
        return f"{self.kind}:{self.register}"

    @property
    def doc(self) -> str:
        """What the event states, in Chinese."""
        return str(self.schema["doc"])


class Registry:
    """All contracts by id and by event; see :func:`load`."""

    def __init__(self, contracts: tuple[Contract, ...], codelists: Mapping[str, tuple[str, ...]], digest: str) -> None:
        self._by_id = {contract.schema_id: contract for contract in contracts}
        self._latest: dict[str, Contract] = {}
        for contract in sorted(contracts, key=lambda each: each.version):
            self._latest[contract.event] = contract
        self.codelists = codelists
        self.digest = digest

    def by_id(self, schema_id: int) -> Contract:
        """Return the contract with this wire id; raise ``KeyError`` where there is none."""
        return self._by_id[SchemaId(schema_id)]

    def latest(self, event_name: str) -> Contract:
        """Return the newest version of an event's contract; raise ``KeyError`` where there is no such event."""
        return self._latest[event_name]

    def contracts(self) -> tuple[Contract, ...]:
        """Return the newest contract of every event, in the lock file's order of ids."""
        return tuple(sorted(self._latest.values(), key=lambda each: each.schema_id))

    def versions(self) -> tuple[Contract, ...]:
        """Return every contract version, in order of ids."""
        return tuple(self._by_id[key] for key in sorted(self._by_id))


def folder() -> Traversable:
    """Return the package folder that holds ``avro/``, the code lists and the lock file."""
    return files("exchange_contracts")


def canonical_sha256(schema: Mapping[str, Any]) -> str:
    """Return the digest of a schema's canonical form: everything but its ``doc`` texts, which may be improved."""
    text = json.dumps(_without_doc(schema), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_doc(node: Any) -> Any:
    """Return the JSON value without any object's ``doc`` text."""
    if isinstance(node, dict):
        return {key: _without_doc(value) for key, value in node.items() if key != "doc" or not isinstance(value, str)}
    if isinstance(node, list):
        return [_without_doc(value) for value in node]
    return node


def read_lock(root: Traversable) -> tuple[LockEntry, ...]:
    """Read the lock file's entries in order."""
    return tuple(LockEntry(**entry) for entry in json.loads(root.joinpath(LOCK_FILE).read_text(encoding="utf-8")))


def read_codelists(root: Traversable) -> dict[str, tuple[str, ...]]:
    """Read the code lists: name → allowed values in display order."""
    lists = json.loads(root.joinpath("codelists.json").read_text(encoding="utf-8"))
    return {name: tuple(values) for name, values in lists.items()}


def read_schemas(root: Traversable) -> dict[str, dict[str, Any]]:
    """Read the newest schema of every event, by event name."""
    schemas = {}
    for path in sorted(root.joinpath("avro").iterdir(), key=lambda each: each.name):
        if path.name.endswith(".avsc"):
            schemas[path.name.removesuffix(".avsc")] = json.loads(path.read_text(encoding="utf-8"))
    return schemas


def read_version(root: Traversable, event: str, version: int) -> dict[str, Any]:
    """Read a past version of an event's schema from ``avro/history``."""
    path = root.joinpath("avro", "history", f"{event}.v{version}.avsc")
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def contract_of(entry: LockEntry, schema: Mapping[str, Any]) -> Contract:
    """Return the contract that a lock entry and its schema make."""
    hub = schema["hub"]
    fields = tuple(fields_of(schema))
    inner_money = tuple(f.name for f in fields if f.shape.inner is not None and f.shape.inner.meaning == "money")
    return Contract(
        event=EventName(entry.event),
        version=entry.version,
        schema_id=SchemaId(entry.id),
        kind=hub["kind"],
        register=hub["register"],
        subkey=tuple(hub["subkey"]),
        withdraws=hub["withdraws"],
        requires=tuple(hub.get("requires", ())),
        schema=schema,
        fields=fields,
        money_fields=tuple(f.name for f in fields if f.shape.meaning == "money"),
        money_maps=inner_money,
        quantity_fields=tuple(f.name for f in fields if f.shape.meaning == "quantity"),
        defaults={f.name: f.default for f in fields if f.has_default},
    )


def build(root: Traversable) -> Registry:
    """Build the registry of the package folder *root*.

    Raises:
        RegistryError: a schema differs from its lock entry, or one of them is missing.
    """
    entries = read_lock(root)
    newest = {entry.event: entry.version for entry in entries}
    current = read_schemas(root)
    if set(newest) != set(current):
        raise RegistryError(f"lock file and schemas differ: {sorted(set(newest) ^ set(current))}")
    contracts = []
    for entry in entries:
        is_newest = entry.version == newest[entry.event]
        schema = current[entry.event] if is_newest else read_version(root, entry.event, entry.version)
        if canonical_sha256(schema) != entry.sha256:
            raise RegistryError(
                f"{entry.event} v{entry.version} is not what {LOCK_FILE} records; see `hub contracts check`"
            )
        contracts.append(contract_of(entry, schema))
    codelists = read_codelists(root)
    return Registry(tuple(contracts), codelists, _digest(entries, codelists))


def _digest(entries: tuple[LockEntry, ...], codelists: Mapping[str, tuple[str, ...]]) -> str:
    """Return the digest of all contracts and code lists, a part of every view's stamp."""
    parts = [[entry.id, entry.event, entry.version, entry.sha256] for entry in entries]
    text = json.dumps([parts, codelists], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def load() -> Registry:
    """Return the registry of the installed contracts, read once per process."""
    return build(folder())
