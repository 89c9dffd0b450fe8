"""``hub checks``: the check sheet of a call for projects, each condition answered from the lists."""

from pathlib import Path

import click

from exchange_hub.cli import output, reading
from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.programme.check_sheet import READ, Check, checks
from exchange_hub.views import values
from exchange_hub.views.values import Names

_AMOUNTS = ("申请（元）", "推荐（元）", "评审（元）", "下达（元）")


@click.command("checks")
@click.argument("call", required=False)
@click.option("--format", "form", type=click.Choice(output.FORMATS), help="格式；缺省：终端上为表格，否则为 json。")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入这个文件。")
def checks_(*, call: str | None, form: str | None, out: Path | None) -> None:
    """申报条件核对表：在建和储备项目对照 CALL（缺省：全部申报通知）的条件，逐项答是、否或无法判断；只作提示，不代替审核。"""
    with plain_errors():
        hub = Hub.load()
        calls = [each for each in hub.district.calls if call in (None, each.name)]
        if call is not None and not calls:
            raise click.UsageError(f"没有申报通知“{call}”；已有：{'、'.join(each.name for each in hub.district.calls) or '无'}。")
        with serving(hub) as url, reading.snapshot_of(hub, url) as at:
            rows = [at.rows(name) for name in READ]
        names = reading.names_of(hub.district)
    for each in calls:
        found = list(checks([each], *rows))
        headings = ["项目", "名称", "填报单位", "是否符合", *(condition.name for condition in (found[0].conditions if found else ())), *_AMOUNTS]
        mark = "" if each.verified else f"，条件未核实：{each.source}"
        output.lines(f"申报条件核对表：{each.name}{mark}", [_line(check, names, headings) for check in found], dict(zip(headings, headings, strict=True)), form, out)


def _line(check: Check, names: Names, headings: list[str]) -> dict[str, object]:
    answers = [f"{condition.answer}{f'（{condition.shown}）' if condition.shown else ''}" for condition in check.conditions]
    amounts = [values.exact_yuan(fen) for fen in check.asked]
    told = [check.project, check.name, names.get(check.bureau, check.bureau), check.fits, *answers, *amounts]
    return dict(zip(headings, told, strict=True))
