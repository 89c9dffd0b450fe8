"""Comparisons between entities, read over the lists in the reader's own snapshot: always as fresh as the lists."""

from typing import Any, NamedTuple

import psycopg

from exchange_hub.views.findings import finding_id


class Comparison(NamedTuple):
    """A comparison between rows of a list.

    Attributes:
        rule: code of the comparison.
        kind: kind of entity.
        query: gives subject, bureaus, detail (jsonb) and row keys of each group to look at, at most *FOUND_MAX*.
        words: what it shows, in Chinese; ``{subject}`` is filled in.
    """

    rule: str
    kind: str
    query: str
    words: str


#: Findings of one comparison that are shown; more than that is a matter for the office, not for single looks.
FOUND_MAX = 1000


def _same(rule: str, kind: str, table: str, column: str, words: str) -> Comparison:
    """Compare one identifier that should occur once."""
    query = f"""SELECT {column}, array_agg(DISTINCT lead_bureau ORDER BY lead_bureau),
                  jsonb_build_object('rows', jsonb_agg(row_key ORDER BY row_key)), count(*)
                FROM {{schema}}.{table} WHERE {column} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT {FOUND_MAX}"""
    return Comparison(rule, kind, query, words)


COMPARISONS: tuple[Comparison, ...] = (
    _same("serial-twice", "trade_in", "trade_in", "serial_no", "序列号{subject}出现在{count}笔订单中,请核对"),
    _same("invoice-twice", "trade_in", "trade_in", "invoice_no", "发票号{subject}出现在{count}笔订单中,请核对"),
    _same("certificate-twice", "scrappage", "scrappage", "certificate_no", "证明编号{subject}对应{count}台设备,请核对"),
    Comparison(
        "detail-and-summary",
        "trade_in",
        """SELECT lead_bureau || ' ' || category || ' ' || month, array[lead_bureau],
             jsonb_build_object('detail', sum(subsidy) FILTER (WHERE granularity = '明细'),
                                'summary', sum(subsidy) FILTER (WHERE granularity = '汇总')), count(*)
           FROM {schema}.trade_in GROUP BY lead_bureau, category, month
           HAVING sum(subsidy) FILTER (WHERE granularity = '明细') <> sum(subsidy) FILTER (WHERE granularity = '汇总')
           ORDER BY 1 LIMIT 1000""",
        "同一单位、品类、月份的明细与汇总补贴金额不一致,已按明细计,请核对",
    ),
)


def crossing(conn: psycopg.Connection[Any], schema: str = "live") -> list[dict[str, Any]]:
    """Return the findings of all comparisons between rows, in the form of ``views.read.findings``."""
    found = []
    for comparison in COMPARISONS:
        for subject, bureaus, detail, count in conn.execute(comparison.query.format(schema=schema).encode()).fetchall():
            found.append({
                "finding_id": finding_id(comparison.rule, subject), "rule": comparison.rule, "kind": comparison.kind,
                "subject": subject, "component": "", "bureaus": bureaus,
                "words": comparison.words.format(subject=subject, count=count), "detail": detail,
            })  # fmt: skip
    return found
