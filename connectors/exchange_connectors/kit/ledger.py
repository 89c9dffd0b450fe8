"""The ledger: what was last stated of each thing, so that only what changed is published, with the right revision.

It is a convenience, never the truth: without it everything is stated once more under a later revision, which the
hub folds to the same views; and it can be rebuilt from the bureau's own topic.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from exchange_connectors.kit.store import Store
from exchange_contracts import codec, registry
from exchange_contracts.keys import normal_key
from exchange_contracts.model import Event

LATER_FORM = {"ProjectAdded": "ProjectChanged", "PolicyListed": "PolicyChanged"}
"""First statement of a thing → the event that later statements are (same facts)."""

_NORMAL = "keys compare by"
"""Entry of the store's notes: the ledger knows the normal forms of its keys."""

_FIRST_FORM = {later: first for first, later in LATER_FORM.items()}
NOT_CONTENT = frozenset(
    {"event_id", "bureau", "source", "entity_key", "revision", "occurred_on", "recorded_at", "origin", "corrects"}
)


class Verdict(StrEnum):
    """What the ledger says of a statement."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    OLDER = "older"
    """Of an earlier period than what was last stated of a thing that has one state only."""


class Slot(NamedTuple):
    """What a statement covers: one register (with its sub-key) of one entity."""

    register: str
    subkey: str
    entity_key: str


class Said(NamedTuple):
    """What a statement covers, and the digest of its content."""

    slot: Slot
    digest: bytes


@dataclass(frozen=True, slots=True)
class Statement:
    """What a bureau says of a thing now, before it is known whether that is news.

    Attributes:
        type: event type in its first form (``ProjectAdded``, never ``ProjectChanged``).
        entity_key: the row's business key.
        facts: the event's fields without event_id, bureau, source, entity_key, revision, recorded_at.
        dated: ``occurred_on`` was stated by the bureau and counts as content; otherwise it was derived from
            the report month and does not.
    """

    type: str
    entity_key: str
    facts: Mapping[str, Any]
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Sound:
    """A statement whose facts are known to keep every rule: an event of them needs no other look.

    Attributes:
        type: event type; none that has a later form.
        facts: as they would be decoded, but for id, revision and time of recording.
        body: canonical JSON of what they state, as :func:`content` gives it.
        occurred_on, dated: as in :class:`Statement`.
    """

    type: str
    slot: Slot
    facts: dict[str, Any]
    body: bytes
    digest: bytes
    occurred_on: date
    dated: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """The ledger's line for a slot."""

    slot: Slot
    revision: int
    digest: bytes
    type: str
    occurred_on: date
    facts: bytes

    def fact(self, name: str) -> Any:
        """Return one fact as JSON holds it (money as text)."""
        return orjson.loads(self.facts).get(name)


def slot_of(type_: str, entity_key: str, facts: Mapping[str, Any]) -> Slot:
    """Return the slot that an event of *type_* about *entity_key* fills."""
    contract = registry.load().latest(type_)
    subkey = "|".join("" if facts.get(name) is None else str(facts[name]) for name in contract.subkey)
    return Slot(contract.family, subkey, entity_key)


