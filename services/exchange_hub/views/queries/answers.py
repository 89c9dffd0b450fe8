"""What the store answers: frozen values, money in fen and times in UTC, as it keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal, NamedTuple

from exchange_contracts import cells
from exchange_hub.views.attribution import Attribution
from exchange_hub.views.lists.model import Column

Row = Mapping[str, object]
"""A row of a list: ``row_key``, ``component``, ``bureaus`` and the columns of its catalogue."""

OUTCOMES = ("accepted", "duplicate", "rejected", "held")
TO_VERIFY = "待核实"
CAUSE_GONE = "原因已消除，待复核"


class StoreUnavailableError(Exception):
    """The store does not answer: not started, cut off, or slower than its statement time-out."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a list are wanted, and in which order.

    Attributes:
        where: column → accepted values (typed as the column is: money in fen, ``None`` for empty); all conditions hold together.
        text: words that one of the text columns must contain; empty for no such condition.
        order: columns to sort by, ``-name`` for descending; ties are broken by the row's key.
    """

    where: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    text: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """The row that a bureau's facts came from, with the cell of each.

    Attributes:
        unit: the unit reported there (元, 万元 or 亿元).
        cells: fact → where it was read: ``F12``, ``C12+D12``, ``市级=G12+区级=H12``, ``title``, ``file`` or, of a line of JSON, ``$.amount``.
    """

    file: str
    sheet: str
    row: int
    unit: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: Mapping[str, Any], value: bytes) -> "Origin | None":
        """Read the origin that an event carries, where it carries one; *value* says by which contract it was written."""
        raw = facts.get("origin")
        if raw is None:
            return None
        from exchange_contracts import codec

        found = cells.places(codec.written_with(value), raw["cells"], raw["row"])
        stated = {name: place for name, place in found.items() if facts.get(name) not in (None, "", [], {})}
        return cls(raw["file"], raw["sheet"], raw["row"], raw["unit"] or "", stated)


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the log.

    Attributes:
        topic: name of the topic.
        offset: offset on it.
        event_id: id of the event.
        type: event type.
        bureau: code of the bureau that published it.
        register: event family, with its sub-key where it has one (``progress:2026-10``).
        revision: its revision.
        occurred_on: business date.
        arrived_at: when Kafka took it.
        current: whether the row stands on it; earlier revisions are shown for the record.
        source: connector or program that sent it.
        reason: why it corrects or withdraws, empty where it says nothing.
        origin: file, sheet and row of the bureau's source, where the event carries them.
        facts: what it states, money in fen and days as numbers: to be read by :mod:`exchange_hub.views.facts`.
    """

    topic: str
    offset: int
    event_id: str
    type: str
    bureau: str
    register: str
    revision: int
    occurred_on: date | None
    arrived_at: datetime | None
    current: bool
    source: str
    reason: str
    origin: Origin | None
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Trace:
    """A row down to its sources.

    Attributes:
        row: the row.
        events: the events of the claims it was merged from, the oldest first.
        taken: whose statement each column is; empty where one bureau alone reports the entity.
    """

    row: Row
    events: tuple[Event, ...]
    taken: tuple[Attribution, ...] = ()

    @property
    def claims(self) -> tuple[Event, ...]:
        """What each bureau says now: the event in force of each register."""
        return tuple(event for event in self.events if event.current)


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the values that a finding compares: a bureau's statement, or an amount of the row."""

    column: Column
    value: object
    bureau: str = ""

    @property
    def name(self) -> str:
        """What tells it apart among the others: the bureau, else the column."""
        return self.bureau or self.column.name


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that people should look at; never a verdict.

    Attributes:
        id: derived from rule and subject.
        rule: code of the rule, empty where a reviewed finding holds no longer.
        kind: kind of entity.
        subject: key of the row it speaks of.
        text: what the comparison showed, in Chinese.
        list: list of the row, empty where there is none.
        component: component of the rows, empty for a comparison between entities.
        bureaus: bureaus concerned.
        state: 待核实, 属实, 不属实, 政策允许, 数据差错, 无法核实, or 原因已消除… where nobody has closed it yet.
        basis: on what people decided, empty before they did.
        compared: what was compared.
        rows: keys of the rows that share something.
    """

    id: str
    rule: str
    kind: str
    subject: str
    text: str
    list: str
    component: str
    bureaus: tuple[str, ...]
    state: str
    basis: str = ""
    compared: tuple[Compared, ...] = ()
    rows: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look at it; a cause that has gone does not close it, people do."""
        return self.state in (TO_VERIFY, CAUSE_GONE)


