"""The store as a source: read-only transactions, one snapshot each, bounded in time and number.

The readers are those of ``views.read``, ``reports.trace`` and the list tables; this module only opens the snapshot,
asks them and turns their answers into the console's own values.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from time import monotonic
from typing import Any

import psycopg
import sqlalchemy as sa

from exchange_contracts import codec
from exchange_hub.console.query import QueryError
from exchange_hub.console.source import (
    Claim,
    Event,
    FigureRows,
    Finding,
    Origin,
    Position,
    Question,
    Rejection,
    Selection,
    SourceUnavailableError,
    Submission,
    Trace,
)
from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.reports.model import Report
from exchange_hub.reports.model import Source as FigureSource
from exchange_hub.reports.sql import lists_of
from exchange_hub.reports.trace import rows_of
from exchange_hub.views import read
from exchange_hub.views.lists import BY_NAME, KINDS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.tables import LIVE, list_table

STATEMENT_TIMEOUT_MS = 10_000
"""No page may hold the store longer than this with one statement."""

CONNECTIONS_MAX = 8
WAIT_SECONDS_MAX = 5
CHOICES_SECONDS_MAX = 30
"""Scanning a large list for its distinct values costs more than a page of it; drop-downs may be this old."""

_CHOICES_MAX = 100
_FOUND_MAX = 20_000
_CONNECT_SECONDS_MAX = 5
_HELD = "事件已保存，待系统处理后自动计入，无须重报。"
_STATES = {"已确认": "confirmed", "零报告": "nil"}


class DatabaseSource:
    """Snapshots of a PostgreSQL store; connects with the first request, keeps at most eight connections.

    Args:
        url: libpq connection string or URL of the store, best of a role that may only read.
        rules: the district's precedence, by which rows were folded.
        schema: views schema to read.
    """

    def __init__(self, url: str, rules: FoldRules, schema: str = LIVE) -> None:
        self._rules = rules
        self._schema = schema
        self._choices = _Choices()
        self._engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=lambda: _connect(url),
            pool_size=CONNECTIONS_MAX, max_overflow=0, pool_timeout=WAIT_SECONDS_MAX, pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
        )  # fmt: skip

    @contextmanager
    def reading(self) -> Iterator["DatabaseReading"]:
        """Open a read-only REPEATABLE READ transaction; nothing that a page does can write.

        Raises:
            SourceUnavailableError: no connection in time, the connection broke, or a statement took too long.
        """
        try:
            with self._engine.connect().execution_options(postgresql_readonly=True) as conn:
                driver = conn.connection.driver_connection
                if not isinstance(driver, psycopg.Connection):
                    raise SourceUnavailableError("the pool gave no connection")
                snapshot.hold(conn, self._schema)
                yield DatabaseReading(conn, driver, self._rules, self._schema, self._choices)
        except sa.exc.DBAPIError as error:
            raise SourceUnavailableError(str(error.orig)) from error
        except (sa.exc.TimeoutError, psycopg.Error) as error:
            raise SourceUnavailableError(str(error)) from error

    def close(self) -> None:
        """Give the connections back to the server."""
        self._engine.dispose()


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(
        url, application_name="hub console", connect_timeout=_CONNECT_SECONDS_MAX,
        options=f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=60000 "
        "-c default_transaction_read_only=on -c timezone=UTC -c datestyle=ISO",
    )  # fmt: skip


class _Choices:
    """Distinct values by list and columns, each kept for a while; assignments of whole entries need no lock."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, tuple[str, ...]], tuple[float, dict[str, list[str]]]] = {}

    def get(self, key: tuple[str, tuple[str, ...]]) -> dict[str, list[str]] | None:
        until, found = self._entries.get(key, (0.0, {}))
        return found if monotonic() < until else None

    def put(self, key: tuple[str, tuple[str, ...]], found: dict[str, list[str]]) -> None:
        self._entries[key] = (monotonic() + CHOICES_SECONDS_MAX, found)


