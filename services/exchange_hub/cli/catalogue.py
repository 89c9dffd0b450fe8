"""``hub catalogue``: the catalogue of data (数据资源目录), the fields of a resource, and its contract for other tools."""

from pathlib import Path

import click

from exchange_contracts import registry
from exchange_hub.cli import output
from exchange_hub.cli.errors import plain_errors
from exchange_hub.programme.district import District
from exchange_hub.runtime.settings import Settings
from exchange_hub.views import odcs
from exchange_hub.views.resources import Resource, resources

_HEADINGS = {
    "code": "资源代码", "kind": "类别", "name": "名称", "title": "中文名称", "sharing": "共享属性", "condition": "共享条件", "cycle": "更新周期", "bureaus": "责任单位",
    "related": "来源/去向", "fields": "字段数", "confirmed": "已确认",
}  # fmt: skip
_FIELD_HEADINGS = {
    "name": "字段", "title": "中文名称", "type": "类型", "unit": "单位", "codelist": "代码表", "codes": "取值", "required": "必填", "key": "主键", "note": "说明",
}  # fmt: skip


@click.command()
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), help="格式；缺省：终端上为表格，否则为 json。")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="写入这个文件。")
@click.option("--odcs", "folder", type=click.Path(file_okay=False, path_type=Path), help="把每项资源的 ODCS 数据契约（YAML）写入这个文件夹。")
def catalogue(*, name: str | None, form: str | None, out: Path | None, folder: Path | None) -> None:
    """数据资源目录：各清单和契约的代码、共享属性、更新周期、责任单位；给出 NAME（清单名或事件名）时为其字段字典。"""
    with plain_errors():
        district = District.load(Settings().district)
        found = resources(district, registry.load())
    if name is not None:
        found = tuple(each for each in found if name in (each.name, each.title, each.code))
        if not found:
            raise click.UsageError(f"目录中没有“{name}”；全部名称见 hub catalogue。")
    confirmed = district.sharing_rules.confirmed
    if folder is not None:
        _write(found, folder, district, confirmed=confirmed)
        return
    with plain_errors():
        if name is not None:
            rows = [{field: _said(getattr(entry, field)) for field in _FIELD_HEADINGS} for each in found for entry in each.fields]
            output.lines(found[0].title, rows, _FIELD_HEADINGS, form, out)
        else:
            output.lines("数据资源目录", [_line(each, confirmed=confirmed) for each in found], _HEADINGS, form, out)


def _line(each: Resource, *, confirmed: bool) -> dict[str, object]:
    told: dict[str, object] = {name: _said(getattr(each, name)) for name in _HEADINGS if name not in ("fields", "confirmed")}
    return told | {"fields": len(each.fields), "confirmed": _said(confirmed)}


def _said(value: object) -> object:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(value) if isinstance(value, tuple) else value


def _write(found: tuple[Resource, ...], folder: Path, district: District, *, confirmed: bool) -> None:
    with plain_errors():
        folder.mkdir(parents=True, exist_ok=True)
    for each in found:
        with output.replacing(folder / f"{each.name}.odcs.yaml") as draft:
            draft.write_text(odcs.yaml(odcs.document(each, district.name, confirmed=confirmed)), encoding="utf-8")
    click.echo(f"已写入 {folder}：{len(found)} 份", err=True)
