"""``hub findings``, ``hub deadlines`` and ``hub receipts``: what people have to look at, decide or mend."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from exchange_hub.cli import output, reading
from exchange_hub.cli.errors import plain_errors
from exchange_hub.cli.replaying import replay
from exchange_hub.console import wording
from exchange_hub.console.source import Place
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.programme.deadlines import Deadline, document_deadlines, plan_deadlines
from exchange_hub.runtime.terminal import visible
from exchange_hub.views import values
from exchange_hub.views.lists import RULES
from exchange_hub.views.queries.answers import Finding, Rejection
from exchange_hub.views.values import Names

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
FINDING_TITLE = "待核实线索（系统比对提示，不作为认定依据）"

_FORMAT = click.option("--format", "form", type=click.Choice(output.FORMATS), help="格式；缺省：终端上为表格，否则为 json。")
_OUT = click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入这个文件。")


@click.command()
@click.option("--rule", help="只看这条规则的线索。")
@click.option("--bureau", metavar="CODE", help="只看涉及这个单位的线索。")
@_FORMAT
@_OUT
def findings(*, rule: str | None, bureau: str | None, form: str | None, out: Path | None) -> None:
    """查看待核实线索；线索只作提示，不影响数据接收。"""
    with plain_errors():
        hub = Hub.load()
        _known(hub, bureau)
        with serving(hub) as url, reading.snapshot_of(hub, url) as at:
            found = at.findings()
        known = {*RULES, *(finding.rule for finding in found)} - {""}
        if rule is not None and rule not in known:
            raise click.UsageError(f"没有规则“{visible(rule)}”；已有：{'、'.join(sorted(known))}")
    chosen = [each for each in found if rule in (None, each.rule) and (bureau is None or bureau in each.bureaus)]
    names = reading.names_of(hub.district)
    output.lines(FINDING_TITLE, [_finding(each, names) for each in chosen], FINDING_HEADINGS, form, out)


def _known(hub: Hub, bureau: str | None) -> None:
    """Refuse a bureau that the district does not know."""
    codes = [each.code for each in hub.district.bureaus]
    if bureau is not None and bureau not in codes:
        raise click.UsageError(f"没有单位“{visible(bureau)}”；已有：{'、'.join(codes)}")


def _finding(finding: Finding, names: Names) -> Line:
    return {
        "finding_id": finding.id, "rule": finding.rule, "kind": finding.kind, "subject": finding.subject,
        "component": finding.component, "bureaus": list(finding.bureaus),
        "bureau_names": [names.get(code, code) for code in finding.bureaus], "words": finding.text,
        "state": finding.state, "basis": finding.basis or None, "rows": list(finding.rows),
        "detail": {each.name: values.plain(each.column, each.value) for each in finding.compared},
    }  # fmt: skip


@click.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="从哪一天起算；缺省：本区今天。")
@click.option("--all", "everything", is_flag=True, help="也列出已办结的：已出台、已涵盖、免于出台。")
@_FORMAT
@_OUT
def deadlines(*, as_of: datetime | None, everything: bool, form: str | None, out: Path | None) -> None:
    """查看尚须出台的文件和计划，以及各自剩余的工作日。"""
    with plain_errors():
        hub = Hub.load()
        day = as_of.date() if as_of else reading.today(hub)
        with serving(hub) as url, reading.snapshot_of(hub, url) as at:
            documents, plans = at.rows("documents"), at.rows("plans")
    found = [*document_deadlines(documents, hub.district.calendar, day), *plan_deadlines(hub.district.plans, plans, day)]
    names = reading.names_of(hub.district)
    lines = [deadline_line(item, names) for item in found if everything or item.is_open]
    output.lines(f"文件与方案时限（截至 {day}）", lines, DEADLINE_HEADINGS, form, out)


def deadline_line(item: Deadline, names: Names) -> Line:
    """Return a deadline as machines read it."""
    return {
        "kind": item.kind, "document_no": item.document_no, "title": item.title, "bureau": item.bureau,
        "received_on": item.received_on, "due_on": item.due_on, "extended_until": item.extended_until, "state": item.state,
        "working_days_left": item.working_days_left, "working_days_late": item.working_days_late, "note": item.note,
        "bureau_name": names.get(item.bureau, item.bureau),
    }  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--bureau", metavar="CODE", help="只看这个单位的记录。")
@click.option("--limit", type=click.IntRange(1), default=500, show_default=True, help="每种结果最多显示的条数。")
@_FORMAT
@_OUT
@click.pass_context
def receipts(ctx: click.Context, *, bureau: str | None, limit: int, form: str | None, out: Path | None) -> None:
    """查看退回的记录和暂缓的事件，最近的在前。"""
    if ctx.invoked_subcommand is None:
        _show_receipts("未接收的记录", ("rejected", "held"), bureau, limit, form, out)


@receipts.command()
@click.option("--bureau", metavar="CODE", help="只看这个单位的事件。")
@click.option("--limit", type=click.IntRange(1), default=500, show_default=True, help="最多显示的条数。")
@_FORMAT
@_OUT
def held(*, bureau: str | None, limit: int, form: str | None, out: Path | None) -> None:
    """只看暂缓的事件：归并时出错，或同一事项更早的事件还在等待。"""
    _show_receipts("暂缓的事件", ("held",), bureau, limit, form, out)


receipts.add_command(replay)


def _show_receipts(
    title: str, outcomes: tuple[str, ...], bureau: str | None, limit: int, form: str | None, out: Path | None
) -> None:
    with plain_errors():
        hub = Hub.load()
        _known(hub, bureau)
        zone = ZoneInfo(hub.district.profile.time_zone)
        with serving(hub) as url, reading.snapshot_of(hub, url) as at:
            found = [each for outcome in outcomes for each in at.rejections(bureau, limit=limit, outcomes=(outcome,))]
    lines = [receipt_line(each, zone) for each in found]
    if output.chosen(form) != "json":
        place = Place.of(hub.district)
        lines = [line | _for_people(each, place) for line, each in zip(lines, found, strict=True)]
    output.lines(title, lines, RECEIPT_HEADINGS, form, out)


def receipt_line(found: Rejection, zone: ZoneInfo) -> Line:
    """Return a record that was not taken as machines read it."""
    return {
        "outcome": found.outcome, "bureau": found.bureau, "topic": found.topic, "offset": found.offset, "event_id": found.event_id,
        "entity": found.entity_key or None, "code": found.code, "reason": found.reason, "behind": found.behind,
        "arrived_at": found.arrived_at.astimezone(zone).isoformat(timespec="seconds"),
    }  # fmt: skip


def _for_people(found: Rejection, place: Place) -> Line:
    """Say codes in words, as the console does; why an event is held stays as it was said to operators."""
    told = {"outcome": wording.OUTCOMES[found.outcome], "bureau": place.bureau(found.bureau)}
    return told | ({"reason": wording.plain_words(found.reason, place)} if found.outcome == "rejected" else {"code": None})
