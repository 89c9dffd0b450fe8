"""Questions to the findings: what a comparison of statements shows now, and what people decided on it."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from exchange_contracts import codec
from exchange_hub.views.findings import Comparison, finding_id
from exchange_hub.views.lists import KINDS
from exchange_hub.views.lists.model import Column
from exchange_hub.views.queries.answers import CAUSE_GONE, TO_VERIFY, Compared, Finding
from exchange_hub.views.tables import LIVE

COMPARISONS: tuple[Comparison, ...] = tuple(comparison for kind in KINDS.values() for comparison in kind.comparisons)
"""Comparisons between entities, read over the lists in the reader's own snapshot: always as fresh as the lists."""

_TWO_BUREAUS = "two-bureaus-"
_SUMS: Mapping[str, Column] = {
    name: Column(name, title, "money", "元")
    for name, title in (
        ("detail", "明细合计"), ("summary", "汇总数"), ("before", "上次自年初累计"), ("now", "本次自年初累计"), ("this_month", "本月完成"),
        ("approved", "审核"), ("paid", "支付合计"), ("reversed", "冲回合计"), ("funding", "资金来源合计"),
    )
}  # fmt: skip
"""Sums that a comparison names and no list has as a column."""


def findings(conn: sa.Connection, *, schema: str = LIVE) -> list[Finding]:
    """Return what people should look at, with what they decided: open ones first, then by rule and subject.

    The findings that hold now — of single entities as kept, between entities as the lists show them — and those that
    were reviewed and hold no longer (state 原因已消除). The *state* is 待核实 or the decision of the latest review.
    """
    reviews = _reviews(conn)
    found = []
    for id_, rule, kind, subject, component, bureaus, words, detail in (*_kept(conn, schema), *_between(conn, schema)):
        decision, basis = reviews.pop(id_, (TO_VERIFY, ""))
        of = KINDS.get(kind)
        rows = tuple(map(str, detail.get("rows") or ()))
        found.append(Finding(
            id_, rule, kind, subject, words, of.list_names[0] if of and of.lists else "", component, tuple(bureaus), decision, basis,
            tuple(_compared(rule, kind, bureaus, detail)), rows,
        ))  # fmt: skip
    found += [Finding(gone, "", "", "", CAUSE_GONE, "", "", (), CAUSE_GONE, basis) for gone, (_, basis) in reviews.items()]
    return sorted(found, key=lambda finding: (not finding.is_open, finding.rule, finding.subject, finding.id))


_Line = tuple[str, str, str, str, str, list[str], str, Mapping[str, Any]]


def _kept(conn: sa.Connection, schema: str) -> Iterator[_Line]:
    query = sa.text(f"SELECT finding_id, rule, kind, subject, component, bureaus, words, detail FROM {schema}.finding")
    return (tuple(row) for row in conn.execute(query))


def _between(conn: sa.Connection, schema: str) -> Iterator[_Line]:
    for each in COMPARISONS:
        for subject, bureaus, detail, count in conn.exec_driver_sql(each.query.format(schema=schema)):
            words = each.words.format(subject=subject, count=count)
            yield finding_id(each.rule, subject), each.rule, each.kind, subject, "", bureaus, words, detail


def _reviews(conn: sa.Connection) -> dict[str, tuple[str, str]]:
    """Return finding id → decision and basis of its latest review on the coordination topic."""
    found = conn.execute(sa.text(
        """SELECT DISTINCT ON (topic_no, entity) withdrawn, value FROM log.event_log
           WHERE topic_no IN (SELECT topic_no FROM log.topic) AND kind = 'coordination' AND register = 'review'
           ORDER BY topic_no, entity, revision DESC, digest DESC, off"""
    ))  # fmt: skip
    facts = [codec.decode_facts(value)[1] for withdrawn, value in found if not withdrawn]
    return {review["finding_id"]: (review["decision"], review.get("basis") or "") for review in facts}


def _compared(rule: str, kind: str, bureaus: list[str], detail: Mapping[str, object]) -> Iterator[Compared]:
    """Give what was compared its column, so that it reads by type and unit: each bureau's statement, or amounts of the row."""
    of = KINDS.get(kind)
    columns = {column.name: column for view in reversed(of.lists if of else ()) for column in view.columns}
    fact = rule.removeprefix(_TWO_BUREAUS) if rule.startswith(_TWO_BUREAUS) else ""
    for name, value in detail.items():
        if fact in columns and name in bureaus:
            yield Compared(columns[fact], value, name)
        elif name in _SUMS or name in columns:
            yield Compared(_SUMS.get(name) or columns[name], value)
