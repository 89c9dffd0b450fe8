"""The list of workbook errors, number by number: a real workbook with one thing wrong, and what the clerk reads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from exchange_connectors.excel import Finding, Inspection, Mapping, load, look_at
from exchange_connectors.excel.checks import NoMemory
from exchange_connectors.kit.ledger import Entry, Slot, content, digest_of

CONFIG = """
bureau = "industry"
source = "industry-workbooks"
inbox = "."
unit = "万元"
[departments]
"区商务局" = "commerce"
[known]
town = "towns.toml"
recycler_uscc = "recyclers.toml"
[[sheet]]
match = "项目.*"
title = "设备更新项目清单"
list = "equipment-projects"
submit_total = "total_investment"
[sheet.columns]
"序号" = { ignore = true }
"项目代码" = "project_code"
"内部编号" = "internal_no"
"项目名称" = "name"
"项目单位" = "owner_name"
"统一社会信用代码" = "owner_uscc"
"领域" = "domain"
"镇街" = "town"
"总投资" = "total_investment"
"设备投资" = { field = "equipment_investment" }
"国债" = "funding.超长期特别国债"
"自筹" = "funding.企业自筹"
"2026年" = "planned_by_year.2026"
"2027年" = "planned_by_year.2027"
"更新台套" = "units_planned"
"计划开工" = "starts_on_planned"
"计划竣工" = "ends_on_planned"
"实际竣工" = "ends_on_actual"
"建设状态" = "build_state"
"批复文号" = "approval_no"
"本月" = "invested_this_month"
"自年初" = "invested_year_to_date"
"自开工" = "invested_since_start"
"核减原因" = "$reason"
"单位" = "$unit"
"备注" = "$remark"
[sheet.constants]
list = "设备更新"
construction_nature = "改建和技术改造"
[[sheet.event]]
type = "ProjectAdded"
key = "{project_code|internal_no}"
[[sheet.event]]
type = "ProjectProgressReported"
key = "{project_code|internal_no}"
when = ["invested_this_month"]
[[sheet]]
name = "报废"
list = "scrappage"
[sheet.columns]
"类别" = "category"
"识别种类" = "identifier_kind"
"识别号" = "identifier"
"证明编号" = "certificate_no"
"拆解企业" = "recycler_uscc"
"环节" = "step"
"日期" = "on"
[[sheet.event]]
type = "EquipmentScrapped"
key = "{category}:{identifier}"
occurred_on = "on"
[[sheet]]
name = "收文"
[sheet.columns]
"文号" = "document_no"
"成文" = "issued_on"
"收文" = "received_on"
"占比" = { field = "share", kind = "percent" }
[sheet.constants]
title = "通知"
issuer = "市发展改革委"
level = "市"
[[sheet.event]]
type = "DocumentReceived"
key = "{document_no}"
occurred_on = "received_on"
[[sheet]]
name = "零报告"
kind = "nil"
[sheet.columns]
"清单名称" = "list"
[[sheet]]
name = "确认"
kind = "submission"
[sheet.columns]
"清单名称" = "list"
"报送行数" = "rows"
"合计金额" = { field = "total", unit = "万元" }
"签发" = "sign.签发"
"""

GOOD: dict[str, Any] = {
    "项目代码": "2509-120114-89-01-544060",
    "内部编号": "GX-001",
    "项目名称": "冲压线改造",
    "项目单位": "天津甲公司",
    "统一社会信用代码": None,
    "领域": "工业",
    "镇街": "下朱庄街道",
    "总投资": 3200,
    "设备投资": 1200,
    "国债": 1000,
    "自筹": 2200,
    "2026年": 1200,
    "2027年": 2000,
    "更新台套": 3,
    "计划开工": date(2026, 3, 1),
    "计划竣工": date(2027, 12, 31),
    "实际竣工": None,
    "建设状态": "在建",
    "批复文号": "津发改〔2025〕12号",
    "本月": 100,
    "自年初": 560,
    "自开工": 560,
    "核减原因": None,
    "单位": "万元",
    "备注": None,
}
OTHER = GOOD | {"项目代码": "2509-120114-89-01-544061", "内部编号": "GX-002", "项目名称": "焊接更新"}
SCRAPPED = {
    "类别": "营运货车", "识别种类": "车架号", "识别号": "LSVAA4187E2184841", "证明编号": "Z-1",
    "拆解企业": None, "环节": "交售回收", "日期": date(2026, 9, 10),
}  # fmt: skip
DOCUMENT = {"文号": "津政办发〔2026〕5号", "成文": date(2026, 9, 1), "收文": date(2026, 9, 3), "占比": None}


@dataclass
class Book:
    """A workbook under construction: sheets of rows, and what is done to the finished one."""

    projects: list[dict[str, Any]] = field(default_factory=lambda: [GOOD])
    scrapped: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    nil: list[str] = field(default_factory=list)
    confirm: list[list[Any]] = field(default_factory=list)
    month: str = "2026年9月"
    file: str = "工信2026年9月.xlsx"
    totals: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    touch: Callable[[Worksheet], None] = lambda _: None
    memory: Any = None

    def build(self, folder: Path) -> Path:
        """Write the workbook."""
        book = Workbook()
        sheet = book.active
        sheet.title = "项目"
        self._fill(sheet, f"设备更新项目清单（{self.month}）", ["序号", *GOOD], self.projects)
        self.touch(sheet)
        for name, title, rows in (("报废", SCRAPPED, self.scrapped), ("收文", DOCUMENT, self.documents)):
            if rows:
                self._fill(book.create_sheet(name), f"{name}（{self.month}）", list(title), rows)
        if self.nil:
            self._fill(
                book.create_sheet("零报告"),
                f"零报告（{self.month}）",
                ["清单名称"],
                [{"清单名称": n} for n in self.nil],
            )
        if self.confirm:
            head = ["清单名称", "报送行数", "合计金额", "签发"]
            rows = [dict(zip(head, row, strict=True)) for row in self.confirm]
            self._fill(book.create_sheet("确认"), f"确认（{self.month}）", head, rows)
        path = folder / self.file
        book.save(path)
        return path

    def _fill(self, sheet: Worksheet, title: str, head: list[str], rows: list[dict[str, Any]]) -> None:
        """Title in row 1, header in row 2, details from row 3, totals where asked."""
        sheet.append([title])
        sheet.append(head)
        for number, row in enumerate(rows, 1):
            sheet.append([row.get(name, number if name == "序号" else None) for name in head])
        for before, label, values in self.totals if sheet.title == "项目" else ():
            sheet.insert_rows(before)
            sheet.cell(before, 1, label)
            for name, value in values.items():
                sheet.cell(before, head.index(name) + 1, value)


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    """The connector of this file."""
    (tmp_path / "towns.toml").write_text('[[town]]\nname = "下朱庄街道"\n', encoding="utf-8")
    (tmp_path / "recyclers.toml").write_text('uscc = ["91120222MA05WXYZ1A"]\n', encoding="utf-8")
    (tmp_path / "connector.toml").write_text(CONFIG, encoding="utf-8")
    return load(tmp_path / "connector.toml")


class Remembered(NoMemory):
    """A ledger that remembers what a test says: last month's progress, a project, a name."""

    def __init__(
        self, progress: dict[str, str] | None = None, project: dict[str, Any] | None = None, **memos: str
    ) -> None:
        self._facts = {
            Slot("project:progress", "2026-08", "2509-120114-89-01-544060"): progress,
            Slot("project:project", "", "2509-120114-89-01-544060"): project,
            Slot("scrappage:scrapped", "交售回收", "营运货车:LSVAA4187E2184841"): memos.pop("delivered", None),
        }
        self._memos = memos

    def entry(self, slot: Slot) -> Entry | None:
        """Return what the test said of the slot."""
        facts = self._facts.get(slot)
        if facts is None:
            return None
        body = content("ProjectAdded", facts if isinstance(facts, dict) else {"on": facts})
        return Entry(slot, 1, digest_of(body), "ProjectAdded", date(2026, 8, 31), body)

    def memo(self, kind: str, key: str) -> str | None:
        """Return the name the test said."""
        return self._memos.get(key)


