"""Recovered materials: a row per operator, month and material."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, facts_named, joined, of_family
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("materials"), "回收利用台账", "material",
    columns("""
        month 月份 month filter
        operator_uscc 经营主体 text code 21
        material 品类 text filter
        quantity 数量 quantity
        unit 单位 text
        recovered 回收量 quantity
        used 利用处置量 quantity
        route 利用途径 text filter
        outlets 网点数 count 个
        reverse_invoiced 反向开票额 money 元
        lead_bureau 填报单位 text filter bureau 18
    """),
    annex=AnnexPlace("回收利用台账", 11, paper=False), small_money=True,
)  # fmt: skip
_MATERIAL = facts_named("month", "operator_uscc", "material", "quantity", "unit", "recovered", "used", "route", "outlets", "reverse_invoiced")


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per month and material an operator recovered."""
    for sub_key, fact in of_family(claims[0], "recovered"):
        row = _MATERIAL.of(fact.facts)
        yield Row(LIST.name, joined(component, sub_key), row | {"lead_bureau": claims[0].key.bureau})


KIND = Kind("material", "回收利用", _rows, (LIST,))
