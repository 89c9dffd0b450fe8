"""Read from the lists of a schema what a report is built from: the cells of its cubes and a few bounded rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from exchange_hub.programme.cells import Cells
from exchange_hub.programme.conditions import Where
from exchange_hub.programme.definitions import Frame
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import cubes, open_matters
from exchange_hub.reports.aggregate import read_cubes
from exchange_hub.reports.inputs import Details, frame_of, with_codes
from exchange_hub.reports.sql import Lists, lists_of
from exchange_hub.reports.turnover import turnover
from exchange_hub.views.lists import LISTS
from exchange_hub.views.lists.projects import EQUIPMENT
from exchange_hub.views.queries import findings
from exchange_hub.views.store.stamp import StampError

ROWS_MAX = 200
ALLOCATIONS_MAX = 1000


def gather(
    conn: sa.Connection,
    schema: str,
    district: District,
    month: str,
    as_of: date,
) -> tuple[Frame, Mapping[str, Cells], Details]:
    """Read a report's inputs in the transaction of *conn*.

    Args:
        conn: a connection whose transaction sees the lists as they shall be reported.
        schema: a views schema, ``live`` or another; a closed month is never gathered again.
        district: the district's data.
        month: the report's month, ``YYYY-MM``.
        as_of: date for which ageing and overdue are worked out.

    Raises:
        StampError: the views were filled by a version that did not know a list.
    """
    frame, cells = read(conn, schema, district, month, as_of)
    return with_codes(frame, district, cells), cells, _details(conn, schema, frame, district)


def read(conn: sa.Connection, schema: str, district: District, month: str, as_of: date) -> tuple[Frame, Mapping[str, Cells]]:
    """Read the cells of all cubes, as :func:`gather` does, and nothing that figures do not need."""
    _refuse_unfilled(conn, schema)
    frame = frame_of(district, month, as_of)
    frame = replace(frame, turnover=turnover(conn, lists_of(schema), month, as_of))
    return frame, read_cubes(conn, cubes(frame), schema)


def _refuse_unfilled(conn: sa.Connection, schema: str) -> None:
    """Refuse views that lack a list of this version: nobody has filled it, and what nobody filled is not empty."""
    names = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema"
    there = set(conn.execute(sa.text(names), {"schema": schema}).scalars())
    missing = [view.name for view in LISTS if view.table not in there]
    if missing:
        raise StampError(f"the views were filled by a version without {', '.join(missing)}; run `hub rebuild` to fill them")


def _details(conn: sa.Connection, schema: str, frame: Frame, district: District) -> Details:
    lists, as_of = lists_of(schema), frame.as_of.isoformat()
    open_: Where = {"received_on<=": as_of, "measure_on not <=": as_of}
    documents = _rows(conn, lists, "documents", open_, ("due_on", "document_no", "department"))
    problems = _rows(conn, lists, "problems", open_matters(as_of), ("raised_on", "problem_no"))
    explained: Where = {"list": EQUIPMENT.name, "month": frame.period.month, "explanation!=": None}
    said = _rows(conn, lists, "submissions", explained, ("bureau",))
    explanations = {str(row["bureau"]): str(row["explanation"]) for row in said}
    return Details(documents, problems, _allocations(conn, lists, frame), _findings(conn, schema, district), explanations)


def _rows(
    conn: sa.Connection, lists: Lists, name: str, where: Where, order: tuple[str, ...]
) -> list[Mapping[str, object]]:
    rows, meets = lists.rows(name, where)
    by = [*(rows.c[column].asc().nulls_last() for column in order), rows.c.row_key]
    chosen = sa.select(*rows.c).select_from(rows).where(meets).order_by(*by).limit(ROWS_MAX)
    return [dict(row) for row in conn.execute(chosen).mappings()]


def _allocations(conn: sa.Connection, lists: Lists, frame: Frame) -> list[tuple[str, str]]:
    stated = {"step": "下达", "budget_year": frame.period.year, "on_date<=": frame.as_of.isoformat()}
    where = {**stated, "channel!=": None, "allocation_no!=": None}
    rows, meets = lists.rows("funds", where)
    pair = (rows.c.channel, rows.c.allocation_no)
    chosen = sa.select(*pair).select_from(rows).where(meets).group_by(*pair)
    ordered = chosen.order_by(*(column.collate("C") for column in pair)).limit(ALLOCATIONS_MAX)
    return [(row[0], row[1]) for row in conn.execute(ordered)]


def _findings(conn: sa.Connection, schema: str, district: District) -> int | None:
    """Count what comparison shows, within entities and between them; only a views schema keeps the former."""
    if not sa.inspect(conn).has_table("finding", schema=schema):
        return None
    return findings.count(conn, *asked_of(district), schema=schema)


def asked_of(district: District) -> tuple[findings.Duties, findings.Units]:
    """Return what findings ask a district: bureau → the lists that it may report, and indicator → its unit in the catalogue."""
    return {bureau.code: frozenset(bureau.lists) for bureau in district.bureaus}, {indicator.code: indicator.unit for indicator in district.indicators}
