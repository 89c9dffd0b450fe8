"""Questions to the findings: what a comparison of statements shows now, and what people decided on it."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from exchange_contracts.keys import normal_text
from exchange_contracts.units import factor
from exchange_hub.views.findings import Comparison, finding_id
from exchange_hub.views.lists import KINDS, OUTSIDE_DUTY
from exchange_hub.views.lists.folding import Kind, joined
from exchange_hub.views.lists.model import Column, columns
from exchange_hub.views.lists.projects import LIST_OF_WORD
from exchange_hub.views.queries.answers import CAUSE_GONE, TO_VERIFY, Compared, Finding, Looked
from exchange_hub.views.tables import LIVE

#: Bureau → the lists that it may report.
Duties = Mapping[str, Collection[str]]
Units = Mapping[str, str]
_OTHER_UNITS = "indicator-units"
_UNITS_TOLD = "SELECT indicator, coalesce(domain, ''), unit, lead_bureau, min(row_key) FROM {schema}.indicator WHERE value IS NOT NULL GROUP BY 1, 2, 3, 4"

COMPARISONS: tuple[Comparison, ...] = tuple(comparison for kind in KINDS.values() for comparison in kind.comparisons)
"""Comparisons between entities, read over the lists in the reader's own snapshot: always as fresh as the lists."""

Line = tuple[str, str, str, str, str, list[str], str, Mapping[str, Any]]
"""A finding as the store has it: id, rule, kind, subject, component, bureaus, words, detail."""

_KEPT = "SELECT finding_id, rule, kind, subject, component, bureaus, words, detail FROM {schema}.finding"
_TWO_BUREAUS = "two-bureaus-"
_SUMS: Mapping[str, Column] = {column.name: column for column in columns("""
    detail 明细合计 money 元
    summary 汇总数 money 元
    details 明细件数 count
    summed 汇总件数 count
    before 上次自年初累计 money 元
    now 本次自年初累计 money 元
    this_month 本月完成 money 元
    approved 审核 money 元
    allocated 下达 money 元
    paid 支付合计 money 元
    reversed 冲回合计 money 元
    vouchers 支付笔数 count 笔
    funding 资金来源合计 money 元
    revision 版本号 text
    stated_on 本次业务日期 date
    stated_before_on 上次业务日期 date
    ended_on 政策失效日期 date
    confirmed 确认行数 count 行
    found 清单行数 count 行
    confirmed_sum 确认合计 money
    found_sum 清单合计 money
    by_tax 税务开票金额 money 元
    by_register 台账反向开票额 money 元
    reported_to 截至 date
    units 计量单位 text
    month 月份 month
    category 品类 text
""")}
"""What a comparison names and no list has as a column of the same meaning."""
_TIMES: Mapping[str, str] = {"earlier": "上次", "later": "本次", "usual": "各月常见", "detail_said": "明细", "summary_said": "汇总"}
"""What tells several values of one column apart where they are not those of bureaus."""
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def findings(conn: sa.Connection, duties: Duties | None = None, units: Units | None = None, *, schema: str = LIVE) -> list[Finding]:
    """Return what people should look at, with what they decided: open ones first, then by rule and subject.

    Args:
        conn: a connection whose transaction sees what shall be looked at.
        duties: bureau → lists that it may report; ``None`` asks nothing of them.
        units: indicator → the unit that the district's catalogue gives it; ``None`` asks nothing of them.
        schema: a views schema.

    The findings that hold now — of single entities as kept, between entities as the lists show them — and those that
    were reviewed and hold no longer (state 原因已消除). The *state* is 待核实 or the decision of the latest review.
    """
    return list(look(conn, between(conn, duties, units, schema=schema), schema=schema).first)


def between(conn: sa.Connection, duties: Duties | None = None, units: Units | None = None, *, schema: str = LIVE) -> tuple[Line, ...]:
    """Return what comparing shows that no single entity tells: between entities, and of bureaus whose duty does not cover a list.

    It looks over whole lists, so that it is what takes time of all that is asked of findings; it is handed to :func:`look`.
    """
    return (*_between(conn, schema), *_outside(conn, schema, duties or {}), *_in_other_units(conn, schema, units or {}))


