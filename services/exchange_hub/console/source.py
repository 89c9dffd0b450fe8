"""What the console reads, as a protocol: one read-only snapshot per request.

A page never sees a connection. The database behind it is one implementation (``console.database``); tests of the
pages bring rows of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, Self

from exchange_hub.programme.calendar import CalendarError
from exchange_hub.programme.district import District
from exchange_hub.reports.model import Report
from exchange_hub.views.taken import Taken

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a list are wanted, and in which order.

    Attributes:
        where: column → accepted values (typed as the column is: money in fen); all conditions hold together.
        text: words that one of the text columns must contain; empty for no such condition.
        order: columns to sort by, ``-name`` for descending; ties are broken by the row's key.
    """

    where: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    text: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """The cell that a bureau's fact came from; *unit* is the unit reported there (元, 万元 or 亿元)."""

    file: str
    sheet: str
    row: int
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one bureau says of the row: one register of its claim.

    Attributes:
        bureau: code of the bureau.
        register: event family, with its sub-key where it has one (``progress:2026-10``).
        revision: the revision that holds.
        event_id: the event that said so.
        facts: field → value, money in fen; empty where the claim was withdrawn.
    """

    bureau: str
    register: str
    revision: int
    event_id: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the log that speaks of the row."""

    topic: str
    offset: int
    event_id: str
    type: str
    bureau: str
    revision: int
    occurred_on: date | None
    arrived_at: datetime | None
    reason: str
    origin: Origin | None
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Trace:
    """A row down to its sources.

    Attributes:
        row: the row.
        claims: the claims it was merged from.
        events: the events behind them, the oldest first.
        taken: whose statement each column is; empty where one bureau alone reports the entity.
    """

    row: Row
    claims: tuple[Claim, ...]
    events: tuple[Event, ...]
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that people should look at; never a verdict.

    Attributes:
        id: derived from rule and subject.
        rule: code of the rule.
        text: what the comparison showed, in Chinese.
        list: list of the row it speaks of, empty where there is none.
        component: component of the rows it speaks of.
        bureaus: bureaus concerned.
        state: 待核实, 属实, 不属实, 政策允许, 数据差错, 无法核实, or 原因已消除… where nobody has closed it yet.
        since: when the comparison first showed it, or the date it speaks of.
        detail: what was compared, code → value (money in fen).
        basis: on what people decided, empty before they did.
    """

    id: str
    rule: str
    text: str
    list: str
    component: str
    bureaus: tuple[str, ...]
    state: str
    since: datetime | date | None
    detail: Mapping[str, object] = field(default_factory=dict)
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not taken, with its place and what the bureau should do."""

    topic: str
    offset: int
    bureau: str
    type: str
    entity_key: str
    outcome: str
    code: str
    reason: str
    arrived_at: datetime | None
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a topic has been taken into the views.

    Attributes:
        topic: name of the topic.
        bureau: code of the bureau whose topic it is.
        next_offset: offset that the store expects next.
        owner: worker that holds the topic, empty where none does.
        moved_at: when the last batch of this topic was committed (UTC), ``None`` before the first.
        seen_at: when the worker that holds the topic last finished a poll (UTC), ``None`` where that is not kept.
        outcomes: outcome → records (accepted, duplicate, rejected, held).
    """

    topic: str
    bureau: str
    next_offset: int
    owner: str
    moved_at: datetime | None
    outcomes: Mapping[str, int]
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What a bureau returned of a list for a month.

    Attributes:
        state: ``confirmed``, ``nil``, ``late`` or ``silent`` (owed and not here); silent is never zero.
        rows: rows confirmed, ``None`` where nothing was.
        due_on: the day by which it is owed, ``None`` where it is not.
    """

    bureau: str
    list: str
    month: str
    state: str
    rows: int | None
    confirmed_on: date | None
    signed_by: str
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows a figure was made of, in the words of its report: list, conditions and measure."""

    list: str
    where: Mapping[str, object]
    measure: str


@dataclass(frozen=True, slots=True)
class FigureRows:
    """Rows behind a figure.

    Attributes:
        rows: the rows, at most as many as were asked for.
        frozen: whether they are as frozen at the close; else they are the live ones, which may have moved on.
    """

    rows: tuple[Row, ...]
    frozen: bool


class Reading(Protocol):
    """One read-only snapshot; every answer belongs to the same moment."""

    def rows(self, list_name: str, selection: Selection, *, limit: int, offset: int = 0) -> list[dict[str, object]]:
        """Return rows with ``row_key``, ``component``, ``bureaus`` and the columns of the catalogue."""
        ...

    def count(self, list_name: str, selection: Selection) -> int:
        """Count the rows of a selection."""
        ...

    def choices(self, list_name: str, columns: Sequence[str]) -> dict[str, list[str]]:
        """Return the distinct values of few-valued text columns, sorted, at most 100 each."""
        ...

    def trace_row(self, list_name: str, row_key: str) -> Trace | None:
        """Return the row with its claims and events, ``None`` where there is no such row."""
        ...

    def figure_rows(self, month: str, question: Question, *, limit: int) -> FigureRows:
        """Return the rows behind a figure of a closed month: as frozen at the close where they are kept."""
        ...

    def findings(self) -> list[Finding]:
        """Return the findings, open ones first."""
        ...

    def rejections(self, bureau: str | None = None, *, limit: int = 1000) -> list[Rejection]:
        """Return rejected and held records, the latest first."""
        ...

    def positions(self) -> list[Position]:
        """Return every topic's position."""
        ...

    def closed_months(self) -> Mapping[str, str]:
        """Return month → time of its close (UTC, ISO) of the months that were closed."""
        ...

    def report(self, month: str) -> Report:
        """Return the report of a closed month as it was closed."""
        ...

    def submissions(self, month: str) -> list[Submission]:
        """Return what is known of the submissions of *month*."""
        ...


class Source(Protocol):
    """Where snapshots come from."""

    def reading(self) -> AbstractContextManager[Reading]:
        """Open a snapshot; it is closed, and its connection given back, at the end of the block."""
        ...


class SourceUnavailableError(Exception):
    """The store does not answer (not started, cut off, or slower than its statement time-out)."""


def _no_calendar(first: date, last: date) -> int | None:
    del first, last
    return None


def _nothing_owed(month: str) -> Mapping[tuple[str, str], date]:
    del month
    return {}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose console this is: words for the screen, from the district's folder.

    Attributes:
        district: name of the district, for example 武清区.
        bureaus: code → short name, in the order in which tables show them.
        owed: month → what is owed for it, (bureau, list) → the day by which; shown as 未报送 until something comes.
        working_days: how many working days lie after the first day up to the last; ``None`` where the calendar ends.
    """

    district: str = ""
    bureaus: Mapping[str, str] = field(default_factory=dict)
    owed: Callable[[str], Mapping[tuple[str, str], date]] = _nothing_owed
    working_days: Callable[[date, date], int | None] = _no_calendar

    @classmethod
    def of(cls, district: District) -> Self:
        """Return the words of *district*."""

        def owed(month: str) -> Mapping[tuple[str, str], date]:
            return {(item.bureau, item.list): item.due_on for item in district.expected(month)}

        def working_days(first: date, last: date) -> int | None:
            try:
                return district.calendar.count(first + timedelta(days=1), last)
            except CalendarError:
                return None

        names = {bureau.code: bureau.name for bureau in district.bureaus}
        return cls(district.name, names, owed, working_days)

    def bureau(self, code: object) -> str:
        """Return the bureau's name, or the code where the district does not know it."""
        return self.bureaus.get(str(code), str(code))