@dataclass(frozen=True, slots=True)
class Looked:
    """The first of the findings, and how many there are.

    Attributes:
        first: findings, open ones first.
        tally: state → how many findings are in it, also of those that are not among the first.
        compared_at: when entities were compared, ``None`` where it was in the snapshot itself.
    """

    first: tuple[Finding, ...]
    tally: Mapping[str, int]
    compared_at: datetime | None = None

    @property
    def open(self) -> int:
        """How many findings somebody still has to look at."""
        return sum(self.tally.get(state, 0) for state in (TO_VERIFY, CAUSE_GONE))


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken: its place, and why.

    Attributes:
        outcome: ``rejected`` or ``held``.
        code: code of the reason; ``held`` for a held event.
        reason: for a rejected record in Chinese, for the bureau; for a held event in English, for operators.
        behind: offset of the earlier event of the same key that a held event waits for.
        type: event type, where its bytes can still be read.
        origin: the cell it came from, where its bytes can still be read.
    """

    topic: str
    offset: int
    bureau: str
    event_id: str | None
    type: str
    entity_key: str
    outcome: Literal["rejected", "held"]
    code: str
    reason: str
    behind: int | None
    arrived_at: datetime
    origin: Origin | None


class Rejected(NamedTuple):
    """How many records of a bureau were rejected for one reason; *reason* is one of those said."""

    bureau: str
    code: str
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class Position:
    """How far a topic has been taken into the views.

    Attributes:
        topic: name of the topic.
        bureau: code of the bureau whose topic it is.
        kafka_topic_id: id of the topic in Kafka when it was claimed.
        next_offset: offset that the store expects next.
        last_offset: offset of the last data record.
        last_arrived_at: when Kafka took that record.
        epoch: counts the claims of the topic.
        owner: worker that holds the topic, empty where none does.
        moved_at: when the last batch of this topic was committed, ``None`` before the first.
        seen_at: when the worker that holds the topic last finished a poll, ``None`` where that is not kept.
        outcomes: outcome → records (accepted, duplicate, rejected, held).
        last_digest: digest of the last data record, by which a log that was replaced is known.
    """

    topic: str
    bureau: str
    kafka_topic_id: str
    next_offset: int
    last_offset: int | None
    last_arrived_at: datetime | None
    epoch: int
    owner: str
    moved_at: datetime | None
    seen_at: datetime | None
    outcomes: Mapping[str, int]
    last_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """The published balance of a topic: what arrived is accepted, duplicate, rejected or held, and nothing is left over."""

    topic: str
    bureau: str
    data_records: int
    skipped: int
    outcomes: Mapping[str, int]

    @property
    def difference(self) -> int:
        """Records that lie nowhere (or twice, if negative); 0 where the balance holds."""
        return self.data_records - sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Submission:
    """What a bureau returned of a list for a month.

    Attributes:
        state: ``confirmed``, ``unsigned`` (stated, and 签发 did not sign), ``nil``, ``late``, ``silent`` (owed and not here) or ``pending``; silent is never zero.
        rows: rows confirmed, ``None`` where nothing was.
        due_on: the day by which it is owed, ``None`` where it is not.
        rows_returned: rows that the bureau's connector sent back and nobody has corrected yet.
        sheets_returned: sheets, so.
    """

    bureau: str
    list: str
    month: str
    state: Literal["confirmed", "unsigned", "nil", "late", "silent", "pending"]
    rows: int | None
    confirmed_on: date | None
    signed_by: str
    due_on: date | None = None
    rows_returned: int = 0
    sheets_returned: int = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """What goes back to a bureau of one workbook, list and month.

    Attributes:
        list: the list, ``None`` where the workbook does not tell.
        month: its month (``YYYY-MM``), ``None`` so.
        causes: kinds of problems, each with how many, in words.
    """

    bureau: str
    list: str | None
    month: str | None
    file: str
    rows_read: int
    rows_returned: int
    sheets_returned: int
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReceiptsWaiting:
    """Receipts that are not published yet, and for how long the oldest has waited."""

    number: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Unfolded:
    """An entity whose statements do not fold together: its rows are missing from the lists."""

    kind: str
    component: str
    reason: str


def arrival(milliseconds: int) -> datetime:
    """Return a LogAppendTime as a time in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
