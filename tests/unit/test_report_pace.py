"""What the report says of pace, money and policies, who signs it, and where its charts stand."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from exchange_contracts import codec, registry, rules
from exchange_hub.programme.district import District
from exchange_hub.reports.model import Report
from exchange_hub.reports.render.docx_report import render_docx
from exchange_hub.views.lists import LISTS
from tests.closing.reading import report_of
from tests.closing.rows import Lists, row
from tests.contract.event_strategies import plain_event

YI = 10**10  # fen in 1 亿元


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


def paragraph(report: Report, title: str) -> str:
    """The paragraphs of a section."""
    return "".join(text for section in report.sections if section.title == title for text in section.paragraphs)


def of_domains(**done: int) -> Lists:
    """A project a domain, with a plan of 1.00亿元 for the year, of which so many percent are done by October."""
    lists: Lists = {view.name: [] for view in LISTS}
    for domain, percent in done.items():
        values = {"domain": domain, "admin_state": "正常", "build_state": "在建" if percent else "前期", "planned_by_year": {"2026": YI}, "total_investment": YI}
        lists["equipment-projects"].append(row("equipment-projects", domain, "industry", **values))
        lists["project-progress"].append(row(
            "project-progress", f"{domain}@2026-10", "industry", project_key=domain, list="设备更新", domain=domain, month="2026-10",
            invested_this_month=0, invested_year_to_date=percent * YI // 100,
        ))  # fmt: skip
    return lists


def confirmed(lists: Lists, bureau: str, said: str | None, month: str = "2026-10") -> Lists:
    """The same lists, with what a bureau says of the pace of its projects."""
    key = f"{bureau}|{month}"
    lists["submissions"].append(row("submissions", key, bureau, bureau=bureau, list="equipment-projects", month=month, state="已确认", explanation=said))
    return lists


def test_the_domains_behind_the_year_are_counted_and_the_furthest_is_named(district: District) -> None:
    """Ten of twelve months have passed: 83.3 %; what is not begun counts in the rate of beginnings."""
    text = paragraph(report_of(district, of_domains(工业=60, 农业=90, 交通=83, 教育=0)), "设备更新")
    assert text == "开工率75.0%，4个领域中3个低于序时进度，其中教育低83.3个百分点。"


def test_where_all_are_behind_it_is_said(district: District) -> None:
    """Nobody counts nine of nine."""
    assert paragraph(report_of(district, of_domains(工业=60, 农业=50)), "设备更新") == "开工率100.0%，2个领域均低于序时进度，其中农业低33.3个百分点。"


def test_of_documents_and_tasks_what_there_is_none_of_is_not_said(district: District) -> None:
    """Zeros are left out of the sentence; where all is settled the head of the report says that alone."""
    lists = of_domains(工业=60)
    lists["documents"].append(row("documents", "d1", "finance", document_no="d1", level="市", department="finance", received_on=date(2026, 9, 1), due_on=date(2026, 9, 15), form="方案", measure_on=date(2026, 9, 10)))
    lists["tasks"].append(row("tasks", "t1", "finance", task_no="6", month="2026-10", state="推进中", text="推进", lead_bureau="finance"))
    report = report_of(district, lists)
    assert paragraph(report, "政策方案").startswith("文件1项：已出台1项，应制定方案15个，印发0个。20项任务中尚无完成或滞后的，")
    assert report.summary[-1].endswith("上级文件1项均已办结，待协调0项。")
    lists["documents"].append(row("documents", "d2", "industry", document_no="d2", level="市", department="industry", received_on=date(2026, 9, 1), due_on=date(2026, 9, 15)))
    report = report_of(district, lists)
    assert paragraph(report, "政策方案").startswith("文件2项：已出台1项、超期1项，")
    assert report.summary[-1].endswith("上级文件2项、已办1项、超期1项，待协调0项。")


def test_where_none_is_behind_it_is_said(district: District) -> None:
    """Of two domains that keep the pace nobody is named."""
    assert paragraph(report_of(district, of_domains(工业=84, 农业=100)), "设备更新") == "开工率100.0%，各领域均达到序时进度。"


def test_the_reason_is_that_of_the_bureau_that_leads_the_domain_furthest_behind(district: District) -> None:
    """One sentence in its own words; who keeps the pace, another month's word and an empty one are not printed."""
    lists = confirmed(confirmed(of_domains(工业=60, 农业=90, 交通=50), "industry", "大宗设备招标推迟。"), "agriculture", "不在其列")
    assert paragraph(report_of(district, lists), "设备更新").endswith("其中交通低33.3个百分点。区工业和信息化局说明：大宗设备招标推迟。")
    other = confirmed(confirmed(of_domains(工业=60), "industry", None), "industry", "九月的原因", "2026-09")
    assert "说明" not in paragraph(report_of(district, other), "设备更新")


