"""Every project sheet takes every source of funds, and says whether equipment is renewed, added or enlarged."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.mapping import Mapping
from exchange_connectors.excel.template import write_template
from exchange_contracts import registry
from tests.unit.test_connectors_template import tables

CONNECTORS = sorted(Path("deploy/districts/wuqing/connectors").glob("*.toml"))
SOURCES = registry.load().codelists["funding_source"]


def project_sheets() -> list[tuple[Path, str]]:
    """Every sheet of a connector that states projects."""
    found = [(path, sheet.name) for path in CONNECTORS for sheet in load(path).sheet if any(event.type == "ProjectAdded" for event in sheet.event)]
    return [(path, name) for path, name in found if name]


def filled(path: Path, mapping: Mapping, name: str, **values: Any) -> Path:
    """A template with one row, by headings; numbers are yuan, written in the column's own unit."""
    book = openpyxl.load_workbook(path)
    at = tables(path, mapping)[name]
    for bound in at.columns:
        if bound.header in values:
            value, unit = values[bound.header], bound.reads.unit
            book[name].cell(at.first_row, bound.column, float(value / unit.factor) if isinstance(value, Decimal) and unit is not None else value)
    book.save(path)
    return path


@pytest.mark.parametrize(("config", "name"), project_sheets(), ids=lambda value: value.stem if isinstance(value, Path) else value)
def test_every_source_of_funds_is_taken_in_every_project_sheet(config: Path, name: str, tmp_path: Path) -> None:
    """A project paid in equal parts by all sources of the code list is stated with all of them, and with its way of renewal."""
    mapping = load(config)
    blank = write_template(mapping, tmp_path / "报送表（2026年9月）.xlsx", "2026-09")
    paid = {f"资金来源/{source}": Decimal(100_000) for source in SOURCES}
    row = {
        "序号": 1, "内部编号": "N-1", "项目名称": "加装电梯", "领域": "建筑", "建设性质": "单纯购置", "更新方式": "加装", "项目单位/名称": "某小区",
        "总投资": Decimal(100_000) * len(SOURCES), "建设状态": "在建", "资金状态": "未申报", "管理状态": "正常", "更新日期": date(2026, 9, 30), **paid,
    }  # fmt: skip
    looked = look_at(filled(blank, mapping, name, **row), mapping)
    [facts] = [each.statement.facts for each in looked.statements if each.statement.type == "ProjectAdded"]
    assert facts["funding"] == dict.fromkeys(SOURCES, Decimal(100_000))
    assert facts["renewal"] == "加装"


def test_every_bureau_with_projects_has_such_a_sheet() -> None:
    """Nine bureaus keep equipment projects, development-reform the recycling ones."""
    assert len({path for path, _ in project_sheets()}) == 10
