"""The drop folder from workbook to topic and slip, on the double: what is published, what is not, what the clerk gets."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook

from exchange_connectors.excel import DropFolder, Mapping, load
from exchange_connectors.excel.dropfolder import FileResult
from exchange_connectors.kit import Publisher
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec
from exchange_contracts.model import Event
from exchange_contracts.receipts import Receipt, ReceiptException

CONFIG = """
bureau = "industry"
source = "industry-workbooks"
inbox = "inbox"
state = "state.sqlite"
[[sheet]]
name = "设备更新项目清单"
list = "equipment-projects"
submit_total = "total_investment"
[sheet.columns]
"序号" = { ignore = true }
"项目代码" = "project_code"
"内部编号" = "internal_no"
"项目名称" = "name"
"项目单位" = "owner_name"
"总投资" = "total_investment"
"资金来源/超长期特别国债" = "funding.超长期特别国债"
"资金来源/企业自筹" = "funding.企业自筹"
"建设状态" = "build_state"
"完成投资/本月" = "invested_this_month"
"完成投资/自年初" = "invested_year_to_date"
[sheet.constants]
list = "设备更新"
domain = "工业"
construction_nature = "改建和技术改造"
[[sheet.event]]
type = "ProjectAdded"
key = "{project_code|internal_no}"
[[sheet.event]]
type = "ProjectProgressReported"
key = "{project_code|internal_no}"
when = ["invested_this_month"]
[[sheet]]
name = "零报告"
kind = "nil"
[sheet.columns]
"清单名称" = "list"
[[sheet]]
name = "报送确认单"
kind = "submission"
[sheet.columns]
"清单名称" = "list"
"报送行数" = "rows"
"合计金额" = { field = "total", unit = "万元" }
"填报" = "sign.填报"
"签发" = "sign.签发"
"进度说明" = { field = "explanation", optional = true }
[lists]
"先进设备企业清单" = "enterprises"
"""

A = ["2509-120114-89-01-544060", "GX-001", "冲压线改造", "天津甲公司", 3200.5, 1000, 2200.5, "在建", 100, 560]
B = [None, "GX-002", "焊接更新", "天津乙公司", 800, None, 800, "在建", 50, 50]
C = [None, "GX-003", "检测线", "天津丙公司", 600, None, 600, "未开工", None, None]
EVENTS_TOPIC = "hub.wuqing.industry.events"
RECEIPTS_TOPIC = "hub.wuqing.industry.receipts"


class Desk:
    """A bureau's desk: its folder, its broker, a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "inbox").mkdir()
        (folder / "connector.toml").write_text(CONFIG, encoding="utf-8")
        self.broker = RecordingBroker()
        self.now = datetime(2026, 10, 8, 4, tzinfo=UTC).timestamp()

    def mapping(self) -> Mapping:
        """The connector."""
        return load(self.folder / "connector.toml")

    def drop(self, *rows: list[Any], month: str = "2026年9月", name: str | None = None, **more: Any) -> Path:
        """Put a workbook into the folder: title, two-line header, total above the details, notes below."""
        book = Workbook()
        sheet = book.active
        sheet.title = "设备更新项目清单"
        sheet.append([f"设备更新项目清单（{month}）"])
        sheet.append(["填报单位：区工业和信息化局", None, "单位：万元", None, "填报日期：2026年10月8日"])
        sheet.append(
            [
                "序号",
                "项目代码",
                "内部编号",
                "项目名称",
                "项目单位",
                "总投资（万元）",
                "资金来源（万元）",
                None,
                "建设状态",
                "完成投资（万元）",
            ]
        )
        sheet.append([None] * 6 + ["超长期特别国债", "企业自筹", None, "本月", "自年初"])
        for merged in ("A1:K1", "G3:H3", "J3:K3", "A3:A4", "F3:F4", "I3:I4"):
            sheet.merge_cells(merged)
        sheet.append(["合  计", None, None, None, None, sum(row[4] for row in rows)])
        for number, row in enumerate(rows, 1):
            sheet.append([number, *row])
        sheet.append(["注：金额以批复为准"])
        for title, lines in more.items():
            sheet = book.create_sheet(title)
            sheet.append([f"{title}（{month}）"])
            for line in lines:
                sheet.append(line)
        path = self.folder / "inbox" / (name or f"工信局{month}.xlsx")
        book.save(path)
        return path

    @contextmanager
    def open(self) -> Iterator[DropFolder]:
        """The drop folder with a started publisher."""
        mapping = self.mapping()
        assert mapping.state is not None
        with Publisher(
            KafkaSettings(), "wuqing", "industry", mapping.state, broker=self.broker, clock=lambda: self.now
        ) as publisher:
            yield DropFolder(mapping, publisher, clock=lambda: self.now)

    def turn(self) -> list[FileResult]:
        """Process what waits."""
        self.now += 60
        with self.open() as folder:
            return folder.turn()[0]

    def events(self, since: int = 0) -> list[Event]:
        """What lies on the topic."""
        return [codec.decode(record.value) for record in self.broker.topics[EVENTS_TOPIC][since:]]

    def said(self, since: int = 0) -> list[str]:
        """What lies on the topic, as type and key."""
        return [f"{type(event).__name__} {event.entity_key}" for event in self.events(since)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A fresh desk."""
    return Desk(tmp_path)


def test_a_row_gives_its_project_and_its_progress(desk: Desk) -> None:
    """One sheet gives several events a row, money in yuan to the fen, with the source cell and the reported unit."""
    desk.drop(A, C)
    desk.turn()
    project, progress, third = desk.events()
    assert desk.said() == [
        "ProjectAdded 2509-120114-89-01-544060",
        "ProjectProgressReported 2509-120114-89-01-544060",
        "ProjectAdded GX-003",
    ]
    facts = project.model_dump()
    assert facts["total_investment"] == Decimal("32005000.00")
    assert facts["funding"] == {"超长期特别国债": Decimal("10000000.00"), "企业自筹": Decimal("22005000.00")}
    assert facts["origin"] == {"file": "工信局2026年9月.xlsx", "sheet": "设备更新项目清单", "row": 6, "unit": "万元", "cells": "B,title,,,,B,C,D,,,,,E,,F,,,,超长期特别国债=G+企业自筹=H,,,,,,,,,,,,,I"}
    assert progress.model_dump()["month"] == "2026-09"
    assert third.occurred_on == date(2026, 9, 30)


def test_the_same_file_again_publishes_nothing(desk: Desk) -> None:
    """Neither the file under its name nor a copy under another is published again; the copy gets a slip of its own."""
    path = desk.drop(A, B)
    desk.turn()
    (desk.folder / "inbox" / "副本.xlsx").write_bytes(path.read_bytes())
    (copy,) = desk.turn()
    assert (copy.published, copy.slip.exists(), desk.turn()) == (0, True, [])
    assert len(desk.events()) == 4


def test_a_resorted_sheet_with_an_inserted_row_publishes_the_new_row_only(desk: Desk) -> None:
    """Keys come from business keys, never from positions."""
    desk.drop(A, B)
    desk.turn()
    desk.drop(C, B, A, name="更正2026年9月.xlsx")
    (result,) = desk.turn()
    assert desk.said(4) == ["ProjectAdded GX-003"]
    assert (result.published, result.unchanged) == (1, 4)


def test_a_changed_row_publishes_one_later_revision(desk: Desk) -> None:
    """A corrected amount is a ProjectChanged with a higher revision; the progress it did not touch says nothing."""
    desk.drop(A, B)
    desk.turn()
    desk.drop(A, [*B[:4], 900, None, 900, *B[7:]], name="更正2026年9月.xlsx")
    desk.turn()
    (changed,) = desk.events(4)
    assert (type(changed).__name__, changed.entity_key) == ("ProjectChanged", "GX-002")
    assert changed.revision > desk.events()[2].revision


def test_the_next_month_publishes_progress_only(desk: Desk) -> None:
    """A project that did not change is not stated anew each month; its progress is, and must continue last month's."""
    desk.drop(A)
    desk.turn()
    desk.drop([*A[:8], 40, 600], month="2026年10月")
    (result,) = desk.turn()
    assert result.findings == ()
    assert desk.said(2) == ["ProjectProgressReported 2509-120114-89-01-544060"]


def test_a_project_keeps_its_key_when_it_gets_its_code(desk: Desk) -> None:
    """A project first reported by its internal number stays the same thing when its project code comes."""
    desk.drop(B)
    desk.turn()
    desk.drop(["2509-120114-89-01-999999", *B[1:8], 10, 60], month="2026年10月")
    desk.turn()
    changed, _progress = desk.events(2)
    assert (type(changed).__name__, changed.entity_key) == ("ProjectChanged", "GX-002")
    assert changed.model_dump()["project_code"] == "2509-120114-89-01-999999"


def test_months_are_taken_in_their_order_whatever_the_names_sort_like(desk: Desk) -> None:
    """2026年9月 is taken before 2026年10月 though the text sorts after it."""
    desk.drop([*A[:8], 40, 600], month="2026年10月")
    desk.drop(A)
    names = [result.path.name for result in desk.turn()]
    assert names == ["工信局2026年9月.xlsx", "工信局2026年10月.xlsx"]
    assert [event.model_dump()["month"] for event in desk.events() if "Progress" in type(event).__name__] == [
        "2026-09",
        "2026-10",
    ]


def test_a_late_workbook_of_an_earlier_month_does_not_set_a_project_back(desk: Desk) -> None:
    """August coming after September adds August's progress and leaves the project as September said it."""
    desk.drop(A)
    desk.turn()
    desk.drop([*A[:2], "旧名", *A[3:8], 460, 460], month="2026年8月")
    (result,) = desk.turn()
    assert desk.said(2) == ["ProjectProgressReported 2509-120114-89-01-544060"]
    assert "已有更晚月份的报送，本行主数据未更新" in [finding.message for finding in result.findings]


def test_nil_returns_and_signed_confirmations_are_events(desk: Desk) -> None:
    """A nil return and a signed confirmation carry list, month, rows, totals and roles, never a name."""
    desk.drop(A, C, 零报告=[["清单名称"], ["先进设备企业清单"]], 报送确认单=[
        ["清单名称", "报送行数", "合计金额（万元）", "填报", "签发", "进度说明"], ["设备更新项目清单", 2, 3800.5, "张三", "李四", "主机交货推迟"],
    ])  # fmt: skip
    desk.turn()
    nil, confirmed = desk.events(3)
    assert (nil.entity_key, confirmed.entity_key) == ("enterprises@2026-09", "equipment-projects@2026-09")
    facts = confirmed.model_dump()
    assert (facts["rows"], facts["totals"]) == (2, {"total_investment": Decimal("38005000.00")})
    assert (facts["signed_by"], facts["explanation"]) == (("填报", "签发"), "主机交货推迟")
    assert not [record for record in desk.broker.topics[EVENTS_TOPIC] if "张三".encode() in record.value]


def test_a_lost_state_file_restates_under_later_revisions(desk: Desk) -> None:
    """Without ledger the workbook is stated once more, same keys, later revisions: the fold is the same."""
    desk.drop(A)
    desk.turn()
    for path in desk.folder.glob("state.sqlite*"):
        path.unlink()
    desk.turn()
    first, second = desk.events()[:2], desk.events(2)
    assert [event.entity_key for event in first] == [event.entity_key for event in second]
    assert all(after.revision > before.revision for before, after in zip(first, second, strict=True))


def test_a_rebuilt_ledger_knows_a_thing_by_all_its_numbers(desk: Desk) -> None:
    """A project that got its code later keeps its key after the state file was lost and rebuilt from the topic."""
    coded = ["2509-120114-89-01-999999", *B[1:8]]
    desk.drop(B)
    desk.drop([*coded, 10, 60], month="2026年10月")
    desk.turn()
    for path in desk.folder.glob("state.sqlite*"):
        path.unlink()
    with desk.open() as folder:
        folder.rebuild_ledger(20)
    before = len(desk.events())
    desk.drop([*coded, 20, 80], month="2026年11月")
    desk.turn()
    assert desk.said(before) == ["ProjectProgressReported GX-002"]


def test_a_record_that_is_no_receipt_stops_nothing(desk: Desk) -> None:
    """A broken record on the receipts topic is passed; the receipt after it is booked."""
    desk.drop(A)
    desk.broker.append(RECEIPTS_TOPIC, b"\xff not a receipt")
    receipt = Receipt(topic=EVENTS_TOPIC, first=0, next=2, accepted=2, batch=1, at=datetime(2026, 10, 8, tzinfo=UTC))
    desk.broker.append(RECEIPTS_TOPIC, receipt.to_bytes())
    with desk.open() as folder:
        _, outcomes = folder.turn()
    assert (outcomes.accepted, outcomes.awaited) == (2, 0)


def test_the_slip_marks_the_cells_in_a_copy(desk: Desk) -> None:
    """The bureau's file stays as it is; the slip is a copy with marked cells, comments and the figures."""
    path = desk.drop(A, C)
    book = openpyxl.load_workbook(path)
    book.active["F7"] = "约600万"
    book.save(path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    (result,) = desk.turn()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert result.slip.name == "工信局2026年9月.回执.xlsx"
    slip = openpyxl.load_workbook(result.slip)
    assert slip.sheetnames == ["回执", "设备更新项目清单"]
    assert slip["设备更新项目清单"]["F7"].comment.text == "【退】“约600万”：请只填数字，如600"
    assert slip["设备更新项目清单"]["F7"].fill.fgColor.rgb == "00FFC7CE"
    told = {row[0]: row[1] for row in slip["回执"].iter_rows(values_only=True) if row[0]}
    assert (told["明细行数"], told["退回行数"], told["本次发布（条）"]) == (2, 1, 2)
    assert desk.turn() == []  # the slip itself is never read


def test_the_hub_s_answer_comes_into_the_slip(desk: Desk) -> None:
    """What the hub rejects is written into the slip with its place and reason, at the next turn where it comes late."""
    desk.drop(A, C)
    (result,) = desk.turn()
    told = [row[:2] for row in openpyxl.load_workbook(result.slip)["回执"].iter_rows(values_only=True)]
    assert ("未答复（条）", 3) in told
    rejected = ReceiptException(
        offset=2, event_id=None, entity_key="GX-003", outcome="rejected", code="x", reason="请核对项目名称"
    )
    receipt = Receipt(
        topic=EVENTS_TOPIC,
        first=0,
        next=3,
        accepted=2,
        exceptions=(rejected,),
        batch=1,
        at=datetime(2026, 10, 8, tzinfo=UTC),
    )
    desk.broker.append(RECEIPTS_TOPIC, receipt.to_bytes())
    assert desk.turn() == []
    slip = openpyxl.load_workbook(result.slip)
    told = [row[:4] for row in slip["回执"].iter_rows(values_only=True)]
    assert ("已入库（条）", 2, None, None) in told
    assert ("退回", "设备更新项目清单", 7, "请核对项目名称") in told
    assert "请核对项目名称" in slip["设备更新项目清单"]["A7"].comment.text


def test_a_file_that_is_no_workbook_gets_a_slip_too(desk: Desk) -> None:
    """An encrypted file or a PDF is answered, not passed over."""
    (desk.folder / "inbox" / "扫描件.xlsx").write_bytes(b"%PDF-1.7")
    (result,) = desk.turn()
    assert openpyxl.load_workbook(result.slip).sheetnames == ["回执"]
    assert desk.turn() == []


def test_what_a_clerk_takes_for_a_workbook_gets_a_slip_too(desk: Desk) -> None:
    """An old xls, a PDF or an XLSX in capitals is never passed over; what is none of a clerk's is left alone."""
    path = desk.drop(A)
    path.rename(path.with_suffix(".XLSX"))
    for name in ("九月.xls", "盖章件.pdf", "thumbs.db"):
        (desk.folder / "inbox" / name).write_bytes(name.encode())
    results = {result.path.name: result for result in desk.turn()}
    assert set(results) == {"工信局2026年9月.XLSX", "九月.xls", "盖章件.pdf"}
    assert results["工信局2026年9月.XLSX"].published == 2
    assert "下发的模板" in results["九月.xls"].findings[0].message
    assert results["九月.xls"].slip.name == "九月.xls.回执.xlsx"
    assert results["盖章件.pdf"].slip.exists()
    assert desk.turn() == []


def test_a_new_name_in_the_district_sets_nothing_back(desk: Desk) -> None:
    """When bureaus or towns change, a clean workbook is not read again, and an old draft only adds what was never stated."""
    names = desk.folder / "names.toml"
    names.write_text('bureau = [{ code = "industry", name = "区工业和信息化局" }]', encoding="utf-8")
    config = desk.folder / "connector.toml"
    mapping = config.read_text(encoding="utf-8").replace("[lists]", '[departments]\nfile = "names.toml"\n[lists]')
    config.write_text(mapping, encoding="utf-8")
    desk.drop(A, [*B[:7], "建设中", *B[8:]], name="草稿2026年9月.xlsx")
    desk.turn()
    desk.drop([*A[:4], 900, None, 900, *A[7:]], B, name="正式2026年9月.xlsx")
    desk.turn()
    before = len(desk.events())
    names.write_text('bureau = [{ code = "industry", name = "区工业和信息化局" }, { code = "x", name = "区林业局" }]', encoding="utf-8")
    again = desk.turn()
    assert [(result.path.name, result.published) for result in again] == [("草稿2026年9月.xlsx", 0)]
    assert len(desk.events()) == before
    assert desk.turn() == []


def test_a_rehearsal_changes_nothing(desk: Desk) -> None:
    """A dry run says what would be published and leaves topic, ledger and folder as they are."""
    path = desk.drop(A, B)
    mapping = desk.mapping()
    assert mapping.state is not None
    publisher = Publisher(KafkaSettings(), "wuqing", "industry", mapping.state, broker=desk.broker)
    result = DropFolder(mapping, publisher).rehearse(path)
    publisher.close()
    assert (result.published, desk.events(), result.slip.exists()) == (4, [], False)
    assert len(desk.turn()) == 1


def test_a_slip_that_was_never_written_is_written_at_the_next_start(desk: Desk) -> None:
    """A process that ended between publishing and the slip leaves the file to be taken again: no event, but the slip."""
    path = desk.drop(A)
    with desk.open() as folder:
        folder.process(path)
    (result,) = desk.turn()
    assert (result.published, result.unchanged, result.slip.exists()) == (0, 2, True)
    assert len(desk.events()) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ('total_investment"\n"资金', 'total_investments"\n"资金'),
            "“总投资”列：没有字段“total_investments”，应为“total_investment”",
        ),
        (('type = "ProjectAdded"', 'type = "ProjectChanged"'), "write the first form of ProjectChanged"),
        (("bureau = ", "burau = "), "burau"),
        (('list = "equipment-projects"', 'list = "equipment"'), "list 'equipment' is none of"),
        (('month"]\n[[sheet]]', 'month"]\nwhn = ["x"]\n[[sheet]]'), "whn"),
    ],
)
def test_a_wrong_mapping_is_said_with_its_place(desk: Desk, change: tuple[str, str], words: str) -> None:
    """An unknown key, field, list or event form fails at once and names itself."""
    from click.testing import CliRunner

    from exchange_connectors.cli import connect

    path = desk.folder / "connector.toml"
    assert change[0] in CONFIG
    path.write_text(CONFIG.replace(*change), encoding="utf-8")
    outcome = CliRunner().invoke(connect, ["spec", str(path)])
    assert outcome.exit_code == 2
    assert words in outcome.output