def projects(**changes: Any) -> Book:
    """A workbook of one project that differs from a good one."""
    return Book(projects=[GOOD | changes])


def scrapped(**changes: Any) -> Book:
    """A workbook of one good project and one scrapped vehicle."""
    return Book(scrapped=[SCRAPPED | changes])


def cell(place: str, value: Any, **more: Any) -> Callable[[Worksheet], None]:
    """Put a value into a cell of the finished sheet."""

    def touch(sheet: Worksheet) -> None:
        sheet[place] = value
        for name, each in more.items():
            setattr(sheet[place], name, each)

    return touch


def hide(*rows: int) -> Callable[[Worksheet], None]:
    """Hide rows of the finished sheet."""

    def touch(sheet: Worksheet) -> None:
        for row in rows:
            sheet.row_dimensions[row].hidden = True

    return touch


USCC = "91120114MA06ABCD17"
"""Well-shaped; whether its check character agrees does not matter where another finding is looked for."""

CASES: list[tuple[int, str, str, Book]] = [
    (1, "退", "号码末3位已被表格软件改为0，无法还原，请设为文本后重录", projects(内部编号=120114198801010000)),
    (2, "退", "长号码成了科学计数，请设为文本后重录", projects(内部编号="1.2E+17")),
    (3, "退", "请删除个人信息", projects(备注="联系人13800138000")),
    (3, "退", "请删除个人信息", projects(项目名称="张某11010519491231002X")),
    (4, "退", "统一社会信用代码应为18位，现为17位，请对照执照", projects(统一社会信用代码=USCC[:17])),
    (5, "退", "代码不使用字母O、I，请核对是否为数字0、1", projects(统一社会信用代码="91120114MAO6ABCD17")),
    (6, "核", "末位校验不符，请对照执照核对", projects(统一社会信用代码="91120114MA06ABCD1X")),
    (7, "核", "此前该代码对应“天津丙公司”，请确认", Book([GOOD | {"统一社会信用代码": USCC}], memory=Remembered(**{USCC: "天津丙公司"}))),
    (8, "知", "已补横线", projects(项目代码="25091201148901544060")),
    (9, "退", "与第3行项目代码重复，请合并或更正", Book([GOOD, GOOD | {"项目名称": "另一个"}])),
    (10, "退", "请至少填写项目代码、内部编号其一", projects(项目代码=None, 内部编号=None)),
    (11, "核", "代码相同、名称不同（原“旧名”），请确认是否更名", Book(memory=Remembered(project={"name": "旧名"}))),
    (12, "退", "折合3500亿元，疑按“元”填写", projects(总投资=35_000_000)),
    (14, "退", "“约300万”：请只填数字，如300", projects(总投资="约300万")),
    (15, "知", "“３，２００”已转为3200", projects(总投资="３，２００")),
    (16, "核", "无发生请填0；暂缺请留空并说明", projects(更新台套="—")),
    (17, "退", "设备投资不应超过总投资", projects(设备投资=3201)),
    (18, "退", "资金来源合计与总投资相差20万元，请核对", projects(自筹=2180)),
    (19, "核", "分年合计与总投资相差200万元，差额请说明", projects(**{"2027年": 1800})),
    (20, "退", "上月累计加本月应为600，现填560", Book(memory=Remembered(progress={"invested_since_start": Decimal(5_000_000)}))),
    (21, "核", "累计小于上月（上月800），请填写核减原因", Book(memory=Remembered(progress={"invested_since_start": Decimal(8_000_000)}))),
    (22, "核", "累计大于总投资，是否已调整概算？请填批复文号", projects(自开工=3300)),
    (23, "退", "1月的本月数与自年初数应相等", Book([GOOD], month="2026年1月", file="a.xlsx")),
    (24, "退", "与明细之和相差80万元，请核对", Book(totals=[(3, "合  计", {"总投资": 3280})])),
    (25, "知", "识别为小计，未入库", Book([GOOD, OTHER], totals=[(4, "小计", {"总投资": 3200})])),
    (27, "退", "2月30日：日期不存在", projects(计划开工="2026年2月30日")),
    (28, "退", "请填写年月日，如2026-10-15", projects(计划竣工="年底前")),
    (29, "退", "竣工早于开工，请核对两个日期", projects(计划竣工=date(2026, 2, 1))),
    (30, "退", "建设状态“未开工”与已完成投资矛盾", projects(建设状态="未开工")),
    (31, "退", "请补填实际竣工日期", projects(建设状态="竣工")),
    (32, "退", "“在建中”：请选择“在建”", projects(建设状态="在建中")),
    (33, "退", "“工业/能源”：只选主要领域", projects(领域="工业/能源")),
    (34, "核", "是否为“下朱庄街道”？", projects(镇街="下朱庄")),
    (35, "退", "报送期不一致：表头2026-08、文件名2026-09", Book(month="2026年8月")),
    (36, "退", "缺“设备投资”列，请下载新表", Book(touch=cell("J2", None))),
    (37, "核", "合并单元格已按首行沿用，请确认", Book([GOOD, OTHER], touch=lambda s: s.merge_cells("E3:E4"))),
    (38, "核", "发现1行隐藏行，是否报送？", Book([GOOD, OTHER], touch=hide(4))),
    (39, "退", "公式失效（#REF!），请填数值", Book(touch=cell("J3", "#REF!", data_type="e"))),
    (39, "退", "公式失效（#REF!），请填数值", Book(touch=cell("J3", "=#REF!+1"))),
    (40, "退", "引用其他文件而没有存下结果，请粘贴为数值", Book(touch=cell("F3", "=[1]Sheet1!A1"))),
    (41, "退", "请分行填写", projects(更新台套="CT2台、DR1台")),
    (42, "知", "已识别为3", projects(更新台套="3台(套)")),
    (43, "退", "台数应为整数", projects(更新台套="2.5台")),
    (44, "退", "与第3行完全相同", Book([GOOD, GOOD])),
    (45, "退", "车架号应为17位，不含I、O、Q", scrapped(识别号="LSVAA4187O2184841")),
    (46, "核", "注销早于回收，请核对凭证日期", Book(scrapped=[SCRAPPED, SCRAPPED | {"环节": "注销登记", "日期": date(2026, 9, 1)}])),
    (46, "核", "注销早于回收，请核对凭证日期", Book(scrapped=[SCRAPPED | {"环节": "注销登记"}], memory=Remembered(delivered="2026-09-20"))),
    (47, "知", "已规范为〔〕", projects(批复文号="津发改[2025]12号")),
    (48, "退", "收文早于成文，请核对收文登记", Book(documents=[DOCUMENT | {"收文": date(2026, 8, 1)}])),
    (49, "退", "零报告又有数据，二者选一", Book(nil=["设备更新项目清单"])),
    (50, "退", "空表：如无发生请报零报告", Book(projects=[])),
    (52, "退", "签发合计3100万元，电子表3200万元，请以签发件为准更正", Book(confirm=[["设备更新项目清单", 1, 3100, "王"]])),
    (52, "退", "签发2行，电子表1行，请以签发件为准更正", Book(confirm=[["设备更新项目清单", 2, 3200, "王"]])),
    (54, "退", "早于1990年或晚于2035年，请核对日期", projects(计划竣工=date(2088, 1, 1))),
    (55, "退", "负数请填写核减原因", projects(本月=-100)),
    (56, "核", "按35%理解，请确认", Book(documents=[DOCUMENT | {"占比": 0.35}])),
    (57, "退", "单位列写元，表头为万元，请统一计量单位", projects(单位="元")),
    (58, "知", "已清理文本前后空格、换行", projects(项目名称=" 冲压线改造\n")),
    (59, "核", "不在名录，请核对企业名称和代码", scrapped(拆解企业="91120114MA06ABCD1X")),
    (60, "退", "与第3行凭证编号重复", Book(scrapped=[SCRAPPED, SCRAPPED | {"识别号": "LSVAA4187E2184842"}])),
]  # fmt: skip


