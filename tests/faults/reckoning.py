"""What a run is measured by: the store against the oracle, and what Kafka acknowledged against both."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.oracle.compare import Verdict

Measures = dict[str, Any]


class Record(NamedTuple):
    """A record's content."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Acknowledged(NamedTuple):
    """A record that a broker acknowledged; its offset is below 0 where the answer named none."""

    topic: str
    offset: int
    record: Record


#: What each reckoning counts and what must be 0 after every fault.
ZEROES = ("lost", "doubled", "wrong", "wrong_outcomes", "wrong_findings", "gone", "unbalanced")


@dataclass(frozen=True)
class Reckoning:
    """A store compared with the oracle.

    Attributes:
        verdict: rows, findings and outcomes.
        gone: acknowledged records that are not in Kafka or not in the store, in words.
        unbalanced: what does not hold of the published balance, in words.
        events: data records that lie in Kafka.
        acknowledged: records that brokers acknowledged.
    """

    verdict: Verdict
    gone: Sequence[str]
    unbalanced: Sequence[str]
    events: int
    acknowledged: int

    @property
    def right(self) -> bool:
        """Whether nothing differs."""
        return self.verdict.right and not self.gone and not self.unbalanced

    def __str__(self) -> str:
        further = (f"{len(found)} {name}" + "".join(f"\n    {line}" for line in found[:8])
                   for name, found in (("gone", self.gone), ("unbalanced", self.unbalanced)))  # fmt: skip
        return "; ".join((str(self.verdict), *further))

    def measures(self) -> Measures:
        """Return the counts by name."""
        found = self.verdict
        numbers = (found.lost, found.doubled, found.wrong, found.outcomes, found.findings, self.gone, self.unbalanced)
        return {"events": self.events, "acknowledged": self.acknowledged, "rows": found.rows} | {
            name: len(lines) for name, lines in zip(ZEROES, numbers, strict=True)
        }


def gone(
    acknowledged: Collection[Acknowledged], lying: Mapping[tuple[str, int], Record], stored: Collection[tuple[str, int]]
) -> list[str]:
    """Tell which acknowledged records are missing.

    Args:
        acknowledged: what brokers acknowledged.
        lying: (topic, offset) → what lies in Kafka now.
        stored: (topic, offset) of the records whose outcome the store knows.
    """
    found = []
    for topic, offset, record in acknowledged:
        if offset >= 0 and lying.get((topic, offset)) != record:
            found.append(f"{topic} {offset}: acknowledged, and another record or none lies in Kafka")
        elif offset >= 0 and (topic, offset) not in stored:
            found.append(f"{topic} {offset}: acknowledged, and not in the store")
    # Where the answer named no offset the record may lie anywhere on its topic, as often as it was acknowledged.
    wanted = Counter((topic, record) for topic, _, record in acknowledged)
    there = Counter((place[0], record) for place, record in lying.items() if place in stored)
    nameless = {(topic, record) for topic, offset, record in acknowledged if offset < 0}
    return found + [
        f"{topic}: acknowledged {wanted[topic, record]} times, found {there[topic, record]} times: {record.key!r}"
        for topic, record in nameless if there[topic, record] < wanted[topic, record]
    ]  # fmt: skip
