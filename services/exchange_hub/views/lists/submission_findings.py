"""What a look at the submissions shows: a nil that data contradict, and a confirmation of other rows or totals than the list has.

A confirmation speaks of one month. Lists of what happened in a month are counted by it; of a stock, the latest confirmation alone can
be compared, with the stock as it stands or as it was told up to the month's end.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from exchange_hub.views.findings import FOUND_MAX, Comparison


class _Told(NamedTuple):
    """How a month's rows of a list are found.

    Attributes:
        table: its table.
        of_month: SQL condition on a row *t* of the table and a submission *s*.
        counted: SQL conditions of the parts that a bureau may have counted, beside all rows.
        columns: columns that these conditions read, by which an index alone answers.
        also: SQL of other numbers that a bureau may have counted: a row a step, or all that it has ever said.
        sums: column → names under which a bureau may give its sum, beside the column's own.
        earlier: SQL array of how many rows of earlier months a bureau may have counted besides all rows of the month.
    """

    table: str
    of_month: str
    counted: tuple[str, ...] = ()
    columns: str = ""
    also: tuple[str, ...] = ()
    sums: Mapping[str, tuple[str, ...]] = {}
    earlier: str = "'{{}}'::bigint[]"


def _within(*columns: str) -> str:
    begin, end = "to_date(s.month, 'YYYY-MM')", "(to_date(s.month, 'YYYY-MM') + interval '1 month')"
    return "(" + " OR ".join(f"t.{name} >= {begin} AND t.{name} < {end}" for name in columns) + ")"


_MONTH: Final = "t.month = s.month"
_DETAIL: Final = "t.granularity = '明细'"
_STEPS: Final = ("applied_on", "delivered_on", "dismantled_on", "deregistered_on")
_FLOWS: Final[Mapping[str, _Told]] = {
    "trade-in": _Told(
        "trade_in", _MONTH, (_DETAIL, "t.step = '完成'", "t.step = '退货'"), "month, step, granularity",
        sums={"subsidy": ("补贴金额",), "sale_amount": ("销售额",), "count": ("件数",), "subsidy_returned": ("退回补贴",)},
    ),
    "materials": _Told(
        "material", _MONTH, (_DETAIL,), "month, granularity", sums={"recovered": ("回收量",), "used": ("利用处置量",), "reverse_invoiced": ("反向开票额",)},
    ),
    "funds": _Told(
        "fund", _within("on_date"), (_DETAIL, *(f"t.step = '{step}'" for step in ("下达", "审核", "支付", "冲回"))), "on_date, step, granularity",
        sums={"amount": ("金额", "合计"), "count": ("件数",)},
        # A sheet of allocations is the year's, and with what was decided in an earlier month the first one holds all that there is.
        earlier="""(SELECT array[count(*) FILTER (WHERE a.step = '下达'), count(*)] FROM {schema}.fund a
            WHERE a.lead_bureau = s.bureau AND a.on_date < to_date(s.month, 'YYYY-MM'))""",
    ),
    "scrappage": _Told(
        "scrappage", _within(*_STEPS), (_DETAIL, *(_within(column) for column in _STEPS)), f"granularity, {', '.join(_STEPS)}",
        (" + ".join(f"count(*) FILTER (WHERE {_within(column)})" for column in _STEPS),), {"count": ("台数", "合计")},
    ),
    "project-progress": _Told(
        "project_progress", _MONTH, (), "month", sums={"invested_this_month": ("本月完成投资",), "invested_year_to_date": ("自年初累计",)},
    ),
    "tasks": _Told("task_progress", _MONTH, (), "month"),
    "safeguards": _Told("safeguard", _MONTH, (), "month"),
    "energy-stocks": _Told("energy_stock", _MONTH, (), "month"),
    "publicity": _Told("publicity", _MONTH, (), "month"),
    "indicators": _Told(
        "indicator", "t.kind = '报送' AND t.period = s.month", (), "kind, period",
        # Beside a month stands the same month of the year before; bases and targets stand on the first sheet.
        earlier="""(SELECT array[count(*) FILTER (WHERE last), count(*) FILTER (WHERE last OR yearly), count(*) FILTER (WHERE of <> s.month)]
            FROM (SELECT i.period AS of, i.kind <> '报送' AS yearly, i.period = to_char(to_date(s.month, 'YYYY-MM') - interval '1 year', 'YYYY-MM') AS last
                FROM {schema}.indicator i WHERE s.bureau = ANY(i.bureaus)) of_bureau)""",
    ),
}  # fmt: skip
_DATED: Final[Mapping[str, _Told]] = {
    "documents": _Told("document", _within("received_on")),
    "plans": _Told("plan", _within("issued_on")),
    "problems": _Told("problem", _within("raised_on")),
    "support-sought": _Told("support_sought", _within("applied_on")),
    "matches": _Told("supply_match", _within("on_date")),
    "elimination": _Told("elimination", _within("ordered_on", "done_on")),
    "equipment-projects": _Told("project_progress", f"t.list = '设备更新' AND {_MONTH}"),
    "recycling-projects": _Told("project_progress", f"t.list = '回收循环' AND {_MONTH}"),
}
"""Lists of which a month's rows contradict a nil, though a confirmation may count others."""

