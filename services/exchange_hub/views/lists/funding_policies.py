"""Funding policies: one card a document number and level, for the list and its matrix (图谱)."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from exchange_hub.views.findings import Finding
from exchange_hub.views.lists.folding import Kind, current, day, facts_named, joined, merged, ranked, saying
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, columns
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("funding-policies"), "资金政策清单", "funding_policy",
    columns("""
        document_no 文号 text code 22
        name 政策名称 text 34
        issuer 发文单位 text
        level 层级 text filter
        domains 适用领域 texts
        consumer_domains 消费品领域 texts
        object 支持对象 text
        conditions 条件 text 30
        support_kind 支持方式 text
        standard 标准 text
        cap 上限 money 元 unsummed
        channel 资金渠道 text filter
        central_percent 中央承担比例 quantity %
        local_percent 地方承担比例 quantity %
        applicant 申报主体 text
        materials 申报材料 text 26
        procedure 申报程序 text 26
        window 申报时间 text
        valid_from 生效日期 date
        valid_to 失效日期 date
        expired_on 废止日期 date
        successor_no 替代文号 text code 22
        expired_before 上次废止日期 date
        department 责任单位 text filter bureau 18
        obtained 已争取资金 money 元
    """),
    brief=(
        "name", "document_no", "support_kind", "cap", "valid_to", "department", "level", "domains", "issuer", "standard",
        "valid_from", "obtained",
    ),
    printed_columns=(
        "document_no", "name", "issuer", "level", "domains", "support_kind", "standard", "cap", "valid_to", "department",
    ),
    annex=AnnexPlace("资金政策清单图谱", 4), merge_columns=(),
)  # fmt: skip

_WHOLE = Decimal(100)
_TAKEN = facts_named(
    "document_no", "name", "issuer", "level", "domains", "consumer_domains", "object", "conditions", "support_kind", "standard", "cap",
    "channel", "central_percent", "local_percent", "applicant", "materials", "procedure", "window", "valid_from", "valid_to", "department", "obtained",
)  # fmt: skip


def _identities(claim: Claim) -> list[str]:
    """A policy is its 文号 at one level."""
    for register in ("policy", "expired"):
        facts = current(claim, register)
        if facts and facts.get("document_no"):
            return [joined("文号", facts["document_no"], facts["level"])]
    return []


def _rows(_component: str, claims: Sequence[Claim], rules: FoldRules) -> Iterator[Row]:
    """Give one row; a policy that expired keeps its row with the date."""
    said = saying(claims, "policy")
    if not said:
        return
    row = merged(said, _TAKEN, rules, LIST.name)
    # Number and level name the row, so both come from one statement.
    _, lead = ranked(said, rules, LIST.name)[0]
    row["document_no"], row["level"] = lead["document_no"], lead["level"]
    for name in ("valid_from", "valid_to"):
        row[name] = day(row[name])
    ended = min(saying(claims, "expired"), key=lambda pair: (pair[1]["expired_on"], pair[0]), default=None)
    expired = ended[1]["expired_on"] if ended else None
    # A card that is told anew with a validity that begins later, or ends later, renews the policy (FIGURES 17).
    renewed = expired is not None and any(
        facts["occurred_on"] > expired and max(facts.get("valid_from") or 0, facts.get("valid_to") or 0) > expired for _, facts in said
    )
    row["expired_before" if renewed else "expired_on"] = day(expired)
    row["successor_no"] = ended[1].get("successor_no") if ended and not renewed else None
    yield Row(LIST.name, joined(row["document_no"], row["level"]), row)


def _findings(claims: Sequence[Claim], rows: Sequence[Row]) -> Iterator[Finding]:
    for key, facts in saying(claims, "policy") if rows else ():
        central, local = facts.get("central_percent"), facts.get("local_percent")
        if central is not None and local is not None and central + local != _WHOLE:
            detail = {"document_no": facts["document_no"], "level": facts["level"]}
            words = f"中央与地方分担比例合计为{(central + local).normalize():f}%，请核对"
            yield Finding("policy-shares", joined(rows[0].key, key.bureau, key.entity), words, detail, (key.bureau,))


KIND = Kind("policy", "资金政策", _rows, (LIST,), _identities, findings=_findings, rules=("policy-shares",))
