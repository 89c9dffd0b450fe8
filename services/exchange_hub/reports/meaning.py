"""What a figure means (口径), in words made from the very data that computes it: period, what is counted, which rows, and what stands where there are none.

Nobody writes these words by hand, so they cannot say another thing than what is counted; a filter that changes, changes them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from exchange_hub.programme.cells import COUNT, Measure
from exchange_hub.programme.conditions import (
    Compare,
    Condition,
    DetailsFirst,
    Expression,
    Latest,
    Member,
    Scalar,
    Term,
    conditions,
    expression,
)
from exchange_hub.programme.definitions import (
    BY_THE_CITY,
    NOT_REPORTED,
    OTHER_UNIT,
    Definition,
    Derived,
    Measured,
    Scope,
)
from exchange_hub.programme.district import District
from exchange_hub.programme.period import Period
from exchange_hub.reports.catalogue import Catalogue
from exchange_hub.reports.model import Figure
from exchange_hub.views.values import yuan

Debtors = Callable[[Scope], Sequence[str] | None]
"""Names of the bureaus whose word makes a cell without rows 0; ``None`` where the city settles it itself."""

_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIGURE = re.compile(r"[a-z_]+\.[^\s()]+")
_OPERATORS = {
    "!=": "不为", "<=": "不晚于", "<": "早于", ">=": "不早于", ">": "晚于", "not <=": "为空或晚于", "not <": "为空或不早于", "not >": "为空或不晚于",
}  # fmt: skip
_OF_NUMBERS = {"不晚于": "不大于", "早于": "小于", "不早于": "不小于", "晚于": "大于"}
_OF_EVERY_LIST = {"row_key": "该行", "component": "同一对象", "bureaus": "报送单位", "unit": "单位"}
_NUMERIC = frozenset({"money", "count", "quantity"})


def meanings(defined: Iterable[Definition], figures: Mapping[str, Figure], catalogue: Catalogue, district: District, month: str) -> dict[str, str]:
    """Return what each figure of a report means, by its id."""
    names = {bureau.code: bureau.name for bureau in district.bureaus}

    def debtors(scope: Scope) -> Sequence[str] | None:
        found = district.debtors_of(month, scope.list, domain=scope.domain, step=scope.step, category=scope.category)
        return None if found is None else [names.get(code, code) for code in found]

    said = Meaning(catalogue, debtors)
    return {each.id: said.of(figures[each.id], each) for each in defined}


def meaning_of(figure: Figure, catalogue: Catalogue) -> str:
    """Return what a figure means in the words that the close kept; of a month closed before they were kept, in those that its source gives."""
    return catalogue.meanings.get(figure.id) or Meaning(catalogue).of(figure)


@dataclass(frozen=True, slots=True)
class Meaning:
    """Says what figures mean, in the words of one catalogue.

    Attributes:
        catalogue: what lists, columns and figures are called.
        debtors: who owes what; ``None`` where that is not known, and nothing is said of cells without rows.
    """

    catalogue: Catalogue
    debtors: Debtors | None = None

    def of(self, figure: Figure, definition: Definition | None = None) -> str:
        """Return what a figure means; its *definition* tells besides what stands where there is no value."""
        source, period = figure.source, period_words(figure.period)
        unit = f"，单位：{figure.unit}" if figure.unit else ""
        if not source.list:
            made = _FIGURE.sub(lambda found: f"“{self.catalogue.label(found[0])}”", source.measure)
            return "".join((f"{period}：{made}{unit}。", *_of_terms(definition)))
        rows = "；".join(self._condition(source.list, each) for each in conditions(source.where))
        counted = f"{period}：《{self.catalogue.title(source.list)}》中{self._counted(source.list, source.measure)}{unit}。"
        return "".join((counted, f"条件：{rows}。" if rows else "全部行。", *self._absences(definition)))

    def _counted(self, list_: str, text: str) -> str:
        """Say what is done with the rows."""
        measure = Measure.of(text)
        if measure.name == COUNT:
            return "符合条件的行数"
        of = self._named(list_, expression(measure.column))
        if measure.name == "distinct":
            return f"{of}的个数，同一个只计一次"
        if measure.name == "once":
            return f"{of}的合计，每个{self._title(list_, measure.more)}只计一次（取最大的）"
        into = f"，各行折算为{measure.more}（不能折算的写“{OTHER_UNIT}”）" if measure.more else ""
        return f"{of}的合计{into}"

    def _absences(self, definition: Definition | None) -> Iterable[str]:
        """Say what stands where no row matches, where rows have no value, and how far the figure reaches."""
        if not isinstance(definition, Measured):
            return
        if definition.newest:
            among = definition.select.get(definition.latest)
            of = f"{'、'.join(_listed(among, ''))}中" if isinstance(among, tuple) else ""
            yield f"{of}只取最近一个有数的月份。"
        elif definition.latest:
            yield "应报单位当月未报、数据只到某月的，期间止于该月。" if definition.flow else "数据只到某月的，期间止于该月。"
        if definition.no_rows is not None:
            yield f"没有符合条件的行写“{definition.no_rows}”。"
        elif definition.scope is None:
            yield "没有符合条件的行为0。"
        elif self.debtors is not None:
            yield _settled(self.debtors(definition.scope))
        if definition.no_values is not None:
            yield f"有行而都未填的写“{definition.no_values}”。"

    def _condition(self, list_: str, condition: Condition) -> str:
        match condition:
            case Compare():
                return self._compared(list_, condition)
            case Member(about, negated, other, column, where):
                rows = "；".join(self._condition(other, each) for each in conditions(where)) or "全部行"
                of = "各行" if column == "row_key" else f"的{self._title(other, column)}"
                return f"{self._named(list_, about)}{'不' if negated else ''}在《{self.catalogue.title(other)}》（{rows}）{of}之列"
            case Latest(of, by, among):
                rows = "；".join(self._condition(list_, each) for each in conditions(among))
                return f"每个{self._title(list_, of)}只取{self._title(list_, by)}最近的一行" + (f"（{rows}）" if rows else "")
            case DetailsFirst(by, parts):
                same = "、".join(self._named(list_, each) for each in by)
                open_ = f"（汇总可不分{'、'.join(self._named(list_, each) for each in parts)}）" if parts else ""
                return f"明细优先：同一单位在{same}相同处{open_}已有明细或更细的汇总的，不再计其汇总"

    def _compared(self, list_: str, condition: Compare) -> str:
        about, named = condition.expression, self._named(list_, condition.expression)
        if any(term.other for term in about.terms):
            return f"{named}属于应报的{len(condition.values)}项" if condition.operator == "=" else f"{named}不属于应报的{len(condition.values)}项"
        type_ = self._type(list_, about.terms[0])
        if condition.operator in ("=", "!="):
            empty = None in condition.values
            told = _listed([value for value in condition.values if value is not None], type_)
            words = "、".join([*(["空"] if empty else []), *told])
            return f"{named}{'为' if condition.operator == '=' else '不为'}{words}"
        sign = _OPERATORS[condition.operator]
        if type_ in _NUMERIC:
            for of_dates, of_numbers in _OF_NUMBERS.items():
                if sign.endswith(of_dates):
                    sign = sign.removesuffix(of_dates) + of_numbers
                    break
        return f"{named}{sign}{_value(condition.values[0], type_)}"

    def _named(self, list_: str, about: Expression) -> str:
        first, *others = (self._term(list_, term) for term in about.terms)
        return first + "".join(f"（空则看{other}）" for other in others)

    def _term(self, list_: str, term: Term) -> str:
        title = self._title(list_, term.column)
        if term.other:
            return f"{title}与{self._title(list_, term.other)}"
        if term.entry:
            return f"{title}（{term.entry}年）"
        return f"{title}所在月份" if term.month else title

    def _title(self, list_: str, name: str) -> str:
        view = self.catalogue.view(list_)
        title = next((column.title for column in view.columns if column.name == name), None) if view else None
        return f"“{title}”" if title else _OF_EVERY_LIST.get(name, name)

    def _type(self, list_: str, term: Term) -> str:
        view = self.catalogue.view(list_)
        return next((column.type for column in view.columns if column.name == term.column), "") if view else ""


def _settled(debtors: Sequence[str] | None) -> str:
    if debtors is None:
        return f"由市级办理：没有符合条件的行写“{BY_THE_CITY}”。"
    if not debtors:
        return f"没有符合条件的行写“{NOT_REPORTED}”。"
    return f"应由{'、'.join(debtors)}报送：都已报送而没有符合条件的行为0，否则写“{NOT_REPORTED}”。"


def _of_terms(definition: Definition | None) -> Iterable[str]:
    """Say what happens where a term has no value."""
    if isinstance(definition, Derived):
        if definition.partial:
            yield "没有数的项不计；都没有数的不计算。"
        elif definition.formula.endswith("_of_pairs"):
            yield "只计两边都有数的项；没有这样的项不计算。"
        elif definition.formula == "spread":
            yield "按报告月份之后的月数分摊，已达目标的为0；数据不到报告月份的、12月的不计算。"
        else:
            yield _LACKING.get(definition.formula, "缺一项即不计算。").format(definition.absent)


#: What a formula asks of its terms beside that they are there.
_LACKING = {
    "ratio": "缺一项即不计算（缺基数的写“{}”），除数为零的写“—”。", "way": "缺一项即不计算，目标与基数相同的写“—”。",
    "growth": "缺一项即不计算，基数为零或为负、数据不到报告月份的写“—”。", "change": "缺一项即不计算，数据不到报告月份的写“—”。",
}  # fmt: skip


def period_words(period: str) -> str:
    """Write a figure's period for people.

    >>> period_words("2026-01/2026-10"), period_words("2026-10-31"), period_words("2026-10"), period_words("2026")
    ('2026年1—10月', '截至2026年10月31日', '2026年10月', '2026年')
    """
    first, slash, last = period.partition("/")
    if slash:
        return _span(first, last)
    if _DAY.fullmatch(period):
        year, month, day = period.split("-")
        return f"截至{year}年{int(month)}月{int(day)}日"
    return _span(period, period) if _MONTH.fullmatch(period) else f"{period}年"


def _span(first: str, last: str) -> str:
    begin = f"{first[:4]}年{int(first[5:])}"
    if first == last:
        return f"{begin}月"
    return f"{begin}—{int(last[5:])}月" if first[:4] == last[:4] else f"{begin}月—{last[:4]}年{int(last[5:])}月"


def _listed(values: Sequence[Scalar], type_: str) -> list[str]:
    """Write values; months that follow one another as a span."""
    texts = [str(value) for value in values]
    months = len(texts) > 1 and all(_MONTH.fullmatch(text) for text in texts)
    if months and all(Period(month).after.month == after for month, after in pairwise(texts)):
        return [_span(texts[0], texts[-1])]
    return [_value(value, type_) for value in values]


def _value(value: Scalar, type_: str) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if type_ == "money" and isinstance(value, int):
        return f"{yuan(value)}元" if value else "0"
    text = str(value)
    return period_words(text) if _MONTH.fullmatch(text) else text