_STOCKS: Final[Mapping[str, tuple[str, str]]] = {
    "equipment-projects": ("equipment_project", "project"), "recycling-projects": ("recycling_project", "project"),
    "enterprises": ("enterprise", "enterprise"), "funding-policies": ("funding_policy", "policy"),
    "outlets": ("outlet", "outlet"), "outlet-claims": ("outlet_claim", "outlet"), "project-claims": ("project_claim", "project"),
}  # fmt: skip
"""List of a stock → its table, and the kind and register of its statements."""

_SUBJECT: Final = "concat_ws(' ', s.bureau, s.list, s.month), array[s.bureau]"


def _mine(told: _Told) -> str:
    return f"{{schema}}.{told.table} t WHERE s.bureau = ANY(t.bureaus) AND {told.of_month}"


def _counted(told: _Told) -> str:
    """Return what a bureau's rows of a month are counted over: those that it leads, and the few that it tells with others."""
    shared = f"SELECT {told.columns} FROM {{schema}}.{told.table} WHERE cardinality(bureaus) > 1 AND lead_bureau <> s.bureau AND s.bureau = ANY(bureaus)"
    led = f"SELECT {told.columns} FROM {{schema}}.{told.table} WHERE lead_bureau = s.bureau"
    return f"({led} UNION ALL {shared}) t WHERE {told.of_month}"


def _nil() -> Iterator[str]:
    for name, told in {**_FLOWS, **_DATED}.items():
        yield f"""SELECT {_SUBJECT}, jsonb_build_object('month', s.month, 'list', s.list, 'rows', jsonb_build_array(s.row_key)), 1
            FROM {{schema}}.submission s WHERE s.list = '{name}' AND s.state = '零报告' AND EXISTS (SELECT FROM {_mine(told)})"""