def content(type_: str, facts: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of what *facts* state: empty fields and the envelope left out, order of keys fixed."""
    return dumped(said_of(type_, facts))


def said_of(type_: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *facts* state, each in its canonical form; see :func:`content`."""
    kept = {
        name: said
        for name, value in facts.items()
        if value is not None and name not in NOT_CONTENT and (said := canonical(value)) not in (None, [], {})
    }
    kept[""] = _FIRST_FORM.get(type_, type_)  # the register's values of two kinds (listed, withdrawn) differ
    return kept


def dumped(said: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of what was said."""
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def canonical(value: Any) -> Any:
    """Return *value* in the one form that equal statements share (1200 = 1200.00)."""
    match value:
        case Decimal():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): canonical(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [canonical(item) for item in value]
        case None | str() | int() | float():
            return value
    return canonical(value.model_dump()) if hasattr(value, "model_dump") else str(value)


def digest_of(body: bytes) -> bytes:
    """Return the 16-byte digest of canonical content."""
    return hashlib.blake2b(body, digest_size=16).digest()


class Ledger:
    """The ledger's table of a store. Writing happens inside the caller's transaction."""

    def __init__(self, store: Store) -> None:
        self._db = store.connection
        self._unsaved: dict[Slot, Entry] = {}
        self._expected: dict[Slot, Entry | None] = {}
        self._expected_keys: dict[tuple[str, str], str | None] = {}
        if store.meta(_NORMAL) is None:  # a ledger of a version that compared keys as they were said
            with store.transaction():
                self._remember_normal_forms()
                store.set_meta(_NORMAL, "1")

    def entry(self, slot: Slot) -> Entry | None:
        """Return what was last stated for *slot*."""
        if slot in self._unsaved:
            return self._unsaved[slot]
        if slot in self._expected:
            return self._expected[slot]
        row = self._db.execute(
            "select revision, digest, type, occurred_on, facts from entry where register = ? and subkey = ? and entity_key = ?",
            (slot.register, slot.subkey, slot.entity_key),
        ).fetchone()
        return None if row is None else Entry(slot, row[0], row[1], row[2], date.fromisoformat(row[3]), row[4])

    def expect(self, slots: Iterable[Slot]) -> None:
        """Look up at once what is known of some slots and their keys, until something is written."""
        self._expected = dict.fromkeys(slots)
        self._expected_keys = {(slot.register.partition(":")[0], slot.entity_key): None for slot in self._expected}
        of: dict[tuple[str, str], list[str]] = {}
        for slot in self._expected:
            of.setdefault((slot.register, slot.subkey), []).append(slot.entity_key)
        for (register, subkey), keys in of.items():
            marks = ",".join("?" * len(keys))
            rows = self._db.execute(
                "select entity_key, revision, digest, type, occurred_on, facts from entry "
                f"where register = ? and subkey = ? and entity_key in ({marks})",
                (register, subkey, *keys),
            )
            for key, revision, digest, type_, occurred_on, facts in rows:
                slot = Slot(register, subkey, key)
                self._expected[slot] = Entry(slot, revision, digest, type_, date.fromisoformat(occurred_on), facts)
            kind = register.partition(":")[0]
            known = self._db.execute(f"select alias, entity_key from alias where kind = ? and alias in ({marks})", (kind, *keys))
            self._expected_keys |= {(kind, alias): key for alias, key in known}

    def _written_keys(self) -> None:
        """Look keys up again from here on."""
        self._expected_keys = {}

    def register(self, name: str) -> list[Entry]:
        """Return what was last stated of every thing in a register."""
        rows = self._db.execute("select subkey, entity_key, revision, digest, type, occurred_on, facts from entry where register = ?", (name,))
        kept = {
            (slot := Slot(name, subkey, key)): Entry(slot, revision, digest, type_, date.fromisoformat(occurred_on), facts)
            for subkey, key, revision, digest, type_, occurred_on, facts in rows
        }
        return [*(kept | {slot: entry for slot, entry in self._unsaved.items() if slot.register == name}).values()]

    def weigh(self, draft: Event, dated: bool) -> tuple[Verdict, Entry | None]:
        """Say whether *draft* is news, and against which entry; its revision does not matter.

        Args:
            draft: the event as it would be published.
            dated: whether its ``occurred_on`` counts as content (see :class:`Statement`).
        """
        type_, facts = type(draft).__name__, draft.model_dump()
        slot = slot_of(type_, draft.entity_key, facts)
        return self.weigh_said(Said(slot, digest_of(content(type_, facts))), draft.occurred_on, dated)

    def weigh_said(self, said: Said, occurred_on: date, dated: bool) -> tuple[Verdict, Entry | None]:
        """Say the same as :meth:`weigh` of what a statement covers and says, without its event."""
        known = self.entry(said.slot)
        if known is None:
            return Verdict.NEW, None
        if said.digest == known.digest and not (dated and occurred_on != known.occurred_on):
            return Verdict.UNCHANGED, known
        if not dated and not said.slot.subkey and occurred_on < known.occurred_on:
            return Verdict.OLDER, known
        return Verdict.CHANGED, known

    def note(self, event: Event) -> None:
        """Remember *event* as the last statement of its slot, if its revision is the highest so far."""
        type_, facts = type(event).__name__, event.model_dump()
        slot = slot_of(type_, event.entity_key, facts)
        known = self.entry(slot)
        if known is not None and known.revision > event.revision:
            return
        body = content(type_, facts)
        self._unsaved[slot] = Entry(slot, event.revision, digest_of(body), type_, event.occurred_on, body)

    def note_sound(self, sound: Sound, revision: int) -> None:
        """Remember the event of sound facts as :meth:`note` does; *revision* is higher than what is known."""
        self._unsaved[sound.slot] = Entry(sound.slot, revision, sound.digest, sound.type, sound.occurred_on, sound.body)

    @property
    def unsaved(self) -> bool:
        """Whether something was noted and not yet written."""
        return bool(self._unsaved)

    def save(self) -> None:
        """Write what was noted; call inside a transaction."""
        self._expected |= {slot: entry for slot, entry in self._unsaved.items() if slot in self._expected}
        self.remember_aliases(
            (kind, normal, slot.entity_key)
            for slot in self._unsaved
            if (normal := normal_key(kind := slot.register.partition(":")[0], slot.entity_key)) != slot.entity_key
        )
        self._db.executemany(
            "insert or replace into entry values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    e.slot.register,
                    e.slot.subkey,
                    e.slot.entity_key,
                    e.revision,
                    e.digest,
                    e.type,
                    e.occurred_on.isoformat(),
                    e.facts,
                )
                for e in self._unsaved.values()
            ],
        )
        self._unsaved.clear()

    def entity_key(self, kind: str, candidates: Iterable[str]) -> str | None:
        """Return the key under which the first known of *candidates* is stated, else the first one's normal form.

        A project first reported under its internal number keeps that key when it gets its project code; so does what was
        first stated in another spelling: keys compare by their normal form.
        """
        candidates = [candidate for candidate in candidates if candidate]
        for candidate in candidates:
            for alias in dict.fromkeys((candidate, normal_key(kind, candidate))):
                if (kind, alias) in self._expected_keys:
                    known = self._expected_keys[kind, alias]
                else:
                    row = self._db.execute("select entity_key from alias where kind = ? and alias = ?", (kind, alias)).fetchone()
                    known = None if row is None else str(row[0])
                if known is not None:
                    return known
        return normal_key(kind, candidates[0]) if candidates else None

    def remember_aliases(self, pairs: Iterable[tuple[str, str, str]]) -> None:
        """Remember (kind, alias, entity_key) and each alias's normal form; the first key an alias was seen with stays."""
        given = list(pairs)
        if given:
            self._written_keys()
        spelt = [(kind, normal, key) for kind, alias, key in given if (normal := normal_key(kind, alias)) != alias]
        self._db.executemany("insert or ignore into alias values (?, ?, ?)", [*given, *spelt])

    def _remember_normal_forms(self) -> None:
        """Remember the normal forms of the keys and aliases that are known; one that is a known key itself names that."""
        rows = self._db.execute("select distinct register, entity_key from entry").fetchall()
        known = {(register.partition(":")[0], key) for register, key in rows}
        aliases = self._db.execute("select kind, alias, entity_key from alias").fetchall()
        spelt = [(kind, normal_key(kind, key), key) for kind, key in sorted(known)]
        spelt += [(kind, normal_key(kind, alias), key) for kind, alias, key in aliases]
        named = [each for each in spelt if each[:2] not in known]
        self._db.executemany("insert or ignore into alias values (?, ?, ?)", named)

    def memo(self, kind: str, key: str) -> str | None:
        """Return a remembered value (such as the name last seen with a credit code)."""
        row = self._db.execute("select value from memo where kind = ? and key = ?", (kind, key)).fetchone()
        return row[0] if row else None

    def remember(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Remember (kind, key, value) for :meth:`memo`."""
        self._db.executemany("insert or replace into memo values (?, ?, ?)", list(rows))

    def clear(self) -> None:
        """Forget entries and aliases; call inside a transaction, before a rebuild."""
        self._unsaved.clear()
        self._expected.clear()
        self._expected_keys.clear()
        self._db.execute("delete from entry")
        self._db.execute("delete from alias")

    def rebuild(self, values: Iterable[bytes], alias_fields: Mapping[str, tuple[str, ...]]) -> int:
        """Note every readable event of the bureau's topic; return how many there were.

        Args:
            values: the events' bytes in the topic's order.
            alias_fields: kind → fields whose values name the same thing as its key.
        """
        count = 0
        aliases: list[tuple[str, str, str]] = []
        for value in values:
            try:
                event = codec.decode(value)
            except codec.DecodeError:
                continue  # the hub has rejected it; it states nothing
            self.note(event)
            kind = type(event).family.partition(":")[0]
            named = (getattr(event, name, None) for name in alias_fields.get(kind, ()))
            aliases += [(kind, str(value_of), event.entity_key) for value_of in named if value_of]
            count += 1
        self.save()
        self.remember_aliases(aliases)
        return count
