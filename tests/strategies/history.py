"""Topics as they lie in Kafka, and polls cut from them: every way in which workers may come to read the same records."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from exchange_hub.views.store.positions import Claimed
from exchange_hub.views.worker.driver import Poll
from tests.oracle.outcomes import Said, decoded
from tests.strategies.universe import BUREAUS, SMALL, Item, World, item_of

DISTRICT = "core-test"


def topic_of(bureau: str) -> str:
    """Return the event topic of a bureau."""
    return f"hub.{DISTRICT}.{bureau}.events"


TOPICS: Mapping[str, str] = {topic_of(bureau): bureau for bureau in BUREAUS}


class Lying(NamedTuple):
    """A record on a topic, with the attributes that Kafka's client gives it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    sound: bool


@dataclass
class History:
    """The records of every topic.

    Attributes:
        records: topic → records in offset order; offsets skip one here and there, as control records make them.
    """

    records: dict[str, list[Lying]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, items: Iterable[Item], gaps: Random | None = None) -> "History":
        """Lay items on their topics in their order."""
        history = cls()
        for number, item in enumerate(items):
            lying = history.records[topic_of(item.bureau)]
            skip = 1 if gaps is not None and gaps.random() < 0.1 else 0
            offset = (lying[-1].offset + 1 if lying else 0) + skip
            lying.append(Lying(offset, 1_790_000_000_000 + number, item.key, item.value, item.headers, item.sound))
        return history

    def said(self) -> dict[str, list[Said]]:
        """Return what the oracle reads: bureau → records."""
        return {
            TOPICS[topic]: [decoded(r.offset, r.value) if r.sound and r.value else Said(r.offset, None) for r in records]
            for topic, records in self.records.items()
        }

    def after(self, topic: str, offset: int, count: int) -> list[Lying]:
        """Return at most *count* records from *offset* on."""
        found = [record for record in self.records.get(topic, ()) if record.offset >= offset]
        return found[:count]


@dataclass
class Reader:
    """A worker as the store sees it: its claims and how far it has read."""

    name: str
    claims: dict[str, Claimed] = field(default_factory=dict)
    next: dict[str, int] = field(default_factory=dict)

    def took(self, claimed: Mapping[str, Claimed]) -> None:
        """Begin anew from what the store says."""
        self.claims = dict(claimed)
        self.next = {topic: entry.next_off for topic, entry in claimed.items()}

    def poll(self, history: History, counts: Mapping[str, int]) -> Poll | None:
        """Read on: at most so many records of each topic; ``None`` where nothing lies there."""
        records: dict[str, list[Lying]] = {}
        for topic, count in counts.items():
            if topic in self.claims and (batch := history.after(topic, self.next[topic], count)):
                records[topic] = batch
        if not records:
            return None
        starts = {topic: self.next[topic] for topic in records}
        ends = {topic: batch[-1].offset + 1 for topic, batch in records.items()}
        self.next |= ends
        return Poll(1, {topic: self.claims[topic] for topic in records}, starts, ends, dict(records))


def bulk(seed: int, count: int, *, damage: float = 0.02, repeats: float = 0.05) -> Iterable[Item]:
    """Yield *count* items of a larger world, some of them again; the same for the same seed."""
    choose = Random(seed)
    world = World(entities=max(5, count // 150), revisions=4, tellings=3, months=3)
    seen: list[Item] = []
    for _ in range(count):
        if seen and choose.random() < repeats:
            yield choose.choice(seen)
            continue
        item = item_of(choose.getrandbits(40), world, damage=damage)
        if len(seen) < 20_000:
            seen.append(item)
        else:
            seen[choose.randrange(len(seen))] = item
        yield item


def small(codes: Sequence[int], *, damage: float = 0.05) -> list[Item]:
    """Return the items that codes of a property test stand for."""
    return [item_of(code, SMALL, damage=damage) for code in codes]