def _rows() -> Iterator[str]:
    # Shown is the count that comes nearest to what was confirmed.
    nearest = "(SELECT each FROM unnest(c.counts || array(SELECT c.counts[1] + e FROM unnest(c.earlier) e)) each ORDER BY abs(each - s.rows), each LIMIT 1)"
    told_rows = f"jsonb_build_object('month', s.month, 'list', s.list, 'confirmed', s.rows, 'found', {nearest}, 'rows', jsonb_build_array(s.row_key)), 1"
    for name, told in _FLOWS.items():
        counts = ", ".join(("count(*)", *(f"count(*) FILTER (WHERE {part})" for part in told.counted), *told.also))
        yield f"""SELECT {_SUBJECT}, {told_rows} FROM {{schema}}.submission s
            CROSS JOIN LATERAL (SELECT array[{counts}] AS counts, {told.earlier} AS earlier FROM {_counted(told)}) c
            WHERE s.list = '{name}' AND s.state = '已确认' AND NOT s.rows = ANY(c.counts) AND NOT s.rows - c.counts[1] = ANY(c.earlier)"""
    for name, (table, kind) in _STOCKS.items():
        months = f"(SELECT count(*) FROM {_mine(_DATED[name])})," if name in _DATED else ""
        # What was withdrawn or left in the month still stands on its sheet.
        yield f"""SELECT {_SUBJECT}, {told_rows} FROM {{schema}}.submission s CROSS JOIN LATERAL (SELECT '{{{{}}}}'::bigint[] AS earlier, array[
              {months}
              (SELECT count(*) FROM {{schema}}.{table} t WHERE s.bureau = ANY(t.bureaus))] || (
              SELECT array[count(*) FILTER (WHERE NOT withdrawn), count(*) FILTER (WHERE NOT withdrawn OR occurred_on >= to_date(s.month, 'YYYY-MM'))] FROM (
                SELECT DISTINCT ON (e.entity) e.withdrawn, e.occurred_on FROM log.event_log e JOIN log.topic USING (topic_no)
                WHERE bureau = s.bureau AND e.kind = '{kind}' AND e.register = '{kind}' AND e.occurred_on < to_date(s.month, 'YYYY-MM') + interval '1 month'
                ORDER BY e.entity, e.revision DESC, e.digest DESC) told) AS counts) c
            WHERE s.list = '{name}' AND s.state = '已确认' AND NOT s.rows = ANY(c.counts)
              AND s.month = (SELECT max(o.month) FROM {{schema}}.submission o WHERE o.bureau = s.bureau AND o.list = s.list)"""


def _totals() -> Iterator[str]:
    for name, told in _FLOWS.items():
        for column, names in told.sums.items():
            whole = "" if column in _MONEY else " * 100"
            parts = ", ".join((f"sum(t.{column}){whole}", *(f"sum(t.{column}) FILTER (WHERE {part}){whole}" for part in told.counted)))
            for said in (column, *names):
                yield f"""SELECT concat_ws(' ', s.bureau, s.list, s.month, '{said}'), array[s.bureau], jsonb_build_object(
                      'month', s.month, 'list', s.list, 'confirmed_sum', (s.totals ->> '{said}')::bigint, 'found_sum', coalesce(c.sums[1], 0)::bigint,
                      'category', '{said}', 'rows', jsonb_build_array(s.row_key)), 1
                    FROM {{schema}}.submission s CROSS JOIN LATERAL (SELECT array[{parts}] AS sums FROM {_mine(told)}) c
                    WHERE s.list = '{name}' AND s.state = '已确认' AND s.totals ? '{said}'
                      AND NOT (s.totals ->> '{said}')::numeric = ANY(array_append(array_remove(c.sums, NULL), coalesce(c.sums[1], 0)))"""


_MONEY: Final = frozenset(("subsidy", "sale_amount", "subsidy_returned", "reverse_invoiced", "amount", "invested_this_month", "invested_year_to_date"))


def _all(queries: Iterator[str]) -> str:
    return f"SELECT * FROM ({' UNION ALL '.join(queries)}) AS found ORDER BY 1 LIMIT {FOUND_MAX}"


COMPARISONS: Final = (
    Comparison(
        "nil-contradicted", "submission", _all(_nil()), "{month}报送了零报告，而清单中有该单位当月的数据，请核对", ("trade_in (month, category, kind)", "fund (on_date)"),
    ),
    Comparison(
        "confirmed-rows", "submission", _all(_rows()), "{month}确认的行数与清单中该单位的行数不一致，请核对", tuple(
            index for told in _FLOWS.values() for index in (
                f"{told.table} (lead_bureau, {told.columns})", f"{told.table} (lead_bureau) WHERE cardinality(bureaus) > 1",
            )
        ),
    ),
    Comparison("confirmed-totals", "submission", _all(_totals()), "{month}确认的合计（{category}）与清单不一致，请核对"),
)  # fmt: skip
