"""The catalogue of event contracts in Chinese, made from the contracts alone: as Markdown, or as one HTML page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from exchange_contracts.formats import FORMATS
from exchange_contracts.registry import Contract, Registry
from exchange_contracts.shape import Field, Shape
from exchange_hub.views.lists import KINDS

COMMON_FIELDS = 12
TITLE = "事件目录"

_MEANINGS = {
    "text": "文本", "uuid": "UUID", "int": "整数", "long": "整数", "date": "日期", "instant": "时刻（UTC，毫秒）",
    "money": "金额", "quantity": "数量（四位小数）", "boolean": "是/否", "record": "记录", "array": "列表", "map": "对照表",
}  # fmt: skip
_UNITS = {"money": "元", "instant": "毫秒"}
_FIELD_HEADINGS = ("字段", "类型", "单位", "必填", "取值", "说明")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the catalogue: a heading, a paragraph or a table."""

    kind: Literal["heading", "text", "table"]
    text: str = ""
    level: int = 1
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(registry: Registry) -> Iterator[Block]:
    """Yield the catalogue of the newest version of every contract, then the code lists."""
    contracts = registry.contracts()
    yield Block("heading", TITLE)
    yield Block("text", f"共 {len(contracts)} 种事件、{len(registry.codelists)} 个代码表；目录摘要 {registry.digest}。本目录由契约文件生成。")
    yield Block("text", "事件是对所涉内容的完整表述：空值表示没有，不表示不变；更正是一条新事件，修订号大者有效。金额一律为元，两位小数。")
    yield Block("table", rows=_overview(contracts))
    yield Block("heading", "公共部分", 2)
    yield Block("text", f"每种事件的前 {COMMON_FIELDS} 个字段相同。")
    yield Block("table", rows=_fields(contracts[0].fields[:COMMON_FIELDS]))
    for kind in dict.fromkeys((*KINDS, *(contract.kind for contract in contracts))):
        of_kind = [contract for contract in contracts if contract.kind == kind]
        if of_kind:
            yield Block("heading", KINDS[kind].title if kind in KINDS else kind, 2)
        for contract in of_kind:
            yield from _contract(contract)
    yield Block("heading", "代码表", 2)
    yield Block("table", rows=(("代码表", "取值"), *((name, "、".join(values)) for name, values in registry.codelists.items())))
    yield Block("heading", "文本格式", 2)
    yield Block("table", rows=(("格式", "写法"), *((name, form.hint) for name, form in FORMATS.items())))


def _overview(contracts: Sequence[Contract]) -> tuple[tuple[str, ...], ...]:
    lines = ((c.event, c.doc, str(c.version), str(c.schema_id), _register(c)) for c in contracts)
    return (("事件", "含义", "版本", "编号", "登记册"), *lines)


def _register(contract: Contract) -> str:
    name = ":".join((contract.family, *contract.subkey))
    return f"{name}（撤回）" if contract.withdraws else name


def _contract(contract: Contract) -> Iterator[Block]:
    yield Block("heading", f"{contract.event} {contract.doc}", 3)
    yield Block("text", f"编号 {contract.schema_id}，第 {contract.version} 版，登记册 {_register(contract)}。")
    if contract.requires:
        yield Block("text", f"公共字段中必须填写：{'、'.join(contract.requires)}。")
    own = contract.fields[COMMON_FIELDS:]
    if own:
        yield Block("table", rows=_fields(own))
    for field in own:
        record = field.shape if field.shape.meaning == "record" else field.shape.inner
        if record is not None and record.meaning == "record":
            yield Block("text", f"{field.name} 的每一项：")
            yield Block("table", rows=_fields(record.fields))


def _fields(fields: Sequence[Field]) -> tuple[tuple[str, ...], ...]:
    return (_FIELD_HEADINGS, *(_field(field) for field in fields))


def _field(field: Field) -> tuple[str, ...]:
    needed = "否" if field.shape.optional or field.has_default else "是"
    if field.has_default and field.default not in (None, [], {}):
        needed = f"否，缺省 {field.default}"
    return field.name, _type(field.shape), _unit(field.shape), needed, _values(field.shape), field.doc


def _type(shape: Shape) -> str:
    inner = f"（{_type(shape.inner)}）" if shape.inner is not None else f"（{shape.record}）" if shape.record else ""
    return ("长文本" if shape.prose else _MEANINGS[shape.meaning]) + inner


def _unit(shape: Shape) -> str:
    return _UNITS.get(shape.inner.meaning if shape.inner is not None else shape.meaning, "")


def _values(shape: Shape) -> str:
    inner = shape.inner
    names = [
        ("代码表 ", shape.codelist), ("格式 ", shape.format), ("键：代码表 ", shape.keys_codelist), ("键：格式 ", shape.keys_format),
        ("每项：代码表 ", inner.codelist if inner else ""), ("每项：格式 ", inner.format if inner else ""),
    ]  # fmt: skip
    return "；".join(f"{word}{name}" for word, name in names if name)


def markdown(catalogue: Sequence[Block]) -> str:
    """Write the catalogue as Markdown."""
    return "\n".join(_markdown_of(block) for block in catalogue)


def _markdown_of(block: Block) -> str:
    if block.kind == "heading":
        return f"{'#' * block.level} {block.text}\n"
    if block.kind == "text":
        return f"{block.text}\n"
    head, *rows = ([cell.replace("|", "\\|") for cell in row] for row in block.rows)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def html(catalogue: Sequence[Block]) -> str:
    """Write the catalogue as one HTML page that needs nothing else."""
    style = (
        "body{font-family:sans-serif;max-width:75em;margin:2em auto;padding:0 1em;line-height:1.5}"
        "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top}"
        "th{background:#eee}"
    )
    body = "\n".join(_html_of(block) for block in catalogue)
    return (
        f'<!doctype html>\n<html lang="zh-CN">\n<head><meta charset="utf-8"><title>{TITLE}</title><style>{style}</style></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _html_of(block: Block) -> str:
    if block.kind == "heading":
        return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
    if block.kind == "text":
        return f"<p>{escape(block.text)}</p>"
    head, *rows = block.rows
    lines = ["<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return "<table>\n" + "\n".join(lines) + "\n</table>"