@dataclass(frozen=True, slots=True)
class DatabaseReading:
    """One snapshot; see ``console.source.Reading``."""

    conn: sa.Connection
    driver: psycopg.Connection
    rules: FoldRules
    schema: str
    kept: "_Choices"

    def rows(self, list_name: str, selection: Selection, *, limit: int, offset: int = 0) -> list[dict[str, object]]:
        """Return rows of a list."""
        where = self._where(list_name, selection)
        order = (*selection.order, "row_key")
        return read.rows(self.driver, list_name, where, schema=self.schema, order=order, limit=limit, offset=offset)

    def count(self, list_name: str, selection: Selection) -> int:
        """Count the rows of a selection."""
        return read.count(self.driver, list_name, self._where(list_name, selection), schema=self.schema)

    def choices(self, list_name: str, columns: Sequence[str]) -> dict[str, list[str]]:
        """Return the distinct values of columns, at most half a minute old: they fill drop-downs, not figures."""
        key = (list_name, tuple(columns))
        found = self.kept.get(key)
        if found is None:
            found = self._distinct(list_name, columns) if columns else {}
            self.kept.put(key, found)
        return found

    def _distinct(self, list_name: str, columns: Sequence[str]) -> dict[str, list[str]]:
        table = self._table(list_name)
        distinct = [
            sa.select(sa.literal(name).label("name"), sa.cast(table.c[name], sa.Text()).label("value"))
            .where(table.c[name].is_not(None)).distinct().limit(_CHOICES_MAX)
            for name in columns
        ]  # fmt: skip
        found: dict[str, list[str]] = {name: [] for name in columns}
        for name, value in self.conn.execute(sa.union_all(*(part.subquery().select() for part in distinct))):
            found[name].append(value)
        return {name: sorted(values) for name, values in found.items()}

    def trace_row(self, list_name: str, row_key: str) -> Trace | None:
        """Return a row with its claims, whose each column is, and its events in the order of their arrival."""
        try:
            found = read.trace_row(self.driver, list_name, row_key, schema=self.schema)
        except KeyError:
            return None
        events = sorted(found.events, key=lambda event: (event.arrived_ms, event.topic, event.off))
        claims = tuple(
            Claim(event.bureau, event.register, event.revision, event.event_id, event.facts)
            for event in events
            if event.current
        )
        taken = read.taken_from(self.driver, list_name, found.row, self.rules, schema=self.schema)
        return Trace(found.row, claims, tuple(_event(event) for event in events), tuple(taken))

    def figure_rows(self, month: str, question: Question, *, limit: int) -> FigureRows:
        """Return the rows behind a figure, frozen ones where the close kept them."""
        kept = self.closed_months().get(month) is not None
        lists = snapshot.lists_closed(snapshot.stored(self.conn, month)) if kept else lists_of(self.schema)
        source = FigureSource(question.list, question.where, question.measure, 0)
        return FigureRows(tuple(rows_of(self.conn, source, lists, limit)), kept)

    def findings(self) -> list[Finding]:
        """Return the findings, open ones first."""
        found = [_finding(row) for row in read.findings(self.driver, schema=self.schema)]
        return sorted(found, key=lambda finding: finding.state not in ("", "待核实"))

    def rejections(self, bureau: str | None = None, *, limit: int = 1000) -> list[Rejection]:
        """Return rejected and held records, the latest first, with what can still be read of each."""
        found = [("rejected", row) for row in read.rejections(self.driver, bureau, limit)]
        found += [("held", row) for row in read.held(self.driver, bureau, limit)]
        found.sort(key=lambda item: (-item[1]["arrived_ms"], item[1]["topic"], -item[1]["off"]))
        places = [(row["topic"], row["off"]) for _, row in found[:limit]]
        bytes_kept = {**self._values("rejection", places), **self._values("held", places)}
        return [_rejection(outcome, row, bytes_kept.get((row["topic"], row["off"]))) for outcome, row in found[:limit]]

    def positions(self) -> list[Position]:
        """Return every topic's position."""
        return [
            Position(
                topic=row["topic"],
                bureau=row["bureau"],
                next_offset=row["next_off"],
                owner=row["owner"],
                moved_at=row["moved_at"],
                outcomes={name: row[name] for name in ("accepted", "duplicate", "rejected", "held")},
                seen_at=row.get("seen_at"),
            )
            for row in read.positions(self.driver)
        ]

    def closed_months(self) -> Mapping[str, str]:
        """Return month → time of its close; a store in which nothing was ever closed has none."""
        if not snapshot.exists(self.conn, f"{tables.month.schema}.{tables.month.name}"):
            return {}
        kept = tables.month.c
        chosen = sa.select(kept.month, kept.closed_at).where(kept.closed_at.is_not(None))
        return {month: closed_at.isoformat() for month, closed_at in self.conn.execute(chosen)}

    def report(self, month: str) -> Report:
        """Return the report of a closed month, read from its row and not worked out again."""
        return snapshot.decode(snapshot.stored(self.conn, month))

    def submissions(self, month: str) -> list[Submission]:
        """Return what bureaus confirmed or returned as nil for *month*."""
        return [
            Submission(
                bureau=str(row["bureau"]),
                list=str(row["list"]),
                month=str(row["month"]),
                state=_STATES.get(str(row["state"]), str(row["state"])),
                rows=row["rows"],
                confirmed_on=row["confirmed_on"],
                signed_by=row["signed_by"] or "",
            )
            for row in read.submissions(self.driver, month, schema=self.schema)
        ]

    def _table(self, list_name: str) -> sa.Table:
        return list_table(BY_NAME[list_name], self.schema, sa.MetaData())

    def _where(self, list_name: str, selection: Selection) -> dict[str, object]:
        """Return the condition as ``views.read`` takes it; words and multi-valued columns become a set of rows."""
        view = BY_NAME[list_name]
        many = {column.name for column in view.columns if column.type == "texts"} & selection.where.keys()
        where: dict[str, object] = {name: wanted for name, wanted in selection.where.items() if name not in many}
        if not selection.text and not many:
            return where
        table = self._table(list_name)
        asked = sa.select(table.c.row_key).where(*(table.c[name].overlap(list(selection.where[name])) for name in many))
        if selection.text:
            texts = [table.c[column.name] for column in view.columns if column.type == "text"]
            words = sa.func.concat_ws("\n", table.c.row_key, *texts)
            asked = asked.where(words.icontains(selection.text, autoescape=True))
        keys = self.conn.execute(asked.limit(_FOUND_MAX + 1)).scalars().all()
        if len(keys) > _FOUND_MAX:
            raise QueryError(f"符合的行超过 {_FOUND_MAX:,} 行，请输入更具体的关键字。")
        return {**where, "row_key": tuple(keys)}

    def _values(self, table: str, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], bytes | None]:
        """Return the bytes kept of records by their place."""
        topics, offsets = [topic for topic, _ in places], [offset for _, offset in places]
        found = self.driver.execute(
            f"""SELECT t.name, r.off, r.value FROM unnest(%s::text[], %s::bigint[]) AS p(name, off)
                JOIN log.topic t ON t.name = p.name
                JOIN log.{table} r ON r.topic_no = t.topic_no AND r.off = p.off""".encode(),
            (topics, offsets),
        ).fetchall()
        return {(topic, offset): value for topic, offset, value in found}


