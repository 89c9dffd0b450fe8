"""Scrapped equipment: one row a machine, from application to deregistration, also where two bureaus report steps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exchange_hub.views.findings import Finding, same_identifier
from exchange_hub.views.lists.folding import Kind, Said, day, facts_named, joined, merged, of_family, ranked, unnamed
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("scrappage"), "报废淘汰台账", "scrappage",
    columns("""
        category 类别 text filter
        identifier_kind 识别号类型 text
        identifier 识别号 text code
        certificate_kind 证明类型 text
        certificate_no 证明编号 text code
        owner_uscc 单位信用代码 text code 21
        recycler_uscc 回收企业 text code
        emission_standard 排放标准 text
        fuel 燃料 text
        commissioned_on 启用日期 date
        step 最新环节 text filter
        applied_on 申请日期 date
        delivered_on 交售回收日期 date
        dismantled_on 拆解销毁日期 date
        deregistered_on 注销登记日期 date
        town 镇街园区 text filter
        lead_bureau 填报单位 text filter bureau 18
    """),
    brief=(
        "identifier", "category", "step", "delivered_on", "deregistered_on", "certificate_no", "town", "lead_bureau",
        "recycler_uscc", "emission_standard", "applied_on", "dismantled_on",
    ),
    annex=AnnexPlace("报废淘汰台账", 12, paper=False), small_money=True,
)  # fmt: skip

#: Steps in the order in which the ledger shows them, with the column that keeps the date.
_STEPS = {"申请": "applied_on", "交售回收": "delivered_on", "拆解销毁": "dismantled_on", "注销登记": "deregistered_on"}
_FURTHEST = {step: -number for number, step in enumerate(_STEPS)}
_TAKEN = facts_named(
    "category", "identifier_kind", "identifier", "certificate_kind", "certificate_no", "owner_uscc", "recycler_uscc",
    "emission_standard", "fuel", "commissioned_on", "town",
)  # fmt: skip


def _identities(claim: Claim) -> list[str]:
    """A machine is its category and identifier (VIN, serial or certificate number)."""
    values = {joined(facts["category"], facts["identifier"]) for facts in _statements(claim) if facts.get("identifier")}
    return sorted(values)


def _rows(component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row with the date of each step that somebody reported."""
    said = [(claim.key, facts) for claim in claims for facts in _statements(claim)]
    if not said:
        return
    if len(said) > 1:
        order = rules.order(LIST.name, "*", None)
        said.sort(key=lambda pair: (order(pair[0].bureau), pair[0]))
    row = merged(said, _TAKEN, rules, LIST.name)
    row["commissioned_on"] = day(row["commissioned_on"])
    by_step: dict[str, list[Said]] = {}
    for pair in said:
        by_step.setdefault(pair[1]["step"], []).append(pair)
    for step, column in _STEPS.items():
        if step in by_step:
            row["step"] = step
            row[column] = day(_on(ranked(by_step[step], rules, LIST.name, field=column)[0][1]))
    row["lead_bureau"] = said[0][0].bureau
    # Category and identifier name the row, so both come from one statement.
    named = next((facts for _, facts in said if facts.get("identifier")), None)
    if named is None:
        yield Row(LIST.name, unnamed(component), row)
        return
    row["category"], row["identifier"] = named["category"], named["identifier"]
    yield Row(LIST.name, joined(row["category"], row["identifier"]), row)


def _statements(claim: Claim) -> list[Mapping[str, Any]]:
    """Return the claim's steps, the furthest first, so that the fullest statement names the machine."""
    found = [fact.facts for _, fact in of_family(claim, "scrapped")]
    return sorted(found, key=lambda facts: _FURTHEST[facts["step"]])


def _on(facts: Mapping[str, Any]) -> int:
    on = facts.get("on")
    return int(facts["occurred_on"] if on is None else on)


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    row, subject = rows[0].values, rows[0].key
    delivered, deregistered = row.get("delivered_on"), row.get("deregistered_on")
    if delivered is not None and deregistered is not None and deregistered < delivered:
        detail = {"delivered_on": delivered.isoformat(), "deregistered_on": deregistered.isoformat()}
        yield Finding("deregistered-early", subject, "注销登记日期早于交售回收日期,请核对凭证", detail)


KIND = Kind(
    "scrappage", "报废淘汰", _rows, (LIST,), _identities, findings=_findings, rules=("deregistered-early",),
    comparisons=(
        same_identifier("certificate-twice", "scrappage", LIST.table, "certificate_no", "证明编号{subject}对应{count}台设备,请核对"),
    ),
)  # fmt: skip
