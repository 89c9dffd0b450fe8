"""``hub close`` and ``hub diff``: a month is closed once, and explained after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa

from exchange_connectors.kit.publisher import Publisher
from exchange_contracts.events import MonthClosed, MonthRestated
from exchange_contracts.model import Event
from exchange_contracts.topics import COORDINATION
from exchange_hub.cli import month_words, output, previewing
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.reading import MONTH, today
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.program import open_servers
from exchange_hub.processes.serving import serving
from exchange_hub.processes.topic_look import OpenTransactionError, settled_ends
from exchange_hub.programme.period import Period
from exchange_hub.reports.catalogue import EntryChange
from exchange_hub.reports.closed import close as closing
from exchange_hub.reports.closed import diff as restating
from exchange_hub.reports.closed import snapshot, tables
from exchange_hub.reports.closed.missing import Missing
from exchange_hub.reports.closed.preview import preview
from exchange_hub.reports.closed.restate import restate
from exchange_hub.reports.model import Cause
from exchange_hub.runtime.migrating import engine_of
from exchange_hub.runtime.servers import Servers
from exchange_hub.runtime.topics import administration
from exchange_hub.views.facts import register_title
from exchange_hub.views.lists import KINDS
from exchange_hub.views.queries.reading import hold
from exchange_hub.views.tables import LIVE

#: Source under which the hub's own program publishes on the coordination topic.
SOURCE = "hub-close"
ACKNOWLEDGE_SECONDS = 60.0


def close_month(
    hub: Hub, servers: Servers, month: str, *, as_of: date | None = None, reason: str | None = None, timeout_seconds: float,
    shown: Missing | None = None,
) -> closing.Closed:  # fmt: skip
    """Close a month on running servers: read end offsets, wait for the views, freeze, publish ``MonthClosed``.

    Whoever was *shown* what is missing closes over that and nothing else; a program that names nothing answers for it itself.
    """
    engine, wanted = _settled(hub, servers, month, as_of, reason, timeout_seconds)
    closed = closing.close(engine, hub.district, replace(wanted, shown=shown))
    publish_closed(hub, servers, engine, month)
    return closed


def _settled(
    hub: Hub, servers: Servers, month: str, as_of: date | None, reason: str | None, timeout_seconds: float
) -> tuple[sa.Engine, closing.Closing]:
    """Wait until the views hold what the topics hold now; return the store and what a close is asked for."""
    engine = engine_of(servers.database_url)
    with administration(servers.bootstrap_servers, hub.settings.kafka) as admin:
        try:
            ends = settled_ends(admin, hub.event_topics, timeout_seconds)
        except OpenTransactionError as error:
            raise closing.NotReachedError(f"{month} was not closed: {error}") from error
    closing.wait_until_reached(engine, ends, timeout_seconds)
    context = hub.context_at(servers.database_url)
    return engine, closing.Closing(month, as_of or Period(month).last_day, datetime.now(UTC), ends, reason=reason, context=context)


def publish_closed(hub: Hub, servers: Servers, engine: sa.Engine, month: str) -> None:
    """Publish ``MonthClosed`` from what was kept; the same event again is a harmless duplicate."""
    with engine.connect() as conn:
        row = snapshot.stored(conn, month)
    event = MonthClosed(
        bureau=COORDINATION, source=SOURCE, entity_key=month, revision=1, occurred_on=row["as_of"],
        recorded_at=row["closed_at"], month=month, cut=row["cut"], figures_digest=row["figures_digest"],
        stamp=row["stamp"], as_of=row["as_of"],
    )  # fmt: skip
    _publish(hub, servers, [event])


def _publish(hub: Hub, servers: Servers, events: Sequence[Event]) -> None:
    """Publish events of the hub's own on the coordination topic and wait until they are acknowledged."""
    spool = hub.settings.data_folder / "spool" / "coordination.sqlite"
    spool.parent.mkdir(parents=True, exist_ok=True)
    with Publisher(hub.connector_kafka(servers.bootstrap_servers), hub.district.id, COORDINATION, spool) as publisher:
        for event in events:
            publisher.publish(event)
        publisher.flush(ACKNOWLEDGE_SECONDS)


