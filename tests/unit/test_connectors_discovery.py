"""A mapping proposed for a workbook: nothing is guessed, a check names what is open, and after few edits it reads the workbook."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from exchange_connectors.cli import connect
from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.discovery import OPEN
from tests.unit.test_connectors_dropfolder import A, C, Desk
from tests.unit.test_connectors_joined_columns import workbook
from tests.unit.test_connectors_returns import spoil

ROOT = Path(__file__).parents[2]
WORKBOOKS = ROOT / "tests" / "workbooks"
CONNECTORS = ROOT / "deploy/districts/wuqing/connectors"


def run(*arguments: object) -> tuple[int, str]:
    """Run a connector's command without Kafka."""
    outcome = CliRunner().invoke(connect, [str(each) for each in arguments])
    return outcome.exit_code, outcome.output


def proposed(file: Path, folder: Path) -> Path:
    """Propose a mapping for a file and put it beside."""
    code, text = run("discover", file, "--bureau", "housing")
    assert code == 0, text
    (folder / "m.toml").write_text(text, encoding="utf-8")
    return folder / "m.toml"


def edit(path: Path, *edits: tuple[str, str]) -> Path:
    """Write something else into a mapping, once each."""
    text = path.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_list_of_lifts_is_mapped_in_two_rounds(tmp_path: Path) -> None:
    """The check names what the proposal leaves open; with that filled in and two columns joined, every row is read."""
    file = workbook(tmp_path)
    path = proposed(file, tmp_path)
    code, output = run("check", path, file)
    assert code == 2
    assert [line for line in output.splitlines() if OPEN in line and "可选" in line], output
    join = 'join = ["小区", "楼栋门"] }'
    edit(
        path, ('\nlist = "请填写"', '\nlist = "设备更新"'), ('domain = "请填写"', 'domain = "建筑"'), ('construction_nature = "请填写"', 'construction_nature = "单纯购置"'),
        ('name = "请填写"', "# 见上"), ('"小区" = { ignore = true }', f'"名称" = {{ field = "name", {join}\n"编号" = {{ field = "internal_no", {join}'),
        ('"楼栋门" = { ignore = true }', "#"),
    )  # fmt: skip
    code, output = run("check", path, file)
    assert (code, "退回0行，可发布3条" in output) == (0, True), output


def test_a_workbook_is_read_by_its_proposal_as_by_the_district_s_mapping(tmp_path: Path) -> None:
    """Every column that the district needs is proposed with the same field, and the amounts are the same."""
    file = WORKBOOKS / "k02_unit_千元.xlsx"
    ours, district = load(proposed(file, tmp_path)), load(CONNECTORS / "housing.toml")
    fields = {column.field for column in ours.sheet[0].columns.values()}
    wanted = {column.field for column in district.sheet[0].columns.values() if column.carried and column.kind is None and not column.optional}
    assert wanted <= fields
    (mine,) = [each.statement for each in look_at(file, ours).statements]
    (right,) = [each.statement for each in look_at(file, district).statements]
    differing = {name for name in mine.facts | right.facts if mine.facts.get(name) != right.facts.get(name)}
    assert (mine.type, mine.entity_key, differing - {"origin"}) == (right.type, right.entity_key, set())


@pytest.mark.parametrize(
    ("file", "event", "sheets"),
    [("s13b_page_breaks.xlsx", "TradeInCompleted", 1), ("x20_biff.xls", "TradeInCompleted", 1), ("x05_gb18030.csv", "TradeInCompleted", 1)],
)
def test_every_format_is_proposed_for(file: str, event: str, sheets: int, tmp_path: Path) -> None:
    """The event is found by the headings, also below titles, in old workbooks and in text."""
    raw: dict[str, Any] = tomllib.loads(proposed(WORKBOOKS / file, tmp_path).read_text(encoding="utf-8"))
    assert [sheet["event"][0]["type"] for sheet in raw["sheet"]] == [event] * sheets
    assert {"order_no", "sale_amount", "subsidy", "actually_paid"} <= {
        each if isinstance(each, str) else each.get("field") for each in raw["sheet"][0]["columns"].values()
    }


def test_no_personal_number_is_shown_among_samples(tmp_path: Path) -> None:
    """A column of mobile numbers has no samples."""
    desk = Desk(tmp_path)
    file = desk.drop([*A[:3], "13812345678", *A[4:]])
    code, output = run("discover", file)
    assert (code, "1381234" in output, '"项目单位" = "owner_name"' in output) == (0, False, True)


def test_what_is_no_table_is_told(tmp_path: Path) -> None:
    """A PDF is named as such; a workbook without a known heading gives a mapping without sheets."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    code, output = run("discover", tmp_path / "a.pdf")
    assert (code, "是PDF" in output) == (1, True)
    (tmp_path / "b.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    code, output = run("discover", tmp_path / "b.csv")
    assert (code, "没有找到表头" in output) == (0, True)


def test_values_are_shown_as_understood(tmp_path: Path) -> None:
    """Row by row: in words with the fields' names, as JSON with findings; amounts in yuan; no Kafka."""
    desk = Desk(tmp_path)
    file = desk.drop(A, C)
    spoil(file, "F7", "约600万")
    code, output = run("check", tmp_path / "connector.toml", file, "--values")
    assert code == 3
    assert "第6行 ⇒ ProjectAdded 2509-120114-89-01-544060 2026-09-30：" in output
    assert "总投资（total_investment）=32,005,000.00" in output.replace("32,005,000；", "32,005,000.00；")
    code, output = run("check", tmp_path / "connector.toml", file, "--values", "--format", "json")
    rows = [json.loads(line) for line in output.splitlines()]
    taken, returned = (next(row for row in rows if row["row"] == number) for number in (6, 7))
    assert [each["type"] for each in taken["statements"]] == ["ProjectAdded", "ProjectProgressReported"]
    assert taken["statements"][0]["facts"]["funding"]["超长期特别国债"].startswith("10000000")
    assert (returned["statements"], returned["findings"][0]["level"], returned["findings"][0]["cell"]) == ([], "退", "F7")

