"""Restatement: what the figures of a closed month would be now, and why. The closed figures never change.

Both sides speak as of the same day, so that stocks are compared like flows. Of a month that was closed by all that was said when it
closed, only figures that dated rows decide are compared (see ``restates``). Rows explain a change: those that came, went or read
differently since the close and that the figure counts, before or now.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, get_args

import sqlalchemy as sa

from exchange_hub.programme.definitions import NONE, Definition, Stated
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import cubes, definitions, kinds
from exchange_hub.programme.labels import kind_of
from exchange_hub.reports.catalogue import EntryChange, entry_changes, present
from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.reports.closed.causes import BY_STAMP, ChangedRows
from exchange_hub.reports.closed.explain import Change, ChangedRow, Explanation
from exchange_hub.reports.closed.snapshot import cursor_of
from exchange_hub.reports.closed.standing import Standing, nothing
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.gather import read
from exchange_hub.reports.inputs import with_codes
from exchange_hub.reports.model import Adjustment, Cause, Contribution, Figure, Report
from exchange_hub.reports.owed import Owed
from exchange_hub.reports.render.json_report import figures_digest
from exchange_hub.reports.sql import lists_of
from exchange_hub.views.dated import CloseAt, dated, since
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.store.commit import Context
from exchange_hub.views.tables import LIVE

_CAUSES: tuple[Cause, ...] = get_args(Cause)
_OF_METHOD: tuple[Cause, ...] = ("口径修正",)
NOT_THEN, NOT_NOW = "结账时无此指标", "现无此指标"
"""What stands in place of a value on the side on which there is no such figure."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that arrived after the cut and speaks of a changed row."""

    topic: str
    offset: int
    event_id: str
    register: str
    bureau: str
    occurred_on: date
    arrived_ms: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A closed month beside what it would be now.

    Attributes:
        month: the closed month.
        adjustments: the figures that would be others, in the order of the report.
        figures_digest: SHA-256 of all figures as they would be now.
        rows: the changed rows that explain the adjustments, at most ``explain.ROWS_MAX`` a figure.
        entries: lists and columns that came or went since the close; rows are compared by what both sides have.
    """

    month: str
    adjustments: tuple[Adjustment, ...]
    figures_digest: str
    rows: tuple[ChangedRow, ...] = ()
    entries: tuple[EntryChange, ...] = ()

    @property
    def causes(self) -> tuple[Cause, ...]:
        """All causes, in the order of the code list."""
        found = {cause for change in self.adjustments for cause in change.causes}
        return tuple(cause for cause in _CAUSES if cause in found)


def compare(
    conn: sa.Connection,
    district: District,
    month: str,
    schema: str = LIVE,
    *,
    context: Context | None = None,
    whole: bool = False,
    told: Mapping[str, Decimal | None] = MappingProxyType({}),
) -> Comparison:
    """Compare a closed month with what it would be now.

    Where the rules are those of the close, only what was touched since is folded anew and looked at; see ``views.dated.since``.

    Args:
        conn: a connection in a transaction.
        district: the district's data as it is now.
        month: the closed month.
        schema: views schema to compare with.
        context: topics and rules, by which the lists are brought to the date of the close; a month that was closed by all that was
            said when it closed is compared with all that is said now.
        whole: compare whole lists in any case.
        told: figure → value that was told before: a figure that has it still is left out, unexplained.

    Raises:
        NotClosedError: where the month has not been closed.
    """
    row = snapshot.stored(conn, month, report=True)
    before = snapshot.decode(row)
    entries = entry_changes(before.catalogue, present())
    stamps = Stamps(row["stamp"], row["list_stamps"], snapshot.view_stamp(conn, schema), snapshot.list_stamps(conn, schema))
    frozen = snapshot.lists_closed(row).schema
    alike = not entries and not stamps.restamped() and stamps.now is not None
    sides = _Sides(conn, district, row, before, entries, stamps, is_same=context is not None and _is_same(district, before, stamps, context))
    if not whole and alike and context is not None and row["dated"] and row["batch_no"] is not None and snapshot.exists(conn, f"{frozen}.claim"):
        close = CloseAt(row["batch_no"], row["as_of"])
        with since(cursor_of(conn), context, schema, frozen, close, _closes(conn) | {close}) as lists:
            return _compared(sides, lists, told, touched=True)
    with dated(cursor_of(conn), context if row["dated"] else None, schema, row["as_of"]) as lists:
        return _compared(sides, lists, told, touched=False)


def _is_same(district: District, before: Report, stamps: "Stamps", context: Context) -> bool:
    """Tell whether program, data of the district and meaning of the figures are those of the close."""
    return stamps.closed == stamps.now == context.stamp.as_dict() and replace(before.catalogue, meanings={}) == present(district, before.month)


def _closes(conn: sa.Connection) -> set[CloseAt]:
    """Return up to where each closed month counts."""
    kept = tables.month.c
    chosen = sa.select(kept.batch_no, kept.as_of).where(kept.closed_at.is_not(None), kept.dated, kept.batch_no.is_not(None))
    return {CloseAt(*row) for row in conn.execute(chosen)}


class _Sides(NamedTuple):
    """A closed month and what it is compared by.

    Attributes:
        conn: a connection in a transaction.
        district: the district's data as it is now.
        row: the closed month's row.
        before: its report.
        entries: lists and columns that came or went since.
        stamps: by which rules it was closed, and by which the views are filled now.
        is_same: whether nothing but rows can make its figures others.
    """

    conn: sa.Connection
    district: District
    row: Mapping[str, Any]
    before: Report
    entries: tuple[EntryChange, ...]
    stamps: "Stamps"
    is_same: bool


def _compared(sides: _Sides, schema: str, told: Mapping[str, Decimal | None], *, touched: bool) -> Comparison:
    conn, district, row, before, entries, stamps, is_same = sides
    month, current = row["month"], lists_of(schema)
    rows = ChangedRows(conn, snapshot.lists_closed(row), current, schema, row["batch_no"], stamps.restamped(), touched)
    if touched and is_same and not any(rows.differ(view.name) for view in current.views):
        # The same rows by the same rules and data are the same figures.
        return Comparison(month, (), row["figures_digest"])
    frame, cells = read(conn, schema, district, month, row["as_of"])
    told_of, named = before.figures.values(), _plain_units(before.figures.values())
    frame = with_codes(frame, district, cells, _materials(told_of), _scrapped(told_of), named)
    defined, of_kind = definitions(frame), kinds(frame)
    if row["dated"]:
        # What was true on the day of the close is known of that day still; what two reports told of each other stays as they told it.
        defined = tuple(each if isinstance(each, Stated) else replace(each, restates=True) for each in defined)
        of_kind = {kind: each if isinstance(each, Stated) else replace(each, restates=True) for kind, each in of_kind.items()}
    owed = Owed(district, frame, cells)
    now = evaluate(defined, cells, owed.standing)
    silence = Standing(conn, district, frame, snapshot.lists_closed(row), owed, alike=bool(row["dated"]))
    changed = [*_changed(defined, before, now, silence), *_gone(of_kind, before, now)]
    digest = figures_digest(now)
    if not changed:
        return Comparison(month, (), digest, entries=entries)
    explained = Explanation(rows, {cube.name: cube for cube in cubes(frame)}, same_meaning=bool(row["dated"]))
    among = {definition.id: Change(definition, old, new) for definition, old, new in changed if definition is not None}
    result, keys = [], dict[str, set[str]]()
    for definition, old, new in changed:
        if old.id in told and told[old.id] == new.value:
            continue
        both = old.absent != NOT_THEN and new.absent != NOT_NOW
        by_stamp = stamps.causes(new.source.list) if both else _OF_METHOD
        behind = (explained.behind(among[definition.id], among) or silence.behind(definition, old, new, rows)) if both and definition is not None else ()
        reasons = tuple(replace(each, cause=by_stamp[0]) if each.cause == BY_STAMP else each for each in behind)
        name = before.catalogue.label(old.id) if new.absent == NOT_NOW else ""
        result.append(_adjustment(month, old, new, reasons, by_stamp, name))
        for each in reasons:
            keys.setdefault(each.list, set()).update({each.row} - {""})
    found = tuple(row for list_ in keys for row in explained.rows(list_, sorted(keys[list_])))
    rows.clear()
    return Comparison(month, tuple(result), digest, found, entries)


def _adjustment(month: str, old: Figure, new: Figure, told: tuple[Contribution, ...], by_stamp: tuple[Cause, ...], name: str) -> Adjustment:
    causes = {each.cause for each in told} or {*by_stamp}
    bureaus = tuple(sorted({bureau for each in told for bureau in each.bureaus}))
    rows = tuple(sorted({each.row for each in told} - {""}))
    count = max(len(rows), *(sum(each.rows for each in told if each.figure == figure) for figure in {each.figure for each in told} or {""}))
    return Adjustment(month, old, new, tuple(cause for cause in _CAUSES if cause in causes), bureaus, rows, count, name, told)


def _materials(figures: Iterable[Figure]) -> Iterator[tuple[str, str]]:
    """Yield the (material, unit) rows of a closed report, so that one that is gone now is seen to be gone."""
    for figure in figures:
        where = figure.source.where
        if figure.source.list == "materials" and isinstance(where.get("material"), str):
            yield str(where["material"]), str(where["unit"])


def _plain_units(figures: Iterable[Figure]) -> dict[str, str]:
    """Return material → the unit in which a closed report named it alone: its figures keep their unit, whatever else is told since."""
    named = ((str(f.source.where.get("material")), f) for f in figures if f.source.list == "materials" and "unit" in f.source.where)
    return {material: str(figure.source.where["unit"]) for material, figure in named if figure.id.split(".")[1] == material}


def _scrapped(figures: Iterable[Figure]) -> Iterator[str]:
    """Yield the categories of scrapped equipment of a closed report, for the same reason."""
    return (str(f.source.where["category"]) for f in figures if f.source.list == "scrappage" and "category" in f.source.where)


def _changed(
    defined: Iterable[Definition], before: Report, now: Mapping[str, Figure], silence: Standing
) -> Iterator[tuple[Definition | None, Figure, Figure]]:
    """Yield the comparable figures whose value, unit, or reason to be absent is another, and those that are new."""
    known = {*before.catalogue.figure_kinds, *map(kind_of, before.figures)}
    for definition in defined:
        new = now[definition.id]
        if kind_of(definition.id) not in known:
            # What is true on one day only is said to be new, without a value of today for a month that has passed.
            yield definition, _without(new, NOT_THEN), new if definition.restates else _without(new, NONE)
        elif definition.restates:
            old = before.figures.get(definition.id) or silence.nothing(definition, new)
            if _said(old) != _said(new):
                yield definition, old, new


def _gone(
    defined: Mapping[str, Definition], before: Report, now: Mapping[str, Figure]
) -> Iterator[tuple[Definition | None, Figure, Figure]]:
    """Yield the closed figures that are none now: their kind is gone, or no row is left that they would be of."""
    for id_, old in before.figures.items():
        if id_ in now:
            continue
        kind = defined.get(kind_of(id_))
        if kind is None:
            yield None, old, _without(old, NOT_NOW)
        elif kind.restates and _said(old) != _said(new := nothing(old)):
            yield None, old, new


def _said(figure: Figure) -> tuple[Decimal | None, str, str]:
    """Return what a figure says; why a value is absent is not said where it is there.

    Earlier closes kept rates with two places: rates are compared with as many.
    """
    value = figure.value
    if value is not None and figure.unit == "%":
        value = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return value, figure.unit, figure.absent if figure.value is None else ""


def _without(figure: Figure, why: str) -> Figure:
    return replace(figure, value=None, absent=why)


class Stamps(NamedTuple):
    """Under what a month was closed, and under what the views are filled now.

    Attributes:
        closed: stamp of the whole at the close.
        closed_lists: list → its stamp; empty of a month that was closed before lists had one each.
        now: stamp of the whole now, ``None`` where no worker has written it.
        lists: list → its stamp now.
    """

    closed: Mapping[str, str]
    closed_lists: Mapping[str, Mapping[str, str]]
    now: Mapping[str, str] | None
    lists: Mapping[str, Mapping[str, str]]

    def restamped(self) -> frozenset[str]:
        """Return the lists that are filled by another method or by other data now than at the close."""
        if self.now is None:
            return frozenset()
        return frozenset(name for name in BY_NAME if self._parts(name)[0] != self._parts(name)[1])

    def _parts(self, name: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return the stamps of a list at the close and now, or those of the whole where only these were kept."""
        if name in self.closed_lists and name in self.lists:
            return self.closed_lists[name], self.lists[name]
        return self.closed, self.now or {}

    def causes(self, name: str) -> tuple[Cause, ...]:
        """Say why a figure over a list can change without a changed row: other data of the district, or another method.

        The method is the list's own code and contracts, where both stamps tell them, else those of all lists. The data
        are all of the district's, for figures ask for more of them than lists do (归口, 工作日历, 目标, 应报, 优先口径). No file
        of the district is a rule pack yet: 规则变更 takes a part of its own in the stamps.
        """
        if self.now is None:
            return ("口径修正",)
        before, now = self._parts(name)
        method = any(now.get(part) != before.get(part) for part in ("code", "contracts"))
        other_data = self.now.get("configuration") != self.closed.get("configuration")
        data: tuple[Cause, ...] = ("基础数据变更",) if other_data else ()
        return (*data, "口径修正") if method or not data else data


def events_behind(
    conn: sa.Connection, component: str, kind: str, cut: Mapping[str, int], schema: str = LIVE
) -> list[Event]:
    """Return the events on a row's entity that arrived at or after a cut, by topic and offset.

    Args:
        conn: an open connection.
        component: component of the row (``bureau:entity`` where the entity stands alone).
        kind: kind of entity the list is about.
        cut: topic → next offset at the close.
        schema: views schema whose claims say which entities belong to the component.
    """
    query = sa.text(f"""
        WITH member AS (
            SELECT topic_no, entity FROM {schema}.claim WHERE kind = :kind AND component = :component
            UNION
            SELECT topic_no, substr(:component, length(bureau) + 2) FROM log.topic
            WHERE starts_with(:component, bureau || ':'))
        SELECT t.name, e.off, e.event_id::text, e.register, t.bureau, e.occurred_on, e.arrived_ms, e.withdrawn
        FROM member m JOIN log.event_log e USING (topic_no, entity) JOIN log.topic t USING (topic_no)
        WHERE e.kind = :kind ORDER BY 1, 2""")
    found = conn.execute(query, {"kind": kind, "component": component})
    return [Event(*row) for row in found if row[1] >= cut.get(row[0], 0)]
