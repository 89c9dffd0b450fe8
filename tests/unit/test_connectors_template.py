"""The blank workbook: what a clerk fills into it, the same connector reads."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from exchange_connectors.cli import connect
from exchange_connectors.excel import Mapping, load, look_at
from exchange_connectors.excel.reading import read
from exchange_connectors.excel.rows import read_rows
from exchange_connectors.excel.table import Table, locate
from exchange_connectors.excel.template import write_template
from exchange_connectors.excel.workbook import Merge
from exchange_connectors.kit.errors import ConfigError

DISTRICT = Path(__file__).parents[2] / "deploy/districts/wuqing"
CONNECTORS = sorted((DISTRICT / "connectors").glob("*.toml"))
MONTH = "2026-09"


def tables(path: Path, mapping: Mapping) -> dict[str, Table]:
    """The workbook's sheets that the mapping covers, located."""
    pairs = ((sheet, mapped) for sheet in read(path.name, path.read_bytes()).sheets for mapped in mapping.sheet if mapped.covers(sheet.name))
    return {sheet.name: locate(sheet, mapped, mapping, path.name) for sheet, mapped in pairs}


def copied(source: Path, blank: Path, filled: Path, mapping: Mapping) -> None:
    """Copy what a sample workbook says, heading by heading, into a blank one."""
    book = openpyxl.load_workbook(blank)
    theirs, ours = tables(source, mapping), tables(blank, mapping)
    for name, table in theirs.items():
        blanks = {bound.header: bound for bound in ours[name].columns}
        held = {(m.top, m.left): m for m in table.sheet.merges if m.bottom > m.top >= table.first_row}
        for at, row in enumerate(read_rows(table), ours[name].first_row):
            for bound in table.columns:
                place = next((key for key, m in held.items() if within(m, row.number, bound.column)), (row.number, bound.column))
                value = table.sheet.cell(*place)
                theirs_in, ours_in = bound.reads.unit, blanks[bound.header].reads.unit
                if theirs_in is not None and ours_in is not None and isinstance(value, float | int):
                    value = float(Decimal(repr(value)) * theirs_in.factor / ours_in.factor)
                book[name].cell(at, blanks[bound.header].column, value)
            if row.kind != "detail":
                book[name].cell(at, 1, "合计")
    book.save(filled)


def within(merge: Merge, row: int, column: int) -> bool:
    """Whether a merged range covers a place."""
    return merge.top <= row <= merge.bottom and merge.left <= column <= merge.right


def stated(path: Path, mapping: Mapping) -> set[tuple[str, str, str]]:
    """What a workbook states, without where it stands."""
    said = (each.statement for each in look_at(path, mapping).statements)
    return {
        (s.type, s.entity_key, repr(sorted((k, v) for k, v in s.facts.items() if k not in ("origin", "evidence"))))
        for s in said
    }


