"""Submissions confirmed or returned as nil; late and silent are worked out against what is owed."""

from collections.abc import Iterator, Sequence

from exchange_hub.views.lists.folding import Kind, day
from exchange_hub.views.lists.model import AnnexPlace, ListName, ListView, Printed, columns
from exchange_hub.views.lists.submission_findings import COMPARISONS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Row

LIST = ListView(
    ListName("submissions"), "报送情况", "submission",
    columns("""
        bureau 单位 text filter bureau 18
        list 清单 text filter names_list 20
        month 月份 month filter
        state 状态 text filter
        rows 行数 count 行
        totals 合计 money_map 元
        confirmed_on 确认日期 date
        signed_by 签发角色 text
        signed_copy_sha256 签发扫描件摘要 text code
    """),
    single=True,
    printed_columns=("bureau", "list", "month", "state", "rows", "confirmed_on", "signed_by"),
    annex=AnnexPlace("报送与调整情况", 8),
    printed=Printed("列本月{n}条（未报送的在前）", "bureau, list", "month = :month"),
)  # fmt: skip


def _rows(component: str, claims: Sequence[Claim], _rules: FoldRules) -> Iterator[Row]:
    """Give a row per confirmed submission or nil return; what nobody who issues has signed is not confirmed (FIGURES 15). Late and silent are worked out against what is owed."""
    claim = claims[0]
    fact = claim.registers.get("submission")
    if fact is None or fact.withdrawn:
        return
    nil, signed_by = fact.event == "NilReturned", fact.facts.get("signed_by") or ()
    yield Row(LIST.name, component, {
        "bureau": claim.key.bureau, "list": fact.facts["list"], "month": fact.facts["month"],
        "state": "零报告" if nil else "已确认" if "签发" in signed_by else "已填报未审签", "rows": 0 if nil else fact.facts.get("rows"),
        "totals": fact.facts.get("totals") or None,
        "confirmed_on": day(fact.facts["occurred_on"]),
        "signed_by": "、".join(signed_by) or None, "signed_copy_sha256": fact.facts.get("signed_copy_sha256"),
    })  # fmt: skip


KIND = Kind("submission", "报送", _rows, (LIST,), comparisons=COMPARISONS, of_reporting=True)