@click.command()
@click.argument("month", metavar="MONTH", type=MONTH)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="计算账龄和逾期的日期；缺省：当月最后一天。")
@click.option("--reason", help="尚有暂缓事件仍要结账的理由。")
@click.option("--dry-run", is_flag=True, help="只预览：数字、对已结账月份的调整、缺少的报送、暂缓和退回、线索；不写入任何内容。")
@click.option("--yes", is_flag=True, help="不经询问：缺少的内容照样列出，视为已确认（供脚本使用）。")
@click.option("--timeout", "timeout_seconds", type=float, default=300.0, show_default=True, help="等待清单处理完毕的秒数。")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="预览的格式；缺省：终端上为表格，否则为 json。")
def close(
    *, month: str, as_of: datetime | None, reason: str | None, dry_run: bool, yes: bool, timeout_seconds: float, form: str | None
) -> None:
    """结账 MONTH（YYYY-MM）：清单和数字从此不变，并发布 MonthClosed。

    当月尚未结束、前面的月份没有结账、有单位未报送或未确认、有事件暂缓的，先列出缺少的内容，键入该月份确认后才结账；尚未开始的月份不能结账。
    """
    with plain_errors():
        hub, day = Hub.load(), as_of.date() if as_of else None
        if not dry_run and today(hub) < (begins := Period(month).first_day):
            raise click.ClickException(f"{month} 尚未开始（首日为 {begins}），不能结账；请核对月份。")
        with open_servers(hub) as servers:
            try:
                shown = None
                if dry_run or not yes:
                    engine, wanted = _settled(hub, servers, month, day, reason, timeout_seconds)
                    found = preview(engine, hub.district, wanted)
                    if dry_run:
                        previewing.show(found, hub.district, form)
                        return
                    previewing.confirm(found.missing, hub.district, month, reason)
                    shown = found.missing
                closed = close_month(hub, servers, month, as_of=day, reason=reason, timeout_seconds=timeout_seconds, shown=shown)
            except closing.AlreadyClosedError as error:
                if not dry_run:
                    publish_closed(hub, servers, engine_of(servers.database_url), month)
                raise click.ClickException(str(error)) from error
            except closing.CloseError as error:
                raise click.ClickException(str(error)) from error
    if yes:
        previewing.tell(closed.missing, hub.district, month)
    rows = sum(closed.counts.values())
    click.echo(f"{month} 已结账：{rows} 行清单、{len(closed.report.figures)} 个数字，数字摘要 {closed.figures_digest[:16]}")


@click.command()
@click.argument("month", metavar="MONTH", type=MONTH)
@click.option("--record", is_flag=True, help="把变动与结账数一并留存，并发布 MonthRestated。")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="格式；缺省：终端上为表格，否则为 json。")
def diff(*, month: str, record: bool, form: str | None) -> None:
    """说明已结账的 MONTH 如今有哪些不同：数字、原因、单位和背后的事件。"""
    with plain_errors():
        hub = Hub.load()
        try:
            comparison, sources = _record(hub, month) if record else _compare(hub, month)
        except snapshot.NotClosedError as error:
            raise click.ClickException(f"{month} 尚未结账") from error
    if output.chosen(form) == "json":
        click.echo(output.json_lines([*map(month_words.change, comparison.adjustments), *map(_entry, comparison.entries), *sources]), nl=False)
        return
    if comparison.entries:
        entries = [[entry.title, "结账后新增" if entry.new else "结账后取消"] for entry in comparison.entries]
        output.table(f"{month} 结账后清单与栏目的变化（只比较两边都有的栏目）", ["清单或栏目", "变化"], entries)
    if not comparison.adjustments:
        click.echo(f"{month} 结账后没有变化。")
        return
    names = {bureau.code: bureau.name for bureau in hub.district.bureaus}
    output.table(f"{month} 结账后的变化（{len(comparison.adjustments)} 项）", *month_words.changes(comparison.adjustments, names))
    events: dict[str, list[dict[str, str]]] = {}
    for line in sources:
        events.setdefault(line["place"], []).append(line)
    cells = [_event_cells(lines, names) for lines in events.values()]
    headings = ["单位", "事件", "业务日期", "原因", "行", "到达时间", "位置"]
    output.table(f"变化的来源（结账后到达的 {len(cells)} 条事件）", headings, cells)


