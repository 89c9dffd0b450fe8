"""``hub trace``: from a figure, a list row or an event down to the bureau's source cell (invariant 10)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import click
import orjson

from exchange_contracts import registry
from exchange_hub.cli import output, reading
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.month_figures import Figures, month_of
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.reports.meaning import meaning_of
from exchange_hub.reports.model import Figure, decimal_text, plain
from exchange_hub.reports.render.style import number_text
from exchange_hub.reports.trace import rows_of, terms_of
from exchange_hub.runtime.terminal import visible
from exchange_hub.views import facts, values
from exchange_hub.views.attribution import Attribution
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import Event, Row
from exchange_hub.views.queries.provenance import of_row
from exchange_hub.views.queries.reading import ListQueries

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MONTH = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}(?![0-9])")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: Derived figures are opened this deep: a rate of a sum of sums is the deepest there is.
_DEPTH_MAX = 4

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Tracer:
    """Answers questions from one snapshot."""

    at: ListQueries
    hub: Hub
    limit: int

    def figure(self, month: Figures, figure: Figure, depth: int = 0) -> Node:
        """Open a figure: the figures it is worked out from, or the rows that it counts."""
        value = figure.absent if figure.value is None else decimal_text(figure.value)
        node: Node = {
            "figure": figure.id, "month": month.month, "closed": month.closed, "value": value, "unit": figure.unit,
            "period": figure.period, "measure": figure.source.measure, "list": figure.source.list,
            "list_title": month.catalogue.title(figure.source.list), "meaning": meaning_of(figure, month.catalogue),
            "where": plain(figure.source.where), "rows_counted": figure.source.rows,
        }  # fmt: skip
        terms = [month.figures[name] for name in terms_of(figure.source) if name in month.figures]
        if terms and depth < _DEPTH_MAX:
            node["terms"] = [self.figure(month, term, depth + 1) for term in terms]
        rows = rows_of(self.at.conn, figure.source, month.lists, self.limit)
        if rows:
            cut, view = month.cut if month.closed else None, month.lists.view(figure.source.list)
            node["rows"] = [{**self.row(view, row, cut, month.day), **_share(figure, row)} for row in rows]
        return node

    def row(self, view: ListView, row: Row, cut: Mapping[str, int] | None = None, day: date | None = None) -> Node:
        """Open a row of a list, of a closed month by its own entries; *cut* and *day* limit the events to those that the month counts."""
        columns = {c.title: values.plain(c, row[c.name]) for c in view.columns if row.get(c.name) is not None}
        trace = self.at.trace(view, row, cut, day)
        known = {column.name: column for column in view.columns}
        events = [self.event(event) for event in trace.events]
        made_of = of_row([event.register for event in trace.events], str(row["row_key"]), str(row["component"]))
        for event, is_of_row in zip(events, made_of, strict=True):
            event["of_row"] = is_of_row
        return {
            "list": view.name, "list_title": view.title, "row_key": row["row_key"], "bureaus": values.items(row["bureaus"]), "columns": columns,
            "month": row.get("month"), "taken_from": [_taken(known[each.column], each) for each in trace.taken if each.column in known], "events": events,
        }  # fmt: skip

    def event(self, event: Event) -> Node:
        """Describe an event with its source cell."""
        zone = ZoneInfo(self.hub.district.profile.time_zone)
        return {
            "event": event.type, "states": registry.load().latest(event.type).doc, "bureau": event.bureau, "event_id": event.event_id,
            "topic": event.topic, "offset": event.offset, "register": event.register, "revision": event.revision,
            "occurred_on": None if event.occurred_on is None else event.occurred_on.isoformat(),
            "arrived_at": None if event.arrived_at is None else event.arrived_at.astimezone(zone).isoformat(timespec="seconds"),
            "source": event.source or None, "origin": None if event.origin is None else asdict(event.origin),
        }  # fmt: skip


def _taken(column: Column, each: Attribution) -> Node:
    return {
        "column": column.name, "title": column.title, "value": values.plain(column, each.value), "bureau": each.bureau,
        "others": [{"bureau": bureau, "value": values.plain(column, said)} for bureau, said in each.others],
    }  # fmt: skip


def _share(figure: Figure, row: Mapping[str, Any]) -> Node:
    """Say what a row adds to a sum, in the figure's own unit."""
    share = row.get("measured")
    if share is None:
        return {}
    column = Column("", "", "money" if figure.unit == "元" else "quantity" if isinstance(share, Decimal) else "text")
    return {"measured": values.plain(column, share)}


