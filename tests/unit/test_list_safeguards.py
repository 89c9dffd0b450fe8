"""Safeguards: a row per safeguard and month, the sentence of the report, and what may be told of which."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts import registry, safeguards, vocabulary
from exchange_contracts.rules import RULES
from exchange_hub.programme.district import District
from exchange_hub.reports.model import Report
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import LISTS
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.closing.reading import report_of
from tests.closing.rows import row


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def claim(bureau: str, safeguard: str, **numbers: Any) -> Claim:
    """What a bureau says of a safeguard in October."""
    facts = {"safeguard": safeguard, "month": "2026-10", **dict.fromkeys(safeguards.FIELDS), **numbers}
    return Claim(ClaimKey("safeguard", bureau, safeguard), {f"reported:2026-10|{safeguard}": Fact("SafeguardReported", 1, b"", False, facts)})


def told(safeguard: str, month: str = "2026-10", bureau: str = "tax", **numbers: Any) -> dict[str, Any]:
    """A row of the list."""
    return row("safeguards", f"{safeguard}|{month}", bureau, safeguard=safeguard, month=month, lead_bureau=bureau, **numbers)


def report_with(district: District, *rows: dict[str, Any], month: str = "2026-10") -> Report:
    """A report of which only the safeguards have rows."""
    lists = {view.name: list(rows) if view.name == "safeguards" else [] for view in LISTS}
    return report_of(district, lists, month, date(2026, int(month[5:]), 28))


def sentence(report: Report) -> str:
    """What the section on funds says of the safeguards."""
    (text,) = next(s for s in report.sections if s.title == "资金").paragraphs
    return text.removeprefix("资金情况本期未报送，不以零计。")


def test_the_bureau_that_comes_first_for_the_safeguard_is_taken_whole(district: District) -> None:
    """Reverse invoices are the tax bureau's word, also what it left empty; what the other says is a finding."""
    result = fold_component(
        [claim("commerce", "反向开票", firms=2, items=30, amount=100), claim("tax", "反向开票", items=31, amount=200)], FoldRules(ranking=district.ranking)
    )
    [folded] = result.rows
    values = folded.values
    assert (folded.key, values["firms"], values["items"], values["unit"], values["amount"], values["lead_bureau"]) == (
        "反向开票|2026-10", None, 31, "份", 200, "tax",
    )  # fmt: skip
    assert [(f.rule, f.detail) for f in result.findings] == [("safeguard-differs", {"of": "items", "commerce": 30, "tax": 31})]


def test_a_safeguard_is_told_in_its_own_measures_alone() -> None:
    """What a safeguard does not have is refused by the name of the column, and so is one without any number; a zero is a number."""
    [rule] = RULES["SafeguardReported"]
    empty = dict.fromkeys(safeguards.FIELDS)
    assert rule.broken({**empty, "safeguard": "简化审批", "items": 0}) is None
    assert rule.broken({**empty, "safeguard": "简化审批", "items": 3, "amount": 1}) == "“简化审批”不填金额，请核对保障措施与所填的数"
    assert rule.broken({**empty, "safeguard": "用地保障"}) == "“用地保障”请至少填写数量、用地面积其中之一，当月没有发生的填0"


def test_every_safeguard_of_the_contract_has_its_measures() -> None:
    """The table and the code list name the same safeguards, and only fields that the event has."""
    assert set(safeguards.MEASURES) == set(vocabulary.Safeguard.__args__)
    fields = {field.name for field in registry.load().latest("SafeguardReported").fields}
    assert fields >= set(safeguards.FIELDS)


def test_the_sentence_says_each_safeguard_of_the_month_and_who_is_silent(district: District) -> None:
    """Amounts stand in 万元, what a row left empty is 未填报; of what moves no money the annex tells."""
    report = report_with(
        district, told("反向开票", firms=21, items=265, amount=455_000_000), told("贷款贴息", bureau="finance", firms=4, items=5, signed=3_100_000_000, paid=None, subsidy=24_800_000),
        told("用地保障", bureau="planning-resources", items=2, area=Decimal("26.5")), told("反向开票", "2026-09", firms=18, items=240, amount=420_000_000),
    )  # fmt: skip
    assert sentence(report) == "当月反向开票455.00万元、贴息24.80万元。"
    silent, nothing = (report.figures[f"safeguards.{name}"] for name in ("简化审批.items", "专用设备抵免.month_amount"))
    assert (silent.value, silent.absent, nothing.value) == (None, "未报送", 0)


def test_what_nobody_tells_is_not_said(district: District) -> None:
    """Without a row of the month there is no sentence, also where an earlier month was told."""
    assert sentence(report_with(district)) == ""
    assert sentence(report_with(district, told("反向开票", "2026-09", amount=1))) == ""


def test_firms_of_several_months_are_never_added(district: District) -> None:
    """What was invoiced adds up over the year; who invoiced in two months is one firm, so the year has no number of firms."""
    report = report_with(district, told("反向开票", "2026-09", firms=18, items=240, amount=100), told("反向开票", firms=21, items=265, amount=200))
    assert [str(report.figures[f"safeguards.反向开票.{name}"].value) for name in ("month_firms", "items", "amount")] == ["21", "505", "3.00"]
    assert "safeguards.反向开票.firms" not in report.figures
