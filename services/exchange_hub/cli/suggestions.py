"""``hub suggestions``: products of listed enterprises beside lines of new equipment that nobody has matched."""

from pathlib import Path

import click

from exchange_hub.cli import output, reading
from exchange_hub.cli.errors import plain_errors
from exchange_hub.processes.compose import Hub
from exchange_hub.processes.serving import serving
from exchange_hub.programme.matching import READ, suggestions
from exchange_hub.views import values

_HEADINGS = ("填报单位", "项目代码或内部编号", "明细编号", "设备", "台套", "购置金额（元）", "企业", "统一社会信用代码", "类型", "产品", "依据")


@click.command("suggestions")
@click.option("--format", "form", type=click.Choice(output.FORMATS), help="格式；缺省：终端上为表格，否则为 json。")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入这个文件。")
def suggestions_(*, form: str | None, out: Path | None) -> None:
    """供需对接建议：尚未对接的新设备与清单内企业的产品按名称比对；只作提示，不是推荐。"""
    with plain_errors():
        hub = Hub.load()
        with serving(hub) as url, reading.snapshot_of(hub, url) as at:
            rows = [at.rows(name) for name in READ]
        names = reading.names_of(hub.district)
    found = [
        (
            names.get(each.bureau, each.bureau), each.project_no, each.line_no, each.equipment, each.units, values.exact_yuan(each.price),
            each.enterprise, each.uscc, each.role, each.product, each.likeness,
        )
        for each in suggestions(*rows)
    ]  # fmt: skip
    lines: list[dict[str, object]] = [dict(zip(_HEADINGS, line, strict=True)) for line in found]
    output.lines("供需对接建议", lines, dict(zip(_HEADINGS, _HEADINGS, strict=True)), form, out)