def look(book: Book, mapping: Mapping, folder: Path) -> Inspection:
    """Write and inspect the workbook."""
    return look_at(book.build(folder), mapping, book.memory)


@pytest.mark.parametrize(("no", "level", "words", "book"), CASES, ids=[f"{c[0]}-{c[2][:12]}" for c in CASES])
def test_each_error_is_found_at_its_level(
    *, no: int, level: str, words: str, book: Book, mapping: Mapping, tmp_path: Path
) -> None:
    """A workbook with one thing wrong gives that finding, at its level, in words a clerk can act on; no other is 退."""
    findings = look(book, mapping, tmp_path).findings
    found = [f for f in findings if f.no == no]
    assert [(str(f.level), words in f.message) for f in found[:1]] == [(level, True)], findings
    assert not [f for f in findings if f.level == "退" and f.no != no], findings


def test_a_good_workbook_is_taken_without_a_word(mapping: Mapping, tmp_path: Path) -> None:
    """A good row gives its project and its progress, and no finding."""
    seen = look(Book([GOOD, OTHER]), mapping, tmp_path)
    assert seen.findings == []
    assert [(s.statement.type, s.row) for s in seen.statements] == [
        ("ProjectAdded", 3), ("ProjectProgressReported", 3), ("ProjectAdded", 4), ("ProjectProgressReported", 4)
    ]  # fmt: skip


