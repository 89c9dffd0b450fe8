"""The list of lifts as housing keeps it, mapped by the guide alone: joined columns, sources with codes, units in a line of their own."""

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from exchange_connectors.cli import connect
from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.template import write_template

MAPPING = """
bureau = "housing"
source = "housing-workbooks"
inbox = "."
[[sheet]]
name = "老旧电梯更新台账"
list = "equipment-projects"
month = ["cell:L2"]
merge_down = ["name", "internal_no"]
[sheet.columns]
"序号" = { ignore = true }
"项目名称" = { field = "name", join = ["小区", "楼栋门"] }
"项目编号" = { field = "internal_no", join = ["小区", "楼栋门"], between = "-" }
"产权单位" = "owner_name"
"更新台数" = "units_planned"
"总投资" = "total_investment"
"资金来源/超长期特别国债" = "funding.超长期特别国债"
"资金来源/维修资金" = "funding.维修资金"
"资金来源/业主自筹" = "funding.业主自筹"
"进度" = "build_state"
"备注" = "$remark"
[sheet.constants]
list = "设备更新"
domain = "建筑"
construction_nature = "单纯购置"
[[sheet.event]]
type = "ProjectAdded"
key = "{internal_no}"
"""
HEADINGS = ["序号", "小区", "楼栋门", "产权单位", "更新台数", "总投资", "资金来源", None, None, "进度", "备注", None]
SOURCES = [None] * 6 + ["超长期特别国债", "维修资金", "业主自筹"]
UNITS = [None] * 4 + ["部", "万元", "万元", "万元", "万元"]
ROWS = [
    [1, "泉州里", "3号楼2门", "泉州里业委会", 2, 60, 30, 20, 10, "在建"],
    [2, None, "5号楼1门", "泉州里业委会", 1, 30, 15, 9, 6, "储备"],
    [3, "雍阳里", "1号楼", "雍阳里业委会", 3, 90.5, 45, 45.5, None, "竣工"],
]


def workbook(folder: Path, *, units: str = "below") -> Path:
    """Write the list: units in a line below the headings, in the merged heading, or none for the whole."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "老旧电梯更新台账"
    sheet.append(["武清区老旧住宅电梯更新台账"])
    sheet.append([None] * 11 + ["统计截至：2026年10月31日"])
    headings = [f"{text}（万元）" if units == "above" and text in ("总投资", "资金来源") else text for text in HEADINGS]
    sheet.append(headings)
    sheet.append(SOURCES)
    if units == "below":
        sheet.append(UNITS)
    for merged in ("A1:L1", "G3:I3", *(f"{column}3:{column}4" for column in "ABCDEFJK")):
        sheet.merge_cells(merged)
    first = sheet.max_row + 1
    for row in ROWS:
        sheet.append(row)
    sheet.merge_cells(start_row=first, end_row=first + 1, start_column=2, end_column=2)
    sheet.append(["合计", None, None, None, 6, 180.5, 90, 74.5, 16])
    path = folder / "电梯更新.xlsx"
    book.save(path)
    return path


def looked_at(folder: Path, mapping: str = MAPPING, **how: str) -> Inspection:
    """Look at the list by a mapping."""
    (folder / "m.toml").write_text(mapping, encoding="utf-8")
    return look_at(workbook(folder, **how), load(folder / "m.toml"))


@pytest.mark.parametrize("units", ["below", "above"])
def test_the_list_of_lifts_is_understood(tmp_path: Path, units: str) -> None:
    """Name and number are joined of two columns, the merged one carried down; every source has its code, every amount its unit."""
    seen = looked_at(tmp_path, units=units)
    assert seen.findings == []
    facts = {each.statement.entity_key: each.statement.facts for each in seen.statements}
    assert list(facts) == ["泉州里-3号楼2门", "泉州里-5号楼1门", "雍阳里-1号楼"]
    assert [each["name"] for each in facts.values()] == ["泉州里3号楼2门", "泉州里5号楼1门", "雍阳里1号楼"]
    assert facts["泉州里-3号楼2门"]["funding"] == {"超长期特别国债": Decimal(300_000), "维修资金": Decimal(200_000), "业主自筹": Decimal(100_000)}
    assert (facts["雍阳里-1号楼"]["total_investment"], facts["雍阳里-1号楼"]["units_planned"]) == (Decimal(905_000), 3)
    assert {str(each["occurred_on"]) for each in facts.values()} == {"2026-10-31"}


def test_without_a_unit_the_list_goes_back(tmp_path: Path) -> None:
    """A unit is never guessed, under a merged heading neither."""
    seen = looked_at(tmp_path, units="none")
    assert seen.statements == []
    assert any("没有写明计量单位" in finding.message for finding in seen.findings)


def test_a_missing_part_of_a_joined_field_is_named(tmp_path: Path) -> None:
    """The heading that is not there is named, not the field."""
    seen = looked_at(tmp_path, MAPPING.replace('"name", join = ["小区", "楼栋门"]', '"name", join = ["小区", "门牌"]'))
    assert [finding.message for finding in seen.findings] == ["缺“门牌”列，请下载新表"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('join = ["小区", "楼栋门"] }', 'join = ["小区"] }', "“项目名称”列：join把两列以上的文字连成一项"),
        ('"产权单位" = "owner_name"', '"产权单位" = { field = "owner_name", between = "-" }', "“产权单位”列：between只与join同用"),
        ('"总投资" = "total_investment"', '"总投资" = { field = "total_investment", join = ["小区", "楼栋门"] }', "total_investment要的是money"),
        ('"funding.业主自筹"', '"funding.业主自愁"', "“业主自愁”不在可选值内"),
        ('"name", join', '"name", jion', "没有“jion”这一项，应为“join”？"),
    ],
)
def test_mistakes_of_joining_are_named_in_chinese(tmp_path: Path, old: str, new: str, words: str) -> None:
    """`check` says place and proposal and ends with 2."""
    assert old in MAPPING
    (tmp_path / "m.toml").write_text(MAPPING.replace(old, new, 1), encoding="utf-8")
    outcome = CliRunner().invoke(connect, ["check", str(tmp_path / "m.toml")])
    assert (outcome.exit_code, words in outcome.output) == (2, True), outcome.output


def test_a_template_has_the_columns_that_are_joined(tmp_path: Path) -> None:
    """A clerk fills in 小区 and 楼栋门, each once, not what they are joined into."""
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    write_template(load(tmp_path / "m.toml"), tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["老旧电梯更新台账"]
    texts = [str(cell.value).partition("（")[0] for row in sheet.iter_rows(max_row=6) for cell in row if cell.value]
    assert (texts.count("小区"), texts.count("楼栋门"), texts.count("项目名称")) == (1, 1, 0)
