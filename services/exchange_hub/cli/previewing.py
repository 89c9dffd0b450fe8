"""What ``hub close`` shows before it closes a month, and how a person confirms it: by typing the month."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import click

from exchange_hub.cli import month_words, output
from exchange_hub.cli.reading import names_of
from exchange_hub.programme.district import District, Expected
from exchange_hub.programme.labels import label
from exchange_hub.programme.period import Period
from exchange_hub.reports.closed.missing import Missing
from exchange_hub.reports.closed.preview import Preview
from exchange_hub.runtime.terminal import visible
from exchange_hub.views.lists import BY_NAME

_HELD_MAX = 20
NAMED_MAX = 12
"""So many bureaus' lists are named in a line; the rest is counted."""


def missing_lines(missing: Missing, district: District, month: str) -> Iterator[str]:
    """Yield in Chinese what a month lacks, a line each."""
    if missing.is_running:
        yield f"{month} 尚未结束（最后一天为 {Period(month).last_day}）。"
    if missing.earlier_open:
        yield f"之前的月份尚未结账：{'、'.join(missing.earlier_open)}。"
    if missing.later_closed:
        yield f"之后的月份已经结账：{'、'.join(missing.later_closed)}。"
    for words, owed in (("未报送", missing.silent), ("已有数据未确认", missing.unconfirmed)):
        if owed:
            yield f"{words} {len(owed)} 项：{_owed(owed, district)}。"
    held, unfolded = missing.unsettled
    if held:
        yield f"暂缓的事件 {held} 条，未计入（hub receipts held 可查看）。"
    if unfolded:
        yield f"填报合不到一起的对象 {unfolded} 个，未计入（hub doctor 可查看）。"


def _owed(owed: Sequence[Expected], district: District) -> str:
    """Name who owes what, a bureau once."""
    names = names_of(district)
    by_bureau: dict[str, list[str]] = {}
    for each in owed:
        by_bureau.setdefault(names.get(each.bureau, each.bureau), []).append(BY_NAME[each.list].title)
    told = [f"{bureau}（{'、'.join(titles)}）" for bureau, titles in by_bureau.items()]
    return "；".join(told[:NAMED_MAX]) + (f"；另有 {len(told) - NAMED_MAX} 个单位" if len(told) > NAMED_MAX else "")


def tell(missing: Missing, district: District, month: str) -> None:
    """Say on the error stream what a month lacks."""
    for line in missing_lines(missing, district, month):
        click.echo(visible(line), err=True)


def confirm(missing: Missing, district: District, month: str, reason: str | None) -> None:
    """Show what is missing and have the month typed; nothing missing asks nothing.

    Raises:
        click.ClickException: nobody confirmed it: there is no terminal, another text was typed, or a reason is needed first.
    """
    if not missing:
        return
    if any(missing.unsettled) and reason is None:
        raise _refused(missing, district, month, "有暂缓或合不到一起的内容，须先处理，或用 --reason 写明仍要结账的理由。")
    if not sys.stdin.isatty():
        raise _refused(missing, district, month, "请在终端上运行并键入月份确认，或核对后加 --yes；--dry-run 可先预览。")
    tell(missing, district, month)
    typed: str = click.prompt(f"结账后不再改动。确认就此结账，请键入月份 {month}", err=True)
    if typed.strip() != month:
        raise click.ClickException(f"键入的不是 {month}，没有结账。")


def _refused(missing: Missing, district: District, month: str, remedy: str) -> click.ClickException:
    lines = [f"{month} 没有结账，缺少：", *(f"  {visible(line)}" for line in missing_lines(missing, district, month)), remedy]
    return click.ClickException("\n".join(lines))


def show(found: Preview, district: District, form: str | None) -> None:
    """Print a preview: what is missing, changes, what is held and was rejected, findings, and the figures."""
    if output.chosen(form) == "json":
        click.echo(output.json_lines([*_machine_lines(found)]), nl=False)
        return
    month, names = found.report.month, names_of(district)
    lines = [*missing_lines(found.missing, district, month)]
    click.echo(f"{month} 结账预览（未写入任何内容）：{'缺少的内容如下' if lines else '应报已齐，没有缺少的内容'}")
    for line in lines:
        click.echo(f"  {visible(line)}")
    _table("未报送和未确认", ["单位", "清单", "状态", "应报日期"], [
        [names.get(each.bureau, each.bureau), BY_NAME[each.list].title, state, f"{each.due_on or ''}"]
        for state, owed in _states(found.missing) for each in owed
    ])  # fmt: skip
    _table("对已结账月份的调整", *month_words.changes(found.report.adjustments, names), months=[each.month for each in found.report.adjustments])
    _table("暂缓的事件", ["单位", "业务主键", "原因", "位置"], [
        [names.get(each.bureau, each.bureau), each.entity_key, each.reason, f"{each.topic}@{each.offset}"] for each in found.held[:_HELD_MAX]
    ])  # fmt: skip
    _table("上次结账后退回的记录", ["单位", "代码", "原因（其一）", "条数"], [
        [names.get(each.bureau, each.bureau), each.code, each.reason, str(each.number)] for each in found.rejected
    ])  # fmt: skip
    _table("待核实线索", ["规则", "线索（其一）", "条数"], [[rule, words, str(number)] for rule, words, number in _by_rule(found)])
    _table("数字", ["数字", "值", "期间"], [[label(figure.id), month_words.shown(figure), figure.period] for figure in found.report.figures.values()])


def _table(title: str, headings: Sequence[str], cells: Sequence[Sequence[str]], *, months: Sequence[str] = ()) -> None:
    if not cells:
        click.echo(f"{title}：无")
    elif months:
        output.table(f"{title}（{len(cells)} 项）", ["月份", *headings], [[month, *row] for month, row in zip(months, cells, strict=True)])
    else:
        output.table(f"{title}（{len(cells)} 项）", headings, cells)


def _states(missing: Missing) -> tuple[tuple[str, Sequence[Expected]], ...]:
    return ("未报送", missing.silent), ("未确认", missing.unconfirmed)


def _by_rule(found: Preview) -> Iterator[tuple[str, str, int]]:
    """Yield each rule with the words of one finding and how many there are."""
    for rule, group in groupby(sorted(found.findings, key=lambda each: each.rule), lambda each: each.rule):
        of_rule = list(group)
        yield rule, of_rule[0].text, len(of_rule)


def _machine_lines(found: Preview) -> Iterator[Mapping[str, object]]:
    """Yield the lines of a preview for machines; the first says what is missing as a whole."""
    missing = found.missing
    yield {
        "month": found.report.month, "is_running": missing.is_running, "earlier_open": missing.earlier_open, "later_closed": missing.later_closed,
        "silent": len(missing.silent), "unconfirmed": len(missing.unconfirmed), "held": missing.unsettled.held, "unfolded": missing.unsettled.unfolded,
    }  # fmt: skip
    for state, owed in _states(missing):
        yield from ({"bureau": each.bureau, "list": each.list, "state": state, "due_on": each.due_on} for each in owed)
    yield from ({"adjusted": each.month, **month_words.change(each)} for each in found.report.adjustments)
    yield from ({"held": each.entity_key, "bureau": each.bureau, "reason": each.reason, "place": f"{each.topic}@{each.offset}"} for each in found.held)
    yield from ({"rejected": each.number, "bureau": each.bureau, "code": each.code, "reason": each.reason} for each in found.rejected)
    yield from ({"rule": rule, "findings": number} for rule, _, number in _by_rule(found))
    for figure in found.report.figures.values():
        yield {"figure": figure.id, "value": month_words.value(figure), "unit": figure.unit, "period": figure.period}