@click.command()
@click.argument("ref", metavar="REF")
@click.option("--month", type=reading.MONTH, metavar="YYYY-MM", help="数字所属月份，已结账的按结账时的数据，未结账的按截至当月最后一天的清单；缺省：当前考核月份。")
@click.option("--live", is_flag=True, help="已结账的月份也按现在所知的数据查（仍截至当月）。")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="每个数字最多打开的行数。")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="格式；缺省：终端上为树，否则为 json。")
def trace(*, ref: str, month: str | None, live: bool, limit: int, form: str | None) -> None:
    """把 REF 打开到各单位的原表单元格。

    REF 为数字的编号（如 equipment.合计.projects）、清单的一行（清单名:ROW_KEY）或事件编号。多个单位填报的行，逐栏说明取自哪个单位、其他单位怎样填报。
    """
    with plain_errors():
        hub = Hub.load()
        with serving(hub) as url:
            node = _opened_here(hub, url, ref, limit) or _opened_figure(hub, url, ref, limit, month, live=live)
    if output.chosen(form) == "json":
        click.echo(orjson.dumps(node, default=str).decode())
        return
    for line in lines_of(node, reading.names_of(hub.district)):
        click.echo(visible(line))


def _opened_here(hub: Hub, url: str, ref: str, limit: int) -> Node | None:
    """Open an event, or a row of a list as it stands now; ``None`` where *ref* names neither."""
    name, colon, key = ref.partition(":")
    is_row = colon and name in BY_NAME
    if not is_row and not _UUID.fullmatch(ref):
        return None
    with reading.snapshot_of(hub, url) as at:
        tracer = _Tracer(at, hub, limit)
        if not is_row:
            return _opened_event(tracer, ref.lower())
        row = at.row(name, key)
        if row is None:
            raise KeyError(f"清单“{BY_NAME[name].title}”没有“{key}”这一行；各行的 row_key 见 hub list {name} --format json")
        return tracer.row(BY_NAME[name], row)


def _opened_figure(hub: Hub, url: str, ref: str, limit: int, month: str | None, *, live: bool) -> Node:
    """Open a figure of a month."""
    with month_of(hub, url, month, live=live) as (at, figures):
        if ref in figures.figures:
            return _Tracer(at, hub, limit).figure(figures, figures.figures[ref])
        table = ref.partition(".")[0]
        near = [known for known in figures.figures if known.partition(".")[0] == table][:8]
        hint = f"；相近的有：{'、'.join(near)}" if near else "；数字编号见 report.json，清单行写作 LIST:KEY"
        raise KeyError(f"{figures.month} 没有数字“{ref}”{hint}")


def _opened_event(tracer: _Tracer, event_id: str) -> Node:
    event = tracer.at.event(event_id)
    if event is not None:
        filled = {name: raw for name, raw in event.facts.items() if raw not in (None, "", [], {}) and name != "origin"}
        return {**tracer.event(event), "facts": facts.plain(event.type, filled)}
    found = tracer.at.rejection(event_id)
    if found is not None:
        words = {"rejected": "已退回", "held": "已暂缓"}[found.outcome]
        return {
            "event_id": event_id, "outcome": words, "topic": found.topic, "offset": found.offset, "bureau": found.bureau, "reason": found.reason,
        }  # fmt: skip
    raise KeyError(f"没有编号为 {event_id} 的事件")


def lines_of(node: Node, names: Mapping[str, str]) -> Iterator[str]:
    """Draw a node and what is below it as a tree in Chinese."""
    head, children = _words(node, names)
    yield head
    yield from _below(children, names, "")


def _below(children: Sequence[Node | str], names: Mapping[str, str], indent: str) -> Iterator[str]:
    for place, child in enumerate(children, 1):
        last = place == len(children)
        head, below = (child, ()) if isinstance(child, str) else _words(child, names)
        yield f"{indent}{'└─ ' if last else '├─ '}{head}"
        yield from _below(below, names, indent + ("   " if last else "│  "))


def _words(node: Node, names: Mapping[str, str]) -> tuple[str, Sequence[Node | str]]:
    """Return the line of a node and what stands below it."""
    if "figure" in node:
        return _figure_words(node)
    if "row_key" in node:
        return _row_words(node, names)
    if "outcome" in node:
        place = f"{node['topic']} 第 {node['offset']} 位"
        return f"事件 {node['event_id']} {node['outcome']}（{names.get(node['bureau'], node['bureau'])}，{place}）：{node['reason']}", ()
    return _event_words(node, names)


