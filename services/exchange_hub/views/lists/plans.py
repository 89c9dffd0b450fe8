"""Plans that bureaus issued: a row per kind, bureau and domain, with the expected plan that it fulfils (FIGURES 6).

Those expected and not yet issued are the district's data, not events.
"""

from collections.abc import Iterator, Sequence

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import Kind, current, day, facts_named, joined, saying
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("plans"), "应出台方案", "plan",
    columns("""
        plan_kind 方案类别 text filter
        domain 领域 text filter
        expected 对应应出台方案 text 30
        title 方案名称 text 38
        document_no 文号 text code 22
        issued_on 印发日期 date
        lead_bureau 责任单位 text filter bureau 18
    """),
    annex=AnnexPlace("应出台方案", 14, paper=False),
)  # fmt: skip
_PLAN = facts_named("plan_kind", "domain", "title", "document_no")


def _identities(claim: Claim) -> list[str]:
    """A plan is its kind, its bureau and its domain."""
    facts = current(claim, "plan")
    return [joined(facts["plan_kind"], claim.key.bureau, facts.get("domain") or "")] if facts else []


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row, the document that was issued first: it is what fulfils the plan, however many follow."""
    said = sorted(saying(claims, "plan"), key=lambda pair: (pair[1]["issued_on"], pair[0]))
    if not said:
        return
    key, facts = said[0]
    row = _PLAN.of(facts) | {"issued_on": day(facts["issued_on"]), "lead_bureau": key.bureau}
    domain = facts.get("domain") or ""
    row["expected"] = _expected(rules, facts["plan_kind"], key.bureau, domain, facts["title"])
    yield Row(LIST.name, joined(facts["plan_kind"], key.bureau, domain), row)


def _expected(rules: FoldRules, kind: str, bureau: str, domain: str, title: str) -> str | None:
    """Return the title of the expected plan that a document fulfils, ``None`` where the work plan asks for none.

    A document that names no domain is of the one that its bureau owes; of several, the one with its title.
    """
    owed = [
        wanted for of, by, within, wanted in rules.plans if (of, by) == (kind, bureau) and (not within or domain in ("", within))
    ]
    return owed[0] if len(owed) == 1 else next((each for each in owed if each == title), None)


def _findings(_claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for row in rows:
        if row.values["expected"] is not None:
            continue
        detail = {"plan_kind": row.values["plan_kind"], "title": row.values["title"]}
        yield Finding("plan-not-owed", row.key, "该单位印发的方案不在应出台方案之列，请核对方案类别和责任单位", detail)


KIND = Kind("plan", "应出台方案", _rows, (LIST,), _identities, findings=_findings, rules=("plan-not-owed",), decided=False, asks=frozenset({"plans"}))