def test_what_a_bureau_says_of_its_pace_is_short() -> None:
    """The report prints it whole, so that more than forty characters go back, with their number."""
    contract = registry.load().latest("SubmissionConfirmed")

    def told(words: str) -> list[str]:
        event = plain_event(contract, explanation=words, list="equipment-projects", month="2026-10", entity_key="equipment-projects@2026-10")
        return [each.said() for each in rules.problems(*codec.decode_facts(codec.encode(event))) if "explanation" in each.fields]

    assert (told("原" * 40), told("原" * 41)) == ([], ["字段 explanation 有41字，不超过40字，请压缩"])


def test_what_was_scrapped_and_what_was_paid_is_told_by_kind(district: District) -> None:
    """Categories and channels with something, each with its part; the money of one channel alone needs no parts."""
    lists = of_domains(工业=60)
    for n, (category, count) in enumerate((("营运货车", 3), ("电梯", 2))):
        lists["scrappage"].append(row("scrappage", f"s{n}", "commerce", category=category, counted_on=date(2026, 5, 1), count=count, granularity="明细", lead_bureau="commerce"))
    lists["trade-in"].append(row(
        "trade-in", "t", "commerce", step="完成", category="家电", month="2026-10", count=1, sale_amount=100, subsidy=15, granularity="明细", lead_bureau="commerce",
    ))  # fmt: skip
    for channel, amount in (("市级", 3_000_000), ("区级", 1_000_000), ("中央专项", 500_000), ("超长期特别国债", 7_000_000)):
        lists["funds"].append(row(
            "funds", channel, "finance", step="支付", channel=channel, application_no=channel, budget_year=2026, amount=amount, counted=amount, count=1,
            on_date=date(2026, 9, 1), granularity="明细", lead_bureau="finance",
        ))  # fmt: skip
    report = report_of(district, lists)
    assert "1—10月报废淘汰5台（辆），其中电梯2、营运货车3。" in paragraph(report, "消费品以旧换新")
    assert paragraph(report, "资金").startswith("支付的资金中超长期特别国债7.00万元、中央专项0.50万元、其余4.00万元，")
    del lists["funds"][2:]
    assert paragraph(report_of(district, lists), "资金").startswith("支付的资金中市级3.00万元、区级1.00万元，")
    lists["funds"].pop()
    assert "支付的资金" not in paragraph(report_of(district, lists), "资金")


def test_policies_stand_by_level_with_what_they_brought(district: District) -> None:
    """A level without a policy in force has no line; the money of a policy counts once."""
    lists = of_domains(工业=60)
    for n, (level, obtained, ends) in enumerate((("国家", 2 * YI, None), ("国家", None, date(2026, 11, 30)), ("区级", None, date(2026, 10, 30)))):
        lists["funding-policies"].append(row("funding-policies", f"p{n}", "finance", document_no=f"p{n}", level=level, obtained=obtained, valid_to=ends, domains=["工业", "农业"]))
    table = next(table for section in report_of(district, lists).sections for table in section.tables if table.id == "policy_levels")
    assert [[cell.figure.value if cell.figure else cell.text for cell in cells] for cells in table.rows] == [["国家", 2, 200_000_000, 1]]


def test_the_imprint_names_posts_and_the_day_of_issue(district: District) -> None:
    """The day given at printing stands at the head and in the imprint, else that of the close; a month closed before has no imprint."""
    report = report_of(district, of_domains(工业=60))
    printed = _texts(render_docx(report, issued_on=date(2026, 11, 9)))
    assert printed[-1] == "报：区委、区政府　送：专班各成员单位　签发：专班办公室\t2026年11月9日印发"
    assert any(text.endswith("2026年11月9日") for text in printed[:4])
    older = replace(report, catalogue=replace(report.catalogue, imprint=()))
    assert not any("印发" in text for text in _texts(render_docx(older))[-1:])
    assert any(text.endswith("2026年11月6日") for text in _texts(render_docx(older))[:4])


def _texts(content: bytes) -> list[str]:
    """The texts of the body, up to the charts of the landscape pages."""
    texts = [each.text for each in Document(BytesIO(content)).paragraphs if each.text]
    return texts[: texts.index("附图")] if "附图" in texts else texts


@pytest.mark.parametrize("plates", [True, False])
def test_charts_stand_before_the_annexes_or_as_an_earlier_close_had_them(district: District, *, plates: bool) -> None:
    """On a landscape page in a size to read; of a month closed before, in the body."""
    report = report_of(district, of_domains(工业=60))
    body: Any = Document(BytesIO(render_docx(replace(report, catalogue=replace(report.catalogue, plates=plates))))).element.body
    breaks = [n for n, element in enumerate(body) if element.findall(".//{*}sectPr")]
    pictures = [n for n, element in enumerate(body) for _ in element.findall(".//{*}drawing")]
    assert pictures
    assert all((n > breaks[0]) is plates for n in pictures)
