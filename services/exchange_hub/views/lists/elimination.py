"""Elimination (淘汰目录设备): a row per item of a catalogue, enterprise and equipment, from the order to its verification.

Source: the work plan, part five, four. What two bureaus say of one equipment is one row (FIGURES 6): the one orders, the other verifies.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import FOUND_MAX, REPORTED_TO, Comparison, Finding
from exchange_hub.views.lists.folding import (
    Apart,
    Kind,
    Said,
    day,
    facts_named,
    joined,
    merged,
    number,
    ranked,
    saying,
    tellers,
)
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("elimination"), "淘汰目录设备", "elimination",
    columns("""
        item 目录条目 text 30
        catalogue 目录名称 text 30
        enterprise_name 企业名称 text 24
        enterprise_uscc 统一社会信用代码 text code 21
        town 镇街园区 text filter
        equipment 设备 text 30
        count 台数 count 台
        basis 依据 text 30
        ordered_on 责令日期 date
        until 淘汰期限 date
        done_on 完成日期 date
        method 淘汰方式 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=("enterprise_name", "equipment", "item", "ordered_on", "until", "done_on", "method", "lead_bureau"),
    annex=AnnexPlace("淘汰目录设备", 20, paper=False),
    printed=Printed("列前{n}条（未完成的在前）", "done_on DESC NULLS FIRST, until"),
)  # fmt: skip
_NAMED = facts_named("item", "catalogue", "enterprise_name", "enterprise_uscc", "equipment")
_ORDER = facts_named("town", "count", "basis", "until")
_END = facts_named("done_on", "method")
_REGISTERS = ("ordered", "verified")


def _key(facts: Mapping[str, Any]) -> str:
    return joined(number(facts["item"]), facts.get("enterprise_uscc") or number(facts["enterprise_name"]), number(facts["equipment"]))


def _identities(claim: Claim) -> list[str]:
    """An equipment is its item of the catalogue, its enterprise and its own name."""
    return sorted({_key(facts) for register in _REGISTERS for _, facts in saying([claim], register)})


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per equipment; a verification that nobody's order comes before stands alone."""
    said: dict[str, tuple[list[Said], list[Said]]] = {}
    for place, register in enumerate(_REGISTERS):
        for pair in saying(claims, register):
            said.setdefault(_key(pair[1]), ([], []))[place].append(pair)
    for key, (ordered, verified) in said.items():
        first = ordered or verified
        row = merged(first, _NAMED, rules, LIST.name) | {"lead_bureau": ranked(first, rules, LIST.name)[0][0].bureau, "ordered_on": None}
        if ordered:
            row |= merged(ordered, _ORDER, rules, LIST.name)
            on = ranked(ordered, rules, LIST.name, field="ordered_on")[0][1]["on"]
            row |= {"ordered_on": day(on), "until": day(row["until"]), "count": row["count"] or 1}
        if verified:
            row |= merged(verified, _END, rules, LIST.name)
            row["done_on"] = day(row["done_on"])
        yield Row(LIST.name, key, row, tellers([*ordered, *verified]))


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        ordered, done = row.values["ordered_on"], row.values.get("done_on")
        if ordered is None:
            yield Finding("elimination-unordered", row.key, "核实淘汰的设备没有责令记录，请核对目录条目、企业和设备名称", {"done_on": str(done)})
        elif done is not None and done < ordered:
            detail = {"ordered_on": str(ordered), "done_on": str(done)}
            yield Finding("elimination-early", row.key, "设备完成淘汰的日期早于责令日期，请核对两个日期", detail)


_OVERDUE = f"""
    SELECT e.row_key, e.bureaus, jsonb_build_object('ordered_on', e.ordered_on, 'until', e.until, 'reported_to', d.day, 'rows', jsonb_build_array(e.row_key)), 1
    FROM {{schema}}.elimination e, {REPORTED_TO} d
    WHERE e.done_on IS NULL AND e.until < d.day ORDER BY 1 LIMIT {FOUND_MAX}"""

KIND = Kind(
    "elimination", "淘汰目录设备", _rows, (LIST,), _identities, apart={LIST.name: Apart(("item", "enterprise_name", "equipment"))},
    findings=_findings, rules=("elimination-unordered", "elimination-early"), decided=False,
    comparisons=(Comparison("elimination-overdue", "elimination", _OVERDUE, "至{reported_to}已过淘汰期限而没有核实记录，请核对办理情况"),),
)  # fmt: skip