@pytest.mark.parametrize("config", CONNECTORS, ids=lambda path: path.stem)
def test_a_filled_template_says_what_the_bureau_s_own_workbook_says(
    config: Path, sample_workbooks: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """Every heading of a template is bound with its unit, and a copy filled in gives the statements of the sample."""
    mapping = load(config)
    blank = write_template(mapping, tmp_path / "空白.xlsx", MONTH)
    for name, table in tables(blank, mapping).items():
        assert [f.message for f in table.findings] == [], name
        wanted = {text for text, column in table.mapped.columns.items() if column.carried}
        assert wanted <= {bound.header for bound in table.columns}, name
    seen = look_at(blank, mapping)
    assert {f.no for f in seen.findings} <= {50}
    assert not [each for account in seen.accounts for each in account.sums], "a column without amounts sums to nothing"
    filled = tmp_path / "报送表（2026年9月）.xlsx"
    for source in sorted((sample_workbooks[0] / MONTH / config.stem).glob("*.xlsx")):
        copied(source, blank, filled, mapping)
        wanted = stated(source, mapping)
        assert stated(filled, mapping) == wanted, source.name


def test_long_numbers_are_text_and_codes_are_offered(tmp_path: Path) -> None:
    """Columns of credit codes are text before anybody types, codes come from a drop-down, must-haves are coloured."""
    mapping = load(DISTRICT / "connectors/industry.toml")
    book = openpyxl.load_workbook(write_template(mapping, tmp_path / "t.xlsx"))
    sheet = book["设备更新项目清单"]
    heads = {str(c.value).split("（")[0]: c for row in sheet.iter_rows(min_row=4, max_row=5) for c in row if c.value}
    assert sheet.column_dimensions[heads["统一社会信用代码"].column_letter].number_format == "@"
    assert heads["总投资"].value == "总投资（万元）"
    offered = {str(dv.sqref).split(":")[0]: dv.formula1 for dv in sheet.data_validations.dataValidation}
    choices = book["可选值"][offered[f"{heads['建设状态'].column_letter}6"].replace("$", "").split("!")[1]]
    assert [row[0].value for row in choices] == ["谋划", "储备", "未开工", "在建", "竣工", "投产"]
    assert heads["项目名称"].fill.fgColor.rgb == "00FFF2CC" != heads["设备投资"].fill.fgColor.rgb
    assert "与“内部编号”至少填一项" in [row[2].value for row in book["填报说明"].iter_rows() if row[1].value == "项目代码"]


def test_a_clerk_is_offered_names_and_told_what_a_column_is_for(tmp_path: Path) -> None:
    """Towns are offered by name, in their order; own numbers, tokens and what withdraws are explained; single purchases are asked in yuan; headings are printed on every page."""
    book = openpyxl.load_workbook(write_template(load(DISTRICT / "connectors/commerce.toml"), tmp_path / "c.xlsx"))
    guide = {(row[0].value, row[1].value): str(row[3].value) for row in book["填报说明"].iter_rows() if row[1].value}
    assert guide["报废淘汰台账", "镇街园区"].startswith("从下拉选项中选一项：杨村街道、下朱庄街道、")
    assert not re.search("[a-z]{4}", "".join(said for (_, column), said in guide.items() if "镇街园区" in column))
    assert guide["家电以旧换新明细", "购买人令牌"].startswith("令牌服务生成的编号")
    assert guide["任务进展", "任务编号"] == "工作方案的任务编号，如3、保障2、要求1"
    assert guide["回收网点清单", "撤销/是否撤销"] == "是或留空；填“是”的须填“原因”"
    assert guide["回收网点清单", "撤销/原因"] == "撤销时填写原因；填了即为撤销"
    assert guide["家电以旧换新明细", "补贴金额"] == guide["补贴审核明细", "补贴金额/合计"] == "金额，单位元，只填数字"
    assert guide["以旧换新汇总", "补贴金额"] == "金额，单位万元，只填数字"
    sheet = book["补贴审核明细"]
    assert sheet.print_title_rows == "$1:$5"
    assert sheet.oddFooter.center.text == "第 &P 页　共 &N 页"


def test_a_town_s_workbook_bears_its_name(tmp_path: Path) -> None:
    """A town that runs the shared mapping is called by its name, as a bureau is, never by its code."""
    for name, mapping in (("杨村街道", load(DISTRICT / "connectors/shared/towns.toml", "yangcun")), ("区水务局", load(DISTRICT / "connectors/water.toml"))):
        book = openpyxl.load_workbook(write_template(mapping, tmp_path / f"{name}.xlsx"))
        assert book["填报说明"]["A1"].value == f"{name}报送表填报说明"
        assert f"填报单位：{name}" in [cell.value for cell in book["任务进展"]["A"]]


def test_the_command_names_the_file_and_overwrites_nothing(tmp_path: Path) -> None:
    """`connect template` writes a file named after bureau and month, and refuses one that exists or an impossible month."""
    config = str(DISTRICT / "connectors/water.toml")
    with CliRunner().isolated_filesystem(tmp_path):
        first = CliRunner().invoke(connect, ["template", config, "--month", "2026-10"])
        assert (first.exit_code, "区水务局报送表（2026年10月）.xlsx" in first.output) == (0, True), first.output
        assert CliRunner().invoke(connect, ["template", config, "--month", "2026-10"]).exit_code == 1
        assert CliRunner().invoke(connect, ["template", config, "--month", "2026-13"]).exit_code == 2


def test_a_match_without_a_fitting_title_has_no_template(tmp_path: Path) -> None:
    """A sheet known by a pattern alone needs a title that the pattern takes."""
    mapping = load(DISTRICT / "connectors/water.toml")
    sheet: Any = mapping.sheet[0].model_copy(update={"name": None, "match": "[ab]+", "title": None})
    with pytest.raises(ConfigError, match="needs a title"):
        write_template(mapping.model_copy(update={"sheet": (sheet,)}), tmp_path / "t.xlsx")