def test_a_returned_row_leaves_the_others(mapping: Mapping, tmp_path: Path) -> None:
    """Only the row with a 退 goes back; nothing of it is stated."""
    seen = look(Book([GOOD | {"建设状态": "竣工"}, OTHER]), mapping, tmp_path)
    assert (seen.rows, seen.returned) == (2, 1)
    assert {s.row for s in seen.statements} == {4}


def test_a_sheet_of_another_month_states_nothing(mapping: Mapping, tmp_path: Path) -> None:
    """Where title and file name disagree on the month, no row of the sheet is taken."""
    assert look(Book(month="2026年8月"), mapping, tmp_path).statements == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("加密.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "加密"),
        ("扫描.xlsx", b"%PDF-1.7 ...", "PDF"),
        ("空.xlsx", b"", "文件为空"),
        ("坏.xlsx", b"PK\x03\x04" + bytes(100), "损坏"),
    ],
)
def test_what_is_no_workbook_is_returned_whole(
    name: str, content: bytes, words: str, mapping: Mapping, tmp_path: Path
) -> None:
    """Encrypted files, PDF, empty and damaged ones: one finding no. 51 that says what to do (51)."""
    path = tmp_path / name
    path.write_bytes(content)
    seen = look_at(path, mapping)
    assert [(f.no, str(f.level)) for f in seen.findings] == [(51, "退")]
    assert words in seen.findings[0].message


