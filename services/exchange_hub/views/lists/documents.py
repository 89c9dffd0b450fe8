"""Documents received and the measures they call for: a row per document × responsible department.

The clock is ten working days from the day after receipt (work plan, part four, stage two). Whether a row is
overdue depends on a day, so readers work it out for a stated date; the fold gives only the due date. Documents of levels without a
clock have none, and a measure in a form with a longer track has its own (FIGURES 17).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from exchange_hub.views.lists.folding import Apart, Kind, day, facts_named, joined, merged, of_family, ranked, saying
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Fact, Row

LIST = ListView(
    ListName("documents"), "文件与落实措施", "document",
    columns("""
        document_no 文号 text code 22
        title 文件名称 text 38
        issuer 发文单位 text
        level 层级 text filter
        issued_on 成文日期 date
        received_on 收文日期 date
        department 责任单位 text filter bureau 18
        part 分工 text
        due_on 到期日 date
        extended_until 延期至 date
        extended_by 批准延期 text
        form 措施形式 text filter
        measure_no 措施文号 text code
        measure_on 出台日期 date
        exempt_reason 免于出台理由 text
        exempted_by 同意免于出台 text
    """),
    brief=(
        "title", "department", "due_on", "form", "measure_on", "document_no", "received_on", "extended_until", "measure_no",
        "issuer", "level",
    ),
    printed_columns=(
        "document_no", "title", "department", "part", "received_on", "due_on", "form", "measure_no", "measure_on",
    ),
    annex=AnnexPlace("政策文件与落实措施", 7),
    printed=Printed(
        "列前{n}条（未办结的在前）",
        "(measure_on IS NULL AND exempt_reason IS NULL) DESC, coalesce(extended_until, due_on) DESC NULLS LAST",
    ),
)  # fmt: skip

_HEAD = facts_named("document_no", "title", "issuer", "level", "issued_on", "received_on")


def _identities(claim: Claim) -> list[str]:
    """A document is its number: the receiver's entry and each department's measure meet there."""
    numbers = {fact.facts["document_no"] for fact in claim.registers.values() if not fact.withdrawn}
    return [f"文号 {number}" for number in sorted(numbers) if number]


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give a row per department, also for one that acted without being named."""
    received = ranked(saying(claims, "received"), rules, LIST.name)
    head = merged(received, _HEAD, rules, LIST.name) if received else {}
    parts: dict[str, str | None] = {}
    for _, facts in received:
        for entry in facts["departments"]:
            parts.setdefault(entry["department"], entry["part"])
    measures = _chosen(claims, "measure", rules)
    extensions = _chosen(claims, "extension", rules)
    number = head.get("document_no") or _number(measures, extensions)
    for department in sorted({*parts, *measures, *extensions}):
        row: dict[str, Any] = {
            "document_no": number, "title": head.get("title"), "issuer": head.get("issuer"), "level": head.get("level"),
            "issued_on": day(head.get("issued_on")), "received_on": day(head.get("received_on")),
            "department": department, "part": parts.get(department),
        }  # fmt: skip
        if department in extensions:
            extension = extensions[department].facts
            row["extended_until"], row["extended_by"] = day(extension["until"]), extension.get("approved_by")
        if department in measures:
            row.update(_measure(measures[department]))
        if row["received_on"] is not None and row["level"] in rules.levels:
            row["due_on"] = rules.longer.get(row.get("form", ""), rules.due_on)(row["received_on"])
        yield Row(LIST.name, joined(number, department), row)


def _chosen(claims: Sequence[Claim], family: str, rules: FoldRules) -> dict[str, Fact]:
    """Choose each department's own word first, then the district's order."""
    order = rules.order(LIST.name, "*", None)
    chosen: dict[str, Fact] = {}
    own: dict[str, Fact] = {}
    for claim in sorted(claims, key=lambda claim: (order(claim.key.bureau), claim.key)):
        for department, fact in of_family(claim, family):
            chosen.setdefault(department, fact)
            if department == claim.key.bureau:
                own.setdefault(department, fact)
    return chosen | own


def _number(*families: dict[str, Fact]) -> str:
    return min((str(fact.facts["document_no"]) for family in families for fact in family.values()), default="")


def _measure(fact: Fact) -> dict[str, Any]:
    if fact.event == "MeasureExempted":
        return {
            "form": "免于出台", "exempt_reason": fact.facts.get("reason"), "exempted_by": fact.facts.get("approved_by"),
            "measure_on": day(fact.facts["occurred_on"]),
        }  # fmt: skip
    facts = fact.facts
    return {"form": facts["form"], "measure_no": facts.get("measure_no"), "measure_on": day(facts.get("issued_on"))}


KIND = Kind(
    "document", "文件与措施", _rows, (LIST,), _identities,
    apart={
        LIST.name: Apart(
            ("department",), ("document_no", "title", "issuer", "level", "issued_on", "received_on")
        )
    },
    asks=frozenset({"calendar"}),
)  # fmt: skip
