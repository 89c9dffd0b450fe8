"""Mistakes in a mapping are found before any workbook is: in Chinese, one a line, with the place and a proposal."""

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from exchange_connectors.cli import connect, publish
from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.soundness import problems
from exchange_connectors.excel.template import write_template
from exchange_connectors.kit.errors import ConfigError

DISTRICT = Path(__file__).parents[2] / "deploy" / "districts" / "wuqing" / "connectors"
SOUND = """
bureau = "commerce"
source = "x"
inbox = "."
[[sheet]]
name = "回收利用台账"
month = ["cell:B2"]
[sheet.columns]
"序号" = { ignore = true }
"经营主体信用代码" = "operator_uscc"
"品类" = "material"
"计量单位" = "unit"
"回收量" = "recovered"
"利用途径" = { field = "route", values = { "深加工" = "精深加工" } }
[[sheet.event]]
type = "MaterialRecovered"
key = "{operator_uscc}"
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"回收量" = "recovered"', '"回收量" = "recovered"\n"数量" = "recovered"', "“回收量”和“数量”两列都写入recovered"),
        ('"回收量" = "recovered"', '"回收量" = "recoverd"', "“回收量”列：没有字段“recoverd”，应为“recovered”"),
        ('key = "{operator_uscc}"', 'key = "{operator_usc}"', "key写的“operator_usc”没有哪一列填写，应为“operator_uscc”"),
        ('key = "{operator_uscc}"', 'key = "{operator_uscc}"\noccurred_on = "month-ends"', "occurred_on写的“month-ends”没有哪一列填写，应为“month-end”"),
        ("[[sheet.event]]", '[sheet.constants]\nroute = "深加工"\n[[sheet.event]]', "constants：route写的“深加工”不在可选值内，应为“精深加工”"),
        ('"深加工" = "精深加工"', '"深加工" = "精深"', "values把“深加工”改为“精深”，不在可选值内，应为“精深加工”"),
        ('key = "{operator_uscc}"', 'key = "{operator_uscc}"\nwhen = ["outlet"]', "条件写的“outlet”没有哪一列填写"),
    ],
)
@pytest.mark.parametrize("command", ["spec", "check"])
def test_a_mistake_is_named_with_its_place_and_a_proposal(*, command: str, old: str, new: str, words: str, tmp_path: Path) -> None:
    """Both commands say it in one line of its own and exit with 2."""
    assert old in SOUND
    path = tmp_path / "m.toml"
    path.write_text(SOUND.replace(old, new), encoding="utf-8")
    outcome = CliRunner().invoke(connect, [command, str(path)])
    assert outcome.exit_code == 2
    assert [line for line in outcome.output.splitlines() if line.startswith("工作表“回收利用台账”：") and words in line], outcome.output


def test_the_district_s_own_mappings_are_sound() -> None:
    """Nothing is said of a mapping that is right."""
    assert {path.stem: problems(load(path)) for path in DISTRICT.glob("*.toml") if problems(load(path))} == {}


def test_a_mapping_of_another_encoding_is_told_so(tmp_path: Path) -> None:
    """A byte-order mark is taken, GBK is named for what it is; a missing inbox is said by both commands."""
    path = tmp_path / "m.toml"
    path.write_text(SOUND, encoding="utf-8-sig")
    assert load(path).bureau == "commerce"
    path.write_text(SOUND.replace('inbox = "."', 'inbox = "没有"'), encoding="utf-8")
    assert "不存在" in CliRunner().invoke(connect, ["spec", str(path)]).output
    missing = CliRunner().invoke(connect, ["check", str(path)])
    assert (missing.exit_code, "不存在" in missing.output) == (2, True)
    path.write_text(SOUND, encoding="gbk")
    with pytest.raises(ConfigError, match="GBK"):
        load(path)


def test_a_template_with_a_cell_for_the_month_is_written_and_read(tmp_path: Path) -> None:
    """``month = ["cell:B2"]``: the cell stays free of the title lines, and what stands in it is the report month."""
    (tmp_path / "m.toml").write_text(SOUND, encoding="utf-8")
    mapping = load(tmp_path / "m.toml")
    path = write_template(mapping, tmp_path / "空表.xlsx", "2026-10")
    book = openpyxl.load_workbook(path)
    sheet = book["回收利用台账"]
    assert sheet["B2"].value == "2026-10"
    row = next(cells[0].row for cells in sheet.iter_rows() if cells[0].value == "序号") + 1
    for column, value in enumerate([1, "91120114MA9000501B", "废钢铁", "吨", 500, "精深加工"], 1):
        sheet.cell(row, column, value)
    book.save(path)
    (placed,) = look_at(path, mapping).statements
    assert placed.statement.facts["month"] == "2026-10"


@pytest.mark.parametrize("command", ["run", "status", "replay"])
def test_without_a_district_nothing_is_published_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """Which district it is comes from the mapping, the option or the setting; where none names it, the command says so and ends with 2."""
    monkeypatch.delenv("HUB_DISTRICT_CODE", raising=False)
    path = tmp_path / "m.toml"
    path.write_text(SOUND, encoding="utf-8")
    outcome = CliRunner().invoke(connect, [command, str(path), *(["--dry-run"] if command == "run" else [])])
    assert (outcome.exit_code, "no district is named" in outcome.output) == (2, True)
    line = tmp_path / "lines.jsonl"
    line.write_text("", encoding="utf-8")
    outcome = CliRunner().invoke(publish, ["--bureau", "commerce", str(line)])
    assert (outcome.exit_code, "HUB_DISTRICT_CODE" in outcome.output) == (2, True)
    if command != "replay":
        monkeypatch.setenv("HUB_DISTRICT_CODE", "sample")
        asked = [command, str(path), "--inbox", str(tmp_path / "inbox"), "--state", str(tmp_path / "state.sqlite"), *(["--dry-run"] if command == "run" else [])]
        assert CliRunner().invoke(connect, asked).exit_code == 0
