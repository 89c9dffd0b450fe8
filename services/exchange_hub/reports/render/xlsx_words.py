"""How the workbook says in Chinese where a figure comes from: conditions and measures of its source."""

import re
from collections.abc import Mapping

from exchange_hub.reports.catalogue import Catalogue

_NAME = re.compile(r"[a-z][a-z_-]*")
_ELSEWHERE = re.compile(r"(\w+) (not )?in ([a-z-]+)\.(\w+)")
_FIGURE = re.compile(r"[a-z_]+\.[^\s()]+")
_SUM = re.compile(r"sum\((\w+)\)")
_IN_UNIT = re.compile(r"sum\((\w+) in (\S+)\)")
_ONCE = re.compile(r"once\((\w+) by (\w+)\)")
_ENTRY = re.compile(r"sum\((\w+)\[(\w+)\]\)")
_DISTINCT = re.compile(r"distinct\((\w+)\)")
_PART = re.compile(r"([a-z][a-z_]*)(:month)?(\?)?")
_PAIR = re.compile(r"(\w+)@(\w+)")
_WORDS = {" not in ": " 不在 ", " in ": " 在 ", " not <=": "为空或晚于", " not <": "为空或不早于", " not >": "为空或不晚于"}
_SIGNS = {"!=": "≠", "<=": "≤", ">=": "≥", "<": "早于", ">": "晚于", ":month": "的月份", "|": "或"}
_NAMED = {
    "latest": "最近一期", "details_first": "明细优先", "of": "按", "by": "依", "among": "其中", "count": "件数",
    "row_key": "行标识", "component": "同一对象",
}  # fmt: skip


class Sources:
    """Says where figures come from, in the words of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def column_title(self, list_: str, name: str) -> str:
        """Return the heading of a list's column, of a list, or the word of the condition; else the name itself."""
        view = self._catalogue.view(list_)
        for column in view.columns if view else ():
            if column.name == name:
                return column.title
        named = self._catalogue.view(name)
        return _NAMED.get(name, name) if named is None else named.title

    def condition_text(self, list_: str, where: Mapping[str, object]) -> str:
        """Write conditions for people: ``领域＝工业；管理状态≠退出``."""
        return "；".join(self._one(list_, key, value) for key, value in where.items())

    def measure_text(self, list_: str, measure: str) -> str:
        """Write what was done with the rows: ``计数``, ``合计（总投资）``, or a formula over figures by their names."""
        if measure == "count":
            return "计数"
        found = _SUM.fullmatch(measure)
        if found:
            return f"合计（{self.column_title(list_, found.group(1))}）"
        if found := _IN_UNIT.fullmatch(measure):
            return f"合计（{self.column_title(list_, found[1])}，折算为{found[2]}）"
        if found := _ONCE.fullmatch(measure):
            return f"合计（{self.column_title(list_, found[1])}，每个{self.column_title(list_, found[2])}计一次）"
        if self._catalogue.in_wan and (found := _ENTRY.fullmatch(measure)):
            return f"合计（{self.column_title(list_, found[1])}，{found[2]}）"
        if self._catalogue.in_wan and (found := _DISTINCT.fullmatch(measure)):
            return f"计数（{self.column_title(list_, found[1])}，每个计一次）"
        return _FIGURE.sub(lambda id_: self._catalogue.label(id_.group()), measure)

    def _one(self, list_: str, key: str, value: object) -> str:
        elsewhere = _ELSEWHERE.fullmatch(key)
        if elsewhere and isinstance(value, Mapping):
            column, negated, other, _ = elsewhere.groups()
            title, said = self.column_title(list_, column), self.condition_text(other, value)
            return f"{title}{'不' if negated else ''}在{self._catalogue.title(other)}的（{said}）各行中"
        if key == "latest" and isinstance(value, Mapping):
            among = f"（{self.condition_text(list_, value['among'])}）" if value.get("among") else ""
            return f"每个{self.column_title(list_, str(value['of']))}取{self.column_title(list_, str(value['by']))}最近的一行{among}"
        if pair := _PAIR.fullmatch(key):
            return f"{self.column_title(list_, pair[1])}与{self.column_title(list_, pair[2])}在应报之列"
        for sign, said in (_WORDS | _SIGNS).items():
            key = key.replace(sign, said)
        key = _NAME.sub(lambda found: self.column_title(list_, found.group()), key)
        joined = "" if key[-1:] in "≠≤≥于" else "＝"
        return f"{key}{joined}{self._value(list_, value)}"

    def _value(self, list_: str, value: object) -> str:
        if value is None:
            return "空"
        if isinstance(value, Mapping):
            return f"（{self.condition_text(list_, value)}）"
        if isinstance(value, list | tuple):
            return "、".join(self._value(list_, part) for part in value)
        text = str(value)
        if self._catalogue.in_wan and (found := _PART.fullmatch(text)):
            return self.column_title(list_, found[1]) + ("的月份" if found[2] else "") + ("（可空）" if found[3] else "")
        return self.column_title(list_, text) if _NAME.fullmatch(text) else text