def test_a_project_on_two_sheets_is_asked_about(mapping: Mapping, tmp_path: Path) -> None:
    """The same project on two sheets with the same content is taken once and asked about (53)."""
    path = Book().build(tmp_path)
    book = openpyxl.load_workbook(path)
    book.copy_worksheet(book["项目"]).title = "项目二"
    book.save(path)
    seen = look_at(path, mapping)
    assert [(f.no, str(f.level), f.message) for f in seen.findings] == [(53, "核", "与“项目”第3行为同一项目，请确认")]
    assert len(seen.statements) == 2


def test_messages_repeat_no_personal_number(mapping: Mapping, tmp_path: Path) -> None:
    """What is said of a row with a personal number does not hold the number."""
    seen = look(projects(项目名称="张某11010519491231002X", 备注="手机13800138000"), mapping, tmp_path)
    assert seen.statements == []
    assert not [f for f in seen.findings if "138001" in f.message or "110105" in f.message]


def test_an_amount_in_hundred_millions_is_doubted_too(mapping: Mapping, tmp_path: Path) -> None:
    """3200 in a column of 亿元 was meant in 万元 (13)."""

    def touch(sheet: Worksheet) -> None:
        column = ["序号", *GOOD].index("总投资") + 1
        sheet.cell(2, column, "总投资（亿元）")

    seen = look(Book(touch=touch), mapping, tmp_path)
    assert [(f.no, f.message) for f in seen.findings if f.level == "退"] == [(13, "折合3200亿元，疑按“万元”填写")]


