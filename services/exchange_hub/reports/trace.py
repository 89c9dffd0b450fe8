"""From a figure back to the list rows it was made of."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import sqlalchemy as sa

from exchange_hub.programme.cells import COUNT, Measure, Number
from exchange_hub.programme.conditions import expression
from exchange_hub.reports.evaluate import in_unit
from exchange_hub.reports.model import Source
from exchange_hub.reports.sql import Lists, value

_MEASURED = "measured"
_OPERATORS = re.compile(r" [÷×−+] ")
_ID = re.compile(r"[a-z_]+\..+")


def rows_of(conn: sa.Connection, source: Source, lists: Lists, limit: int | None = None, offset: int = 0) -> list[dict[str, object]]:
    """Return the rows behind a figure, by row key; for a sum each row tells its share under ``measured`` (money in fen).

    Args:
        conn: an open connection.
        source: source of a figure; one derived from other figures has no rows of its own (see :func:`terms_of`).
        lists: the lists of the views, or those of the closed month that the figure belongs to.
        limit: how many rows at most; ``None`` for all.
        offset: rows before the first one.
    """
    if not source.list:
        return []
    rows, meets = lists.rows(source.list, source.where)
    measure = Measure.of(source.measure)
    more = [value(rows, expression(measure.column)).label(_MEASURED)] if measure.column else []
    chosen = sa.select(*rows.c, *more).select_from(rows).where(meets).order_by(rows.c.row_key.collate("C")).limit(limit).offset(offset)
    return [dict(row) for row in conn.execute(chosen).mappings()]


def recomputed(source: Source, rows: Sequence[Mapping[str, object]], lists: Lists) -> Decimal | None:
    """Work the figure out again from its rows, read from *lists*; ``None`` where none of them has a value."""
    measure = Measure.of(source.measure)
    if measure.name == COUNT:
        return Decimal(len(rows))
    filled = [row for row in rows if row[_MEASURED] is not None]
    if measure.name == "distinct":
        return Decimal(len({row[_MEASURED] for row in filled}))
    numbers: list[tuple[object, Number]] = [
        (row.get(measure.beside), number) for row in filled if isinstance(number := row[_MEASURED], (int, Decimal))
    ]
    return in_unit(measure.total(numbers), lists.view(source.list), source.measure) if numbers else None


def terms_of(source: Source) -> list[str]:
    """Return the ids of the figures that a derived figure is worked out from."""
    if source.list:
        return []
    terms = (term.strip("()") for term in _OPERATORS.split(source.measure))
    return list(dict.fromkeys(term for term in terms if _ID.fullmatch(term)))