def look(conn: sa.Connection, between: Collection[Line], *, schema: str = LIVE, state: str = "", limit: int | None = None) -> Looked:
    """Return the first findings in a state, and how many there are in each.

    Args:
        conn: a connection whose transaction sees what shall be looked at.
        between: what :func:`between` found.
        schema: a views schema.
        state: only findings in this state; empty for all.
        limit: findings at most; the numbers are those of all.
    """
    reviews = _reviews(conn)
    decided = [tuple(row) for row in conn.execute(sa.text(f"{_KEPT.format(schema=schema)} WHERE finding_id = ANY(:ids)"), {"ids": [*reviews]})]
    decided += [line for line in between if line[0] in reviews]
    present = {line[0] for line in decided}
    gone = {id_: basis for id_, (_, basis) in reviews.items() if id_ not in present}
    within = conn.exec_driver_sql(f"SELECT count(*) FROM {schema}.finding").scalar_one()
    tally = Counter({TO_VERIFY: within + len(between) - len(decided), CAUSE_GONE: len(gone)})
    tally.update(reviews[line[0]][0] for line in decided)
    lines = list(decided)
    if state in ("", TO_VERIFY):
        first = sa.text(f'{_KEPT.format(schema=schema)} WHERE finding_id <> ALL(:ids) ORDER BY rule COLLATE "C", subject COLLATE "C", finding_id LIMIT :limit')
        lines += [tuple(row) for row in conn.execute(first, {"ids": [*reviews], "limit": limit})]
        lines += [line for line in between if line[0] not in reviews]
    lines.sort(key=lambda line: (_is_closed(reviews, line[0]), line[1], line[3], line[0]))
    asked = [(line, *reviews.get(line[0], (TO_VERIFY, ""))) for line in lines]
    found = [_finding(*each) for each in [each for each in asked if state in ("", each[1])][:limit]]
    if state in ("", CAUSE_GONE):
        found += [Finding(id_, "", "", "", CAUSE_GONE, "", "", (), CAUSE_GONE, basis) for id_, basis in gone.items()]
        found.sort(key=lambda finding: (not finding.is_open, finding.rule, finding.subject, finding.id))
    return Looked(tuple(found[:limit]), {name: number for name, number in tally.items() if number})


def _is_closed(reviews: Mapping[str, tuple[str, str]], id_: str) -> bool:
    return reviews.get(id_, (TO_VERIFY,))[0] not in (TO_VERIFY, CAUSE_GONE)


def _finding(line: Line, decision: str, basis: str) -> Finding:
    id_, rule, kind, subject, component, bureaus, words, detail = line
    of, rows = KINDS.get(kind), tuple(map(str, detail.get("rows") or ()))
    return Finding(
        id_, rule, kind, subject, words, _list_of(of, rule), component, tuple(bureaus), decision, basis,
        tuple(_compared(rule, kind, bureaus, detail)), rows,
    )  # fmt: skip


def _list_of(kind: Kind | None, rule: str) -> str:
    """Return the list that shows what a finding speaks of: of claims their own, else the first one of its kind."""
    if kind is None or not kind.lists:
        return ""
    return kind.claimed.view.name if kind.claimed is not None and rule in kind.claimed.rules else kind.list_names[0]


def _between(conn: sa.Connection, schema: str) -> Iterator[Line]:
    for each in COMPARISONS:
        for subject, bureaus, detail, number in conn.exec_driver_sql(each.query.format(schema=schema)):
            words = each.words.format(**{"month": "", "category": ""} | detail | {"subject": subject, "count": number})
            yield finding_id(each.rule, subject), each.rule, each.kind, subject, "", bureaus, words, detail


# From one bureau to the next through the index: a list has millions of rows and a handful of bureaus.
_SPEAKERS = """
    WITH RECURSIVE next (bureau) AS (
      (SELECT {place} FROM {table} WHERE {place} IS NOT NULL ORDER BY 1 LIMIT 1)
      UNION ALL
      SELECT (SELECT {place} FROM {table} WHERE {place} > next.bureau ORDER BY 1 LIMIT 1) FROM next WHERE next.bureau IS NOT NULL
    ) SELECT next.bureau, (SELECT row_key FROM {table} WHERE {place} = next.bureau LIMIT 1) FROM next WHERE next.bureau IS NOT NULL"""


#: A row that a bureau tells of, unless it stands in this list by another bureau's word alone.
_OWN_LIST = """
    SELECT row_key FROM {schema}.{table} t WHERE :bureau = ANY(bureaus) AND NOT EXISTS (
      SELECT FROM {schema}.finding f WHERE f.rule = 'two-bureaus-list' AND f.subject = t.row_key AND f.detail ->> :bureau <> :word
    ) LIMIT 1"""
_WORD_OF_LIST = {list_: word for word, list_ in LIST_OF_WORD.items()}