def _figure_words(node: Node) -> tuple[str, Sequence[Node | str]]:
    basis = "已结账" if node["closed"] else "现值"
    where = "，".join(f"{column}{_equals(column)}{output.text(value)}" for column, value in node["where"].items())
    title = node["list_title"]
    made = f"{title}：{node['measure']}" + (f"（{where}）" if where else "") if title else node["measure"]
    # A rate is exact in JSON; people read it as the report prints it.
    value = number_text(Decimal(node["value"]), node["unit"]) if node["unit"] == "%" and _DECIMAL.fullmatch(node["value"]) else node["value"]
    head = f"{node['figure']} = {value} {node['unit']}（{node['period']}，{basis}）← {made}"
    rows = node.get("rows", ())
    below: list[Node | str] = [f"口径：{node['meaning']}", *node.get("terms", ()), *rows]
    if node["rows_counted"] > len(rows) and rows:
        below.append(f"…另有 {node['rows_counted'] - len(rows)} 行（--limit 可多看）")
    return head, below


def _equals(column: str) -> str:
    """Return the sign between a condition's column and value; some columns end in one of their own."""
    return "" if column[-1] in "=<>" else "="


def _row_words(node: Node, names: Mapping[str, str]) -> tuple[str, Sequence[Node | str]]:
    bureaus = "、".join(names.get(code, code) for code in node["bureaus"])
    main = [output.text(value) for value in list(node["columns"].values())[:4]]
    share = f"，计入 {node['measured']}" if "measured" in node else ""
    events: list[Node | str] = [event for event in node["events"] if event.get("of_row", True) and _months(event) <= {node["month"]}]
    others = len(node["events"]) - len(events)
    if others:
        events.append(f"…另有 {others} 条其他月份或事项的事件（--format json 可看全）")
    if not events:
        events.append("（无事件：该行此后已合并到别处）")
    below = [*_taken_words(node.get("taken_from", ()), names), *events]
    return f"{node['list_title']} {node['row_key']}（{bureaus}{share}）：{' '.join(main)}", below


def _taken_words(taken: Sequence[Node], names: Mapping[str, str]) -> Iterator[str]:
    """Say whose statement each column is: a line where bureaus differ, then a line a bureau for what nobody says otherwise."""
    undisputed: dict[str, list[str]] = {}
    for each in taken:
        bureau = f"取自{names.get(each['bureau'], each['bureau'])}" if each["bureau"] else "出自未单独成行的填报"
        if each["others"]:
            others = "、".join(f"{names.get(said['bureau'], said['bureau'])}填报 {output.text(said['value'])}" for said in each["others"])
            yield f"{each['title']} = {output.text(each['value']) or '（空）'}：{bureau}；{others}"
        else:
            undisputed.setdefault(bureau, []).append(each["title"])
    for bureau, titles in undisputed.items():
        yield f"{bureau}，无不同填报：{'、'.join(titles)}"


def _months(event: Node) -> set[str]:
    """Return the months that the event's register is about; a statement of the whole entity has none."""
    return set(_MONTH.findall(event["register"]))


def _event_words(node: Node, names: Mapping[str, str]) -> tuple[str, Sequence[Node | str]]:
    origin = node["origin"]
    if origin:
        unit = f"，原表单位{origin['unit']}" if origin.get("unit") else ""
        sheet = f"工作表“{origin['sheet']}”" if origin["sheet"] else ""
        cell = f"来源：《{origin['file']}》{sheet}第 {origin['row']} 行{unit}"
        where = {name: facts.read_at(place) for name, place in (origin.get("cells") or {}).items()}
    else:
        cell, where = f"来源：系统接口 {node['source']}", {}
    bureau = names.get(node["bureau"], node["bureau"])
    said = [f"{name} = {output.text(fact)}{f' ← {where[name]}' if name in where else ''}" for name, fact in node.get("facts", {}).items()]
    if not said and where:
        said = ["单元格：" + "、".join(f"{facts.column_of(node['event'], name).title} {place}" for name, place in where.items())]
    head = (
        f"{node['states']}（{node['event']}），{bureau}，业务日期 {node['occurred_on']}，修订 {node['revision']}，"
        f"到达 {node['arrived_at']}，编号 {node['event_id']}"
    )
    return head, [cell, *said]