def _event_cells(lines: Sequence[Mapping[str, str]], names: Mapping[str, str]) -> list[str]:
    """Return the cells of one event with the rows that it changed."""
    first = lines[0]
    more = f" 等 {len(lines)} 行" if len(lines) > 1 else ""
    return [
        names.get(first["bureau"], first["bureau"]), register_title(first["register"]) + ("（撤回）" if first["withdrawn"] else ""),
        first["occurred_on"], "、".join(dict.fromkeys(line["cause"] for line in lines)), first["row"] + more,
        first["arrived_at"][:16].replace("T", " "), first["place"],
    ]  # fmt: skip


def _compare(hub: Hub, month: str) -> tuple[restating.Comparison, list[dict[str, str]]]:
    with serving(hub) as url, engine_of(url).connect() as conn, conn.begin():
        hold(conn, LIVE)
        comparison = restating.compare(conn, hub.district, month, context=hub.context_at(url))
        return comparison, list(_sources(conn, hub, comparison))


def _record(hub: Hub, month: str) -> tuple[restating.Comparison, list[dict[str, str]]]:
    """Keep the restatement, publish it, and explain it."""
    with open_servers(hub) as servers:
        engine = engine_of(servers.database_url)
        context = hub.context_at(servers.database_url)
        restated = restate(engine, hub.district, month, datetime.now(UTC), context=context)
        if restated is None:
            click.echo(f"{month} 自上次记录以来没有新的变化。", err=True)
        else:
            click.echo(f"{month} 第 {restated.seq} 次调整已记录：{len(restated.comparison.adjustments)} 项。", err=True)
        publish_restated(hub, servers, engine, month)
        with engine.connect() as conn, conn.begin():
            hold(conn, LIVE)
            comparison = restating.compare(conn, hub.district, month, context=context)
            return comparison, list(_sources(conn, hub, comparison))


def publish_restated(hub: Hub, servers: Servers, engine: sa.Engine, month: str) -> None:
    """Publish ``MonthRestated`` for every recorded restatement of a month; what is there already is a harmless duplicate.

    A crash between the record and its publishing is mended by the next call: nothing else remembers what was sent.
    """
    with engine.connect() as conn:
        as_of = snapshot.stored(conn, month)["as_of"]
        query = sa.select(tables.restatement).where(tables.restatement.c.month == month).order_by(tables.restatement.c.seq)
        rows = conn.execute(query).mappings().all()
    events = [
        MonthRestated(
            bureau=COORDINATION, source=SOURCE, entity_key=month, revision=row["seq"], occurred_on=as_of,
            recorded_at=row["made_at"], month=month, seq=row["seq"], cut=row["cut"], figures_digest=row["figures_digest"],
            stamp=row["stamp"], as_of=as_of, causes=_causes(row["changes"]),
        )
        for row in rows
    ]  # fmt: skip
    _publish(hub, servers, events)


def _causes(changes: list[dict[str, Any]]) -> list[Cause]:
    """Return the causes of recorded changes, in the order of the code list."""
    found = {cause for change in changes for cause in change["causes"]}
    return [cause for cause in get_args(Cause) if cause in found]


def _sources(conn: sa.Connection, hub: Hub, comparison: restating.Comparison) -> Iterator[dict[str, str]]:
    """Yield the events behind the changed rows: those on their entities that arrived since the close."""
    cut, zone = snapshot.stored(conn, comparison.month)["cut"], ZoneInfo(hub.district.profile.time_zone)
    kinds: dict[str, str] = {view.name: kind.name for kind in KINDS.values() for view in kind.lists}
    for row in comparison.rows:
        for event in restating.events_behind(conn, row.component, kinds[row.list], cut):
            arrived = datetime.fromtimestamp(event.arrived_ms / 1000, zone)
            yield {
                "list": row.list, "row": row.row_key, "cause": row.cause, "bureau": event.bureau,
                "register": event.register, "withdrawn": "是" if event.withdrawn else "",
                "occurred_on": event.occurred_on.isoformat(), "arrived_at": arrived.isoformat(timespec="minutes"),
                "place": f"{event.topic}@{event.offset}", "event_id": event.event_id,
            }  # fmt: skip


def _entry(entry: EntryChange) -> dict[str, object]:
    return {"list": entry.list, "column": entry.column, "title": entry.title, "change": "new" if entry.new else "gone"}
