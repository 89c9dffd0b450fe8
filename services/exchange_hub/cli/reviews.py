"""``hub findings``, ``hub deadlines`` and ``hub receipts``: what people have to look at, decide or mend."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from exchange_hub.cli import output, reading
from exchange_hub.cli.compose import Hub
from exchange_hub.cli.program import plain_errors, serving
from exchange_hub.cli.replaying import replay
from exchange_hub.console import wording
from exchange_hub.console.source import Place
from exchange_hub.programme.calendar import Calendar, CalendarError
from exchange_hub.programme.district import ExpectedPlan
from exchange_hub.reports.matters import deadline, status
from exchange_hub.views import read

Line = dict[str, Any]
#: Field → heading, in the order of the columns.
Headings = Mapping[str, str]

FINDING_HEADINGS: Headings = {
    "rule": "规则", "subject": "对象", "bureau_names": "涉及单位", "words": "线索", "state": "状态", "basis": "依据", "finding_id": "编号",
}  # fmt: skip
DEADLINE_HEADINGS: Headings = {
    "kind": "类别", "document_no": "文号", "title": "名称", "bureau_name": "责任单位", "received_on": "收文日",
    "due_on": "到期日", "extended_until": "延期至", "state": "状态", "working_days_left": "剩余工作日",
    "working_days_late": "超期工作日", "note": "说明",
}  # fmt: skip
RECEIPT_HEADINGS: Headings = {
    "outcome": "结果", "bureau": "单位", "topic": "主题", "offset": "位置", "entity": "业务主键", "code": "代码",
    "reason": "原因", "arrived_at": "到达时间", "event_id": "事件编号",
}  # fmt: skip
#: Findings are clues, never verdicts; this stands above every list of them.
FINDING_TITLE = "待核实线索(系统比对提示,不作为认定依据)"
OPEN = ("超期未出台", "未到期")

_FORMAT = click.option("--format", "form", type=click.Choice(output.FORMATS), help="Default: table on a terminal, else json.")
_OUT = click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")


@click.command()
@click.option("--rule", help="Only findings of this rule.")
@click.option("--bureau", metavar="CODE", help="Only findings that concern this bureau.")
@_FORMAT
@_OUT
def findings(*, rule: str | None, bureau: str | None, form: str | None, out: Path | None) -> None:
    """Show the findings: clues to verify, worded for people; none of them blocks an event."""
    with plain_errors():
        hub = Hub.load()
        if bureau is not None:
            hub.district.bureau(bureau)
        with serving(hub) as url, reading.snapshot_of(url) as at:
            names = reading.names_of(hub.district)
            found = [_finding(row, names) for row in read.findings(at.driver)]
    lines = [line for line in found if rule in (None, line["rule"]) and (bureau is None or bureau in line["bureaus"])]
    output.lines(FINDING_TITLE, lines, FINDING_HEADINGS, form, out)


def _finding(row: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    return {
        "finding_id": row["finding_id"], "rule": row["rule"], "kind": row["kind"], "subject": row["subject"],
        "component": row["component"], "bureaus": list(row["bureaus"]),
        "bureau_names": [names.get(code, code) for code in row["bureaus"]], "words": row["words"],
        "state": row["state"], "basis": row["basis"], "detail": row["detail"],
    }  # fmt: skip


@click.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Date to count from; default: today in the district.")
@click.option("--all", "everything", is_flag=True, help="Also what is settled: issued, covered, exempt.")
@_FORMAT
@_OUT
def deadlines(*, as_of: datetime | None, everything: bool, form: str | None, out: Path | None) -> None:
    """Show what must still be issued: documents × departments with working days left, and expected plans."""
    with plain_errors():
        hub = Hub.load()
        day = as_of.date() if as_of else reading.today(hub)
        with serving(hub) as url, reading.snapshot_of(url) as at:
            documents, plans = read.rows(at.driver, "documents"), read.rows(at.driver, "plans")
    lines = [*document_lines(documents, hub.district.calendar, day), *plan_lines(hub.district.plans, plans, day)]
    shown = [line for line in lines if everything or line["state"] in (*OPEN, "未出台")]
    names = reading.names_of(hub.district)
    output.lines(f"文件与方案时限(截至 {day})", [_named(line, names) for line in shown], DEADLINE_HEADINGS, form, out)


def document_lines(rows: Sequence[Mapping[str, Any]], calendar: Calendar, as_of: date) -> list[Line]:
    """Return a line per document × department received by *as_of*: overdue ones first, then the soonest due."""
    received = [row for row in rows if row["received_on"] is None or row["received_on"] <= as_of]
    lines = [_document_line(row, calendar, as_of) for row in received]
    order = {name: place for place, name in enumerate(OPEN)}
    return sorted(
        lines, key=lambda line: (order.get(line["state"], len(OPEN)), line["until"], line["document_no"] or "", line["bureau"])
    )


def _document_line(row: Mapping[str, Any], calendar: Calendar, as_of: date) -> Line:
    state, due = status(row, as_of), deadline(row)
    left: int | None = None
    late: int | None = None
    note = ""
    try:
        if state == "超期未出台" and due is not None:
            late = calendar.count(due, as_of) - calendar.count(due, due)
        elif state == "未到期" and due is not None:
            left = calendar.count(as_of, due) - calendar.count(as_of, as_of)
    except CalendarError as error:
        note = f"工作日历不全:{error}"
    if due is None and state == "未到期":
        note = "无收文日,无法计算到期日" if row["received_on"] is None else "工作日历不含到期年份,无法计算到期日"
    return {
        "kind": "文件", "document_no": row["document_no"], "title": row["title"], "bureau": row["department"],
        "received_on": row["received_on"], "due_on": row["due_on"], "extended_until": row["extended_until"],
        "until": due or date.max, "state": state, "working_days_left": left, "working_days_late": late, "note": note,
    }  # fmt: skip


def plan_lines(expected: Sequence[ExpectedPlan], rows: Sequence[Mapping[str, Any]], as_of: date) -> Iterator[Line]:
    """Yield a line per plan that the work plan asks for; it stands as 未出台 until its bureau has issued one of its kind."""
    issued = [row for row in rows if row["issued_on"] is not None and row["issued_on"] <= as_of]
    for plan in expected:
        match = [row for row in issued if row["plan_kind"] == plan.kind and row["lead_bureau"] == plan.bureau]
        row = next((row for row in match if row["title"] == plan.title), match[0] if match else None)
        if row is not None:
            issued.remove(row)
        yield {
            "kind": f"应出台方案({plan.kind})", "document_no": row["document_no"] if row else None, "title": plan.title,
            "bureau": plan.bureau, "received_on": None, "due_on": None, "extended_until": None, "until": date.max,
            "state": "已出台" if row else "未出台", "working_days_left": None, "working_days_late": None,
            "note": f"{row['issued_on']} 印发" if row else "",
        }  # fmt: skip


def _named(line: Line, names: Mapping[str, str]) -> Line:
    kept = {name: value for name, value in line.items() if name != "until"}
    return kept | {"bureau_name": names.get(line["bureau"], line["bureau"])}


@click.group(invoke_without_command=True)
@click.option("--bureau", metavar="CODE", help="Only records of this bureau.")
@click.option("--limit", type=click.IntRange(1), default=500, show_default=True, help="Records of each outcome at most.")
@_FORMAT
@_OUT
@click.pass_context
def receipts(ctx: click.Context, *, bureau: str | None, limit: int, form: str | None, out: Path | None) -> None:
    """Show records that were rejected, and events that are held; the newest first."""
    if ctx.invoked_subcommand is None:
        _show_receipts("未接收的记录", ("rejected", "held"), bureau, limit, form, out)


@receipts.command()
@click.option("--bureau", metavar="CODE", help="Only events of this bureau.")
@click.option("--limit", type=click.IntRange(1), default=500, show_default=True, help="Events at most.")
@_FORMAT
@_OUT
def held(*, bureau: str | None, limit: int, form: str | None, out: Path | None) -> None:
    """Show only the held events: their fold failed, or an earlier event of the same key waits."""
    _show_receipts("暂缓的事件", ("held",), bureau, limit, form, out)


receipts.add_command(replay)


def _show_receipts(
    title: str, outcomes: Sequence[str], bureau: str | None, limit: int, form: str | None, out: Path | None
) -> None:
    readers = {"rejected": read.rejections, "held": read.held}
    with plain_errors():
        hub = Hub.load()
        if bureau is not None:
            hub.district.bureau(bureau)
        zone = ZoneInfo(hub.district.profile.time_zone)
        with serving(hub) as url, reading.snapshot_of(url) as at:
            lines = [_receipt(name, row, zone) for name in outcomes for row in readers[name](at.driver, bureau, limit)]
    if output.chosen(form) != "json":
        place = Place.of(hub.district)
        lines = [_for_people(line, place) for line in lines]
    output.lines(title, lines, RECEIPT_HEADINGS, form, out)


def _receipt(outcome: str, row: Mapping[str, Any], zone: ZoneInfo) -> Line:
    arrived = datetime.fromtimestamp(row["arrived_ms"] / 1000, UTC).astimezone(zone)
    return {
        "outcome": outcome, "bureau": row["bureau"], "topic": row["topic"], "offset": row["off"],
        "event_id": None if row["event_id"] is None else str(row["event_id"]), "entity": row["entity"],
        "code": row.get("code") or "held", "reason": row["reason"], "behind": row.get("behind"),
        "arrived_at": arrived.isoformat(timespec="seconds"),
    }  # fmt: skip


def _for_people(line: Line, place: Place) -> Line:
    """Say codes in words, as the console does; why an event is held stays as it was said to operators."""
    told = {"outcome": wording.OUTCOMES[line["outcome"]], "bureau": place.bureau(line["bureau"])}
    if line["outcome"] == "rejected":
        return line | told | {"reason": wording.plain_words(line["reason"], place)}
    return line | told | {"code": None}
