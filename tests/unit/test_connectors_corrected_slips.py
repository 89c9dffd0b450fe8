"""A slip that the clerk corrects and saves back is a correction: read, answered, and never overwritten."""

from pathlib import Path

import openpyxl

from tests.unit.test_connectors_dropfolder import A, B, Desk, desk  # noqa: F401 - the fixture


def corrected(slip: Path) -> None:
    """Correct the state of the first row in a slip, as a clerk does, and save it where it lies."""
    book = openpyxl.load_workbook(slip)
    sheet = book["设备更新项目清单"]
    row = next(cell.row for cell in sheet["C"] if cell.value == A[1])
    sheet.cell(row, 9).value = "在建"
    book.save(slip)


def wrong() -> list[object]:
    """Return a row whose state is none."""
    return [*A[:7], "正在搞", *A[8:]]


def test_a_slip_saved_back_is_read_as_a_correction(desk: Desk) -> None:  # noqa: F811 - the fixture
    """The corrected row is published from the slip itself, the slip stays as the clerk left it, and its own slip answers."""
    path = desk.drop(wrong(), B)
    with desk.open() as folder:
        (result,), _ = folder.turn()
        assert result.returned == 1
        published = len(desk.events())
        corrected(result.slip)
        as_left = result.slip.read_bytes()
        (again,), _ = folder.turn()
        assert again.path == result.slip
        assert (again.returned, again.slip.name) == (0, f"{path.stem}.回执.回执.xlsx")
        assert again.slip.exists()
        assert result.slip.read_bytes() == as_left
        news = desk.events()[published:]
        assert "GX-001" in {getattr(event, "internal_no", None) for event in news}
        assert {event.origin.file for event in news if event.origin} <= {result.slip.name, again.name}
        assert folder.turn()[0] == []


def test_slips_that_nobody_touched_are_left_alone(desk: Desk) -> None:  # noqa: F811 - as above
    """A slip as it was written is no workbook of the clerk's, also after a restart and after the hub's later answer."""
    desk.drop(wrong(), B)
    with desk.open() as folder:
        assert len(folder.turn()[0]) == 1
        assert folder.turn()[0] == []
    with desk.open() as folder:
        assert folder.turn()[0] == []


def test_a_corrected_slip_is_not_written_over(desk: Desk) -> None:  # noqa: F811 - as above
    """Where workbook and slip are both changed, the workbook's new slip takes another name."""
    desk.drop(wrong(), B)
    with desk.open() as folder:
        (result,), _ = folder.turn()
        corrected(result.slip)
        as_left = result.slip.read_bytes()
        desk.drop(wrong(), [*B[:4], 900, None, 900, *B[7:]])
        assert len(folder.turn()[0]) == 2
        assert result.slip.read_bytes() == as_left
        assert len(list(result.path.parent.glob("*.回执.xlsx"))) == 3
