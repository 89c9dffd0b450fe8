"""What the hub is told of a workbook that goes back: how much and why, the last word on a file, list and month, no values."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from exchange_connectors.excel import returns
from exchange_connectors.excel.model import Finding, Level
from exchange_contracts import registry
from tests.unit.test_connectors_dropfolder import EVENTS_TOPIC, A, B, C, Desk

LIST = "equipment-projects"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A fresh desk."""
    return Desk(tmp_path)


def told(desk: Desk, since: int = 0) -> list[tuple[Any, ...]]:
    """What the hub is told of returns: list, month, rows returned, sheets, causes."""
    said = [event.model_dump() for event in desk.events(since) if type(event).__name__ == "WorkbookReturned"]
    return [(e["list"], e["month"], e["rows_returned"], e["sheets_returned"], e["causes"]) for e in said]


def spoil(path: Path, cell: str, value: object, sheet: str = "设备更新项目清单") -> None:
    """Write something else into a cell."""
    book = openpyxl.load_workbook(path)
    book[sheet][cell] = value
    book.save(path)


def test_rows_that_go_back_are_told_until_they_are_corrected(desk: Desk) -> None:
    """Two rows go back, then one, then none; a file without returns says nothing, nor does the same file again."""
    path = desk.drop(A, B, C)
    spoil(path, "F7", "约800万")
    spoil(path, "F8", None)
    desk.turn()
    assert told(desk) == [(LIST, "2026-09", 2, 0, {"缺项": 1, "金额和数量": 1})]
    assert not [record for record in desk.broker.topics[EVENTS_TOPIC] if "约800万".encode() in record.value]
    spoil(path, "F7", 800)
    desk.turn()
    desk.drop(A, B, C, name="另一份2026年9月.xlsx")
    desk.turn()
    spoil(path, "F8", 600)
    desk.turn()
    spoil(path, "F8", 600.00)
    desk.turn()
    assert told(desk)[1:] == [(LIST, "2026-09", 1, 0, {"缺项": 1, "合计不符": 1}), (LIST, "2026-09", 0, 0, {})]


def test_each_month_of_a_file_that_is_used_again_has_its_own_word(desk: Desk) -> None:
    """October's workbook under September's name leaves what of September still goes back."""
    path = desk.drop(A, name="月报.xlsx")
    spoil(path, "F6", "约800万")
    desk.turn()
    desk.drop(A, name="月报.xlsx", month="2026年10月")
    desk.turn()
    assert told(desk) == [(LIST, "2026-09", 1, 0, {"金额和数量": 1})]


def test_a_file_that_cannot_be_read_is_told_and_forgotten_once_it_can(desk: Desk) -> None:
    """It has neither list nor month; its correction under the same name, which has both, clears it."""
    path = desk.folder / "inbox" / "月报.xlsx"
    path.write_bytes(b"%PDF-1.7")
    desk.turn()
    assert told(desk) == [(None, None, 0, 1, {"文件打不开": 1})]
    desk.drop(A, name="月报.xlsx")
    desk.turn()
    assert told(desk)[1:] == [(None, None, 0, 0, {})]


def test_a_sheet_that_goes_back_whole_is_told_with_its_rows(desk: Desk) -> None:
    """A heading is missing: no row is read, all go back, and the month is the file name's."""
    path = desk.drop(A, B)
    spoil(path, "F3", "别的")
    desk.turn()
    ((list_, month, rows, sheets, causes),) = told(desk)
    assert (list_, month, rows, sheets) == (LIST, "2026-09", 2, 1)
    assert causes["工作表和表头"] >= 1


def test_a_personal_number_in_a_file_s_name_does_not_travel(desk: Desk) -> None:
    """The name is replaced by its digest, and the rest is told."""
    path = desk.drop(A, name="13812345678报2026年9月.xlsx")
    spoil(path, "F6", "约800万")
    desk.turn()
    assert told(desk) == [(LIST, "2026-09", 1, 0, {"金额和数量": 1})]
    (event,) = [event for event in desk.events() if type(event).__name__ == "WorkbookReturned"]
    assert event.model_dump()["file"].startswith("文件名含个人信息-")


def test_a_rebuilt_ledger_knows_what_went_back(desk: Desk) -> None:
    """After the state file was lost and rebuilt from the topic, a clean workbook still clears what it corrects."""
    path = desk.drop(A)
    spoil(path, "F6", "约800万")
    desk.turn()
    for state in desk.folder.glob("state.sqlite*"):
        state.unlink()
    with desk.open() as folder:
        folder.rebuild_ledger(20)
    spoil(path, "F6", 3200.5)
    desk.turn()
    assert told(desk)[1:] == [(LIST, "2026-09", 0, 0, {})]


def test_every_workbook_error_has_a_kind() -> None:
    """Each number of the list of workbook errors is a kind of the code list; so is what only the contract refuses."""
    kinds = set(registry.load().codelists["return_cause"])
    found = {number: returns.cause_of(Finding(number, Level.RETURNED, "")) for number in range(61)}
    assert set(found.values()) <= kinds
    others = {number for number, kind in found.items() if kind == "其他"}
    assert others == {0, 58}, "blanks that were cleaned up return nothing"
