"""The return slip keeps what the clerk drew: charts, pictures, shapes and comments of the workbook."""

import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import xlsxwriter

from exchange_connectors.excel.model import Finding, Level
from exchange_connectors.excel.slip import Answer, Told, Totals, add_answer, write_slip
from exchange_connectors.kit.receipts import Exceptional

AT = datetime(2026, 11, 1, tzinfo=UTC)
TOLD = Told((Finding(14, Level.RETURNED, "请只填数字", "清单", 3, 2),), Totals(3, 1, 2, 0))


def picture() -> bytes:
    """Return a small PNG."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\xff\0\0")), (b"IEND", b""))
    chunks = (struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def workbook() -> bytes:
    """Return a workbook of two sheets with a chart, a picture, a text box and comments."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    for name in ("清单", "附图"):
        sheet = book.add_worksheet(name)
        sheet.write_column("A1", ["编号", "a", "b", "c"])
        sheet.write_column("B1", ["金额", 1, 2, 3])
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": f"={name}!$B$2:$B$4", "gradient": {"colors": ["#FF0000", "#00FF00"]}})
        sheet.insert_chart("D2", chart)
        sheet.insert_image("D20", "印章.png", {"image_data": io.BytesIO(picture())})
        sheet.insert_textbox("H2", "此图供参考")
        sheet.write_comment("B2", "上月口径")
    book.close()
    return out.getvalue()


def drawn(package: bytes) -> list[bytes]:
    """Return the bytes of a package's drawings, charts and pictures."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        return sorted(archive.read(name) for name in archive.namelist() if "/_rels/" not in name and ("/charts/" in name or "/media/" in name or "/drawings/drawing" in name))


def charts(slip: Path) -> dict[str, int]:
    """Return how many charts each sheet shows, by the relations of the package."""
    return {sheet.title: len(sheet._charts) for sheet in openpyxl.load_workbook(slip).worksheets}  # type: ignore[attr-defined]


def test_charts_pictures_and_shapes_stand_in_the_slip_byte_for_byte(tmp_path: Path) -> None:
    """Each drawing of the workbook is in its sheet of the slip, with charts and pictures as they were; cells are marked all the same."""
    body = workbook()
    slip = write_slip(tmp_path / "清单.xlsx", body, TOLD, AT)
    assert drawn(slip.read_bytes()) == drawn(body)
    assert len(drawn(body)) == 5
    assert charts(slip) == {"回执": 0, "清单": 1, "附图": 1}
    cell = openpyxl.load_workbook(slip)["清单"]["B3"]
    assert "请只填数字" in cell.comment.text
    assert cell.fill.fgColor.rgb.endswith("FFC7CE")


def test_comments_of_the_clerk_stay_beside_those_of_the_slip(tmp_path: Path) -> None:
    """What the clerk noted on a cell is read first, what the hub says of it below."""
    told = Told((Finding(14, Level.VERIFY, "请核对", "清单", 2, 2),), Totals(3, 0, 3, 0))
    book = openpyxl.load_workbook(write_slip(tmp_path / "清单.xlsx", workbook(), told, AT))
    assert book["清单"]["B2"].comment.text == "上月口径\n【核】请核对"
    assert book["附图"]["B2"].comment.text == "上月口径"


def test_the_hub_s_later_answer_leaves_the_drawings(tmp_path: Path) -> None:
    """An answer that comes later is written into the slip, which keeps its charts and pictures."""
    body = workbook()
    slip = write_slip(tmp_path / "清单.xlsx", body, TOLD, AT)
    said = Exceptional(5, None, None, None, "清单.xlsx", "清单", 4, "rejected", "bad_value", "金额为负数")
    add_answer(slip, Answer(1, 0, (said,)), AT)
    assert drawn(slip.read_bytes()) == drawn(body)
    assert charts(slip) == {"回执": 0, "清单": 1, "附图": 1}


def test_a_package_that_cannot_be_followed_gets_its_slip(tmp_path: Path) -> None:
    """Where a drawing leads to a part that is missing the slip is written without it."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as source:
        parts = {name: source.read(name) for name in source.namelist() if "/charts/" not in name}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    slip = write_slip(tmp_path / "清单.xlsx", out.getvalue(), TOLD, AT)
    assert "回执" in openpyxl.load_workbook(slip).sheetnames