def _outside(conn: sa.Connection, schema: str, duties: Duties) -> Iterator[Line]:
    """Yield the lists of which a bureau speaks though its duty does not cover them."""
    for kind in KINDS.values() if duties else ():
        for view in () if kind.of_reporting else kind.lists:
            rows: dict[str, list[str]] = {}
            for place in (1, 2):
                for bureau, row in conn.exec_driver_sql(_SPEAKERS.format(table=f"{schema}.{view.table}", place=f"bureaus[{place}]")):
                    if bureau not in duties or view.name in duties[bureau]:
                        continue
                    own = conn.execute(sa.text(_OWN_LIST.format(schema=schema, table=view.table)), {"bureau": bureau, "word": _WORD_OF_LIST.get(view.name)})
                    if own.scalar() is not None:
                        rows.setdefault(bureau, []).append(row)
            for bureau, keys in sorted(rows.items()):
                subject, words = joined(view.name, bureau), f"该单位报送的{view.title}不在其报送范围，请核对报送单位"
                yield finding_id(OUTSIDE_DUTY, subject), OUTSIDE_DUTY, kind.name, subject, "", [bureau], words, {"list": view.name, "rows": keys}


def _in_other_units(conn: sa.Connection, schema: str, units: Units) -> Iterator[Line]:
    """Yield the indicators told in one kind of unit, which is not that of the catalogue; those told in several are compared with one another."""
    told: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    known = {normal_text(name): name for name in units}
    for indicator, domain, unit, bureau, row in conn.exec_driver_sql(_UNITS_TOLD.format(schema=schema)) if units else ():
        told.setdefault((known.get(normal_text(indicator), indicator), domain), []).append((unit, bureau, row))
    for (indicator, domain), each in sorted(told.items()):
        used = sorted({unit for unit, _, _ in each})
        if indicator not in units or any(factor(unit, used[0]) is None or factor(unit, units[indicator]) is not None for unit in used):
            continue
        subject = " ".join(filter(None, (indicator, domain)))
        words = f"{indicator}的计量单位与指标目录的“{units[indicator]}”不能换算，请核对"
        detail = {"category": indicator, "units": "、".join(used), "rows": sorted({row for _, _, row in each})}
        yield finding_id(_OTHER_UNITS, subject), _OTHER_UNITS, "indicator", subject, "", sorted({bureau for _, bureau, _ in each}), words, detail


def count(conn: sa.Connection, duties: Duties, units: Units | None = None, *, schema: str = LIVE) -> int:
    """Count the findings that hold now, whatever was decided on them: counted where they are found, without what is behind each."""
    within = conn.exec_driver_sql(f"SELECT count(*) FROM {schema}.finding").scalar_one()
    found = (f"SELECT count(*) FROM ({each.query.format(schema=schema)}) AS found" for each in COMPARISONS)
    between = sum(int(conn.exec_driver_sql(query).scalar_one()) for query in found)
    return int(within) + between + sum(1 for _ in (*_outside(conn, schema, duties), *_in_other_units(conn, schema, units or {})))


def _reviews(conn: sa.Connection) -> dict[str, tuple[str, str]]:
    """Return finding id → decision and basis of its latest review on the coordination topic."""
    found = conn.execute(sa.text(
        """SELECT DISTINCT ON (topic_no, entity) withdrawn, value FROM log.event_log
           WHERE topic_no IN (SELECT topic_no FROM log.topic) AND kind = 'coordination' AND register = 'review'
           ORDER BY topic_no, entity, revision DESC, digest DESC, off"""
    ))  # fmt: skip
    from exchange_contracts import codec

    facts = [codec.decode_facts(value)[1] for withdrawn, value in found if not withdrawn]
    return {review["finding_id"]: (review["decision"], review.get("basis") or "") for review in facts}


def _compared(rule: str, kind: str, bureaus: list[str], detail: Mapping[str, object]) -> Iterator[Compared]:
    """Give what was compared its column, so that it reads by type and unit: each bureau's statement, or amounts of the row."""
    of = KINDS.get(kind)
    known = {column.name: column for view in reversed(of.lists if of else ()) for column in view.columns}
    fact = known.get(str(detail.get("of") or rule.removeprefix(_TWO_BUREAUS)))
    for name, value in detail.items():
        if name == "rows":
            continue
        if fact is not None and name.partition(":")[0] in bureaus:
            yield _typed(fact, value, name)
        elif fact is not None and name in _TIMES:
            yield _typed(replace(fact, name=name, title=f"{_TIMES[name]}{fact.title}"), value)
        elif name in _SUMS or name in known:
            yield _typed(_SUMS.get(name) or known[name], value)


def _typed(column: Column, value: object, bureau: str = "") -> Compared:
    """Return a value with its column; a quantity is kept as text, and one with its own unit stays as it was said."""
    if column.type == "quantity" and isinstance(value, str):
        plain = _NUMBER.fullmatch(value)
        return Compared(column, Decimal(value), bureau) if plain else Compared(replace(column, type="text", unit=""), value, bureau)
    return Compared(column, value, bureau)