def _event(found: read.EventSource) -> Event:
    return Event(
        topic=found.topic,
        offset=found.off,
        event_id=found.event_id,
        type=found.event,
        bureau=found.bureau,
        revision=found.revision,
        occurred_on=found.occurred_on,
        arrived_at=_time(found.arrived_ms),
        reason=str(found.facts.get("reason") or ""),
        origin=_origin(found.origin),
        facts=found.facts,
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    kind = KINDS.get(row["kind"])
    detail = row["detail"] if isinstance(row["detail"], Mapping) else {}
    since = detail.get("since") or detail.get("on")
    return Finding(
        id=row["finding_id"],
        rule=row["rule"],
        text=row["words"],
        list=kind.list_names[0] if kind and kind.lists else "",
        component=row["component"],
        bureaus=tuple(row["bureaus"]),
        state=str(row.get("state") or "待核实"),
        since=date.fromisoformat(since) if isinstance(since, str) else None,
        detail=detail,
        basis=str(row.get("basis") or ""),
    )


def _rejection(outcome: str, row: Mapping[str, Any], value: bytes | None) -> Rejection:
    event, origin = _readable(value)
    return Rejection(
        topic=row["topic"],
        offset=row["off"],
        bureau=row["bureau"],
        type=event,
        entity_key=row["entity"] or "",
        outcome=outcome,
        code=row.get("code") or "held",
        # What holds an event is said in English, to operators; the bureau has nothing to do.
        reason=row["reason"] if outcome == "rejected" else _HELD,
        arrived_at=_time(row["arrived_ms"]),
        origin=origin,
    )


def _readable(value: bytes | None) -> tuple[str, Origin | None]:
    """Return event type and origin of a record that was not taken, where its bytes still decode."""
    if value is None:
        return "", None
    try:
        contract, facts = codec.decode_facts(value)
    except codec.DecodeError:
        return "", None
    return contract.event, _origin(facts.get("origin"))


def _origin(raw: object) -> Origin | None:
    if not isinstance(raw, Mapping):
        return None
    return Origin(str(raw["file"]), str(raw["sheet"]), int(str(raw["row"])), str(raw.get("unit") or ""))


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
