"""Enterprises: makers and suppliers of advanced equipment, for matching supply and demand, never for preference."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, current, facts_named, merged, ranked, saying, unnamed
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("enterprises"), "先进设备企业清单", "enterprise",
    columns("""
        uscc 统一社会信用代码 text code 21
        name 企业名称 text 34
        role 类型 text filter
        domain 领域 text filter
        town 镇街园区 text filter
        main_products 主要产品 texts
        capacity 产能 text
        output 产值 money 元
        qualifications 资质 texts
        serves_domains 服务领域 texts
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=("name", "uscc", "role", "domain", "main_products", "capacity", "output", "serves_domains", "lead_bureau"),
    printed_columns=("name", "uscc", "role", "domain", "main_products", "capacity", "output", "lead_bureau"),
    annex=AnnexPlace("先进设备企业清单", 2), merge_columns=(),
)  # fmt: skip

_TAKEN = facts_named("uscc", "name", "role", "domain", "main_products", "capacity", "output", "qualifications", "serves_domains", "town")


def _identities(claim: Claim) -> list[str]:
    """An enterprise is its 统一社会信用代码 (GB 32100-2015)."""
    facts = current(claim, "enterprise")
    return [f"信用代码 {facts['uscc']}"] if facts and facts.get("uscc") else []


def _rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row, the first bureau's words where several list the enterprise."""
    said = saying(claims, "enterprise")
    if not said:
        return
    row = merged(said, _TAKEN, rules, LIST.name)
    row["lead_bureau"] = ranked(said, rules, LIST.name)[0][0].bureau
    yield Row(LIST.name, row["uscc"] or unnamed(component), row)


KIND = Kind("enterprise", "企业", _rows, (LIST,), _identities)