def test_a_month_column_refuses_what_may_be_january_or_october(tmp_path: Path) -> None:
    """2025.1 in a month column is returned (26)."""
    (tmp_path / "m.toml").write_text(
        """bureau = "industry"\nsource = "x"\ninbox = "."\n[[sheet]]\nname = "任务"\nmonth = ["column"]\n
        [sheet.columns]\n"任务" = "task_no"\n"月份" = "month"\n"进展" = "text"\n
        [[sheet.event]]\ntype = "TaskProgressReported"\nkey = "{task_no}"\n""",
        encoding="utf-8",
    )
    book = Workbook()
    book.active.title = "任务"
    for row in (["任务", "月份", "进展"], ["1", 2025.1, "推进"], ["2", "2025-10", "推进"]):
        book.active.append(row)
    book.save(tmp_path / "任务.xlsx")
    seen = look_at(tmp_path / "任务.xlsx", load(tmp_path / "m.toml"))
    assert [(f.no, f.cell) for f in seen.findings] == [(26, "B2")]
    assert [s.statement.facts["month"] for s in seen.statements] == ["2025-10"]


def test_every_number_of_the_list_is_covered() -> None:
    """Each of the 60 numbers is held by a case here or by a test that names it."""
    named_elsewhere = {13, 26, 51, 53}
    assert {case[0] for case in CASES} | named_elsewhere == set(range(1, 61))


def test_findings_name_their_cell() -> None:
    """A place is written as the spreadsheet writes it."""
    assert Finding(1, "退", "", "表", 12, 28).cell == "AB12"  # type: ignore[arg-type]


def test_a_formula_that_was_never_computed_is_no_empty_cell(mapping: Mapping, tmp_path: Path) -> None:
    """A program that writes formulas without their results gets the row back, instead of an empty amount being taken."""
    seen = look(Book(projects=[GOOD | {"设备投资": "=1+1"}]), mapping, tmp_path)
    assert [(f.no, f.message) for f in seen.findings if f.level == "退"] == [(39, "公式没有算出结果，请填数值")]


def test_a_renamed_sheet_is_told_its_name_and_a_template_s_own_sheets_are_left_alone(mapping: Mapping, tmp_path: Path) -> None:
    """A sheet that was not read is said to be unread, with the name that it probably should have; 填报说明 and 回执 are not."""

    def rename(sheet: Worksheet) -> None:
        for name in ("零报告表", "填报说明", "可选值", "回执"):
            sheet.parent.create_sheet(name)["A1"] = "填了字"

    findings = look(Book(touch=rename), mapping, tmp_path).findings
    assert [(f.sheet, f.message) for f in findings] == [("零报告表", "工作表不在模板内，未读取；如是“零报告”，请改回原名后重报")]
