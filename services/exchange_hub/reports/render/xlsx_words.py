"""How the workbook says in Chinese where a figure comes from: conditions and measures of its source."""

import re
from collections.abc import Mapping

from exchange_hub.programme.labels import label
from exchange_hub.reports.render.annex_values import list_title
from exchange_hub.views.lists import BY_NAME

_NAME = re.compile(r"[a-z][a-z_-]*")
_ELSEWHERE = re.compile(r"(\w+) (not )?in ([a-z-]+)\.(\w+)")
_FIGURE = re.compile(r"[a-z_]+\.[^\s()]+")
_SUM = re.compile(r"sum\((\w+)\)")
_WORDS = {" not in ": " 不在 ", " in ": " 在 ", " not <=": "为空或晚于", " not <": "为空或不早于"}
_SIGNS = {"!=": "≠", "<=": "≤", ">=": "≥", "<": "早于", ">": "晚于", ":month": "的月份", "|": "或"}
_NAMED = {
    "latest": "最近一期", "details_first": "明细优先", "of": "按", "by": "依", "among": "其中", "count": "件数",
    "row_key": "行标识", "component": "同一对象",
}  # fmt: skip


def column_title(list_: str, name: str) -> str:
    """Return the heading of a list's column, of a list, or the word of the condition; else the name itself."""
    view = BY_NAME.get(list_)
    for column in view.columns if view else ():
        if column.name == name:
            return column.title
    return list_title(name) if name in BY_NAME else _NAMED.get(name, name)


def condition_text(list_: str, where: Mapping[str, object]) -> str:
    """Write conditions for people: ``领域＝工业；管理状态≠退出``."""
    return "；".join(_one(list_, key, value) for key, value in where.items())


def _one(list_: str, key: str, value: object) -> str:
    elsewhere = _ELSEWHERE.fullmatch(key)
    if elsewhere and isinstance(value, Mapping):
        column, negated, other, _ = elsewhere.groups()
        return f"{column_title(list_, column)}{'不' if negated else ''}在{list_title(other)}的（{condition_text(other, value)}）各行中"
    if key == "latest" and isinstance(value, Mapping):
        among = f"（{condition_text(list_, value['among'])}）" if value.get("among") else ""
        return f"每个{column_title(list_, str(value['of']))}取{column_title(list_, str(value['by']))}最近的一行{among}"
    for sign, said in (_WORDS | _SIGNS).items():
        key = key.replace(sign, said)
    key = _NAME.sub(lambda found: column_title(list_, found.group()), key)
    joined = "" if key[-1:] in "≠≤≥于" else "＝"
    return f"{key}{joined}{_value(list_, value)}"


def _value(list_: str, value: object) -> str:
    if value is None:
        return "空"
    if isinstance(value, Mapping):
        return f"（{condition_text(list_, value)}）"
    if isinstance(value, list | tuple):
        return "、".join(_value(list_, part) for part in value)
    text = str(value)
    return column_title(list_, text) if _NAME.fullmatch(text) else text


def measure_text(list_: str, measure: str) -> str:
    """Write what was done with the rows: ``计数``, ``合计（总投资）``, or a formula over figures by their names."""
    if measure == "count":
        return "计数"
    found = _SUM.fullmatch(measure)
    return f"合计（{column_title(list_, found.group(1))}）" if found else _FIGURE.sub(lambda id_: label(id_.group()), measure)
