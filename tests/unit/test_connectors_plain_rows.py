"""Plain rows are read quickly and to the same end: what the quick way takes, the full way takes with the same words and values."""

import io
import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from exchange_connectors.excel import DropFolder, inspect, load, ooxml
from exchange_connectors.excel.checks import NoMemory
from exchange_connectors.excel.dropfolder import look_at
from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Cell
from exchange_connectors.excel.number_format import parse
from exchange_connectors.excel.plain_rows import PlainRows
from exchange_connectors.excel.plain_statements import PlainStatements
from exchange_connectors.excel.workbook import Sheet, Workbook
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.kit.publisher import Publisher
from exchange_connectors.settings import KafkaSettings
from tests.bench.workbook_made import HEADINGS, SHEET, TITLE, credit_code, write
from tests.workbooks.bent import make, mapping

COMMERCE = Path(__file__).parents[2] / "deploy" / "districts" / "wuqing" / "connectors" / "commerce.toml"
ODD: tuple[Cell, ...] = (
    None, "", "  ", "合计", "小计", "注：以下补报", "无", "—", "1.2E+17", "3e5", "2026年9月", "2026-13-01", "#REF!", "Err:508", "N/A", "订单号", "序号",
    "Total", "total 3", "13800138000", "13800138000.0", "110105199003071232", "a b", "A\u200b1", "Ａ１", "x" * 201, "x" * 300, "A;B", "A\nB", "k1:short",
    0.0, -0.0, -5.0, 1e9, 1e11, 0.005, 1.005, 2.675, 123456789012.34, 1e300, 13800138000.0, 110105199003071232.0, True, False, 12,
    datetime.fromisoformat("2026-10-05"), date(1980, 1, 1), date(2026, 10, 31), "冰箱", "1级", "3级", "1２级", "未交旧", "令牌", "0001", "1.10",
)  # fmt: skip


def said(seen: Inspection) -> tuple[Any, ...]:
    """Return everything that an inspection says."""
    placed = [(each.told(), each.sheet, each.row, each.slot, each.thing, each.aliases) for each in seen.statements]
    return seen.findings, placed, seen.accounts, seen.rows, seen.returned, seen.memos, seen.seen


def in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every row be read and stated in full."""
    monkeypatch.setattr(PlainRows, "read", lambda *_: None)
    monkeypatch.setattr(PlainStatements, "state", lambda *_: None)
    monkeypatch.setattr(ooxml._SheetScan, "takes_plain_rows", False)


def grid(random: Random) -> Sheet:
    """Return a long list in which some cells are anything."""
    merchants = [credit_code(random) for _ in range(3)]
    rows: list[list[Cell]] = [[TITLE], [None, None, "商品信息"], list(HEADINGS)]
    rows[1] = [heading if number not in (2, 3, 4) else None for number, heading in enumerate(HEADINGS)]
    rows[1][2] = "商品信息"
    rows[2] = [heading if number in (2, 3, 4) else None for number, heading in enumerate(HEADINGS)]
    for number in range(60):
        price = random.randrange(1, 10**7) / 100
        row: list[Cell] = [
            float(number + 1), f"WQ{number:06d}", "冰箱", "1级", f"SN{number}", f"FP{number}", date(2026, 10, 1 + number % 30), price, 0.01, price,
            random.choice(merchants), "k1:" + "0a" * 20, "交旧", None,
        ]  # fmt: skip
        if random.random() < 0.4:
            row[random.randrange(len(row))] = random.choice(ODD)
        if random.random() < 0.05:
            row = list(rows[-1])
        rows.append(row)
    sheet = Sheet(SHEET, rows)
    for _ in range(5):
        place = random.randrange(4, 64), random.randrange(1, 15)
        shown = parse(random.choice(('0"%"', "yyyy", "yyyy年m月", "00000000", "#,##0", "yyyy-mm-dd")))
        if shown is not None:
            sheet.formats[place] = shown
    return sheet


@pytest.mark.parametrize("seed", range(30))
def test_the_quick_way_says_what_the_full_way_says(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Over a list with odd cells of every kind, findings, statements with their digests, sums and accounts are the same."""
    book = Workbook("2026年10月.xlsx", (grid(Random(seed)),))
    quickly = inspect(book, load(COMMERCE), NoMemory())
    in_full(monkeypatch)
    assert said(quickly) == said(inspect(book, load(COMMERCE), NoMemory()))


def published(folder: Path, turns: list[Path]) -> tuple[Any, ...]:
    """Return what a drop folder publishes of workbooks put there one after another, and what its ledger then knows."""
    folder.mkdir()
    commerce = load(COMMERCE).model_copy(update={"inbox": folder, "state": folder / "state.sqlite"})
    broker = RecordingBroker(*(f"hub.{commerce.district}.commerce.{kind}" for kind in ("events", "receipts")))
    counts = []
    with Publisher(KafkaSettings(), commerce.district, "commerce", folder / "state.sqlite", broker=broker, clock=lambda: 1_790_000_000.25) as publisher:
        for path in turns:
            target = folder / "2026年10月.xlsx"
            target.write_bytes(path.read_bytes())
            result = DropFolder(commerce, publisher).process(target)
            counts.append((result.published, result.unchanged, result.rows, result.returned))
        known = [publisher.store.connection.execute(f"select * from {table} order by 1, 2, 3").fetchall() for table in ("entry", "alias", "awaiting")]
    return counts, broker.topics, known


@pytest.mark.parametrize("seed", range(4))
def test_what_is_published_quickly_is_what_is_published_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seed: int) -> None:
    """Bytes, ids and headers of events, the ledger's entries and keys are the same, at first and after some cells have changed."""
    random = Random(seed)
    write(tmp_path / "made.xlsx", 120, seed)
    turns = []
    book = openpyxl.load_workbook(tmp_path / "made.xlsx")
    for turn in range(3):
        for _ in range(12):
            value = random.choice([each for each in ODD if not isinstance(each, str) or each.isprintable()])
            book.worksheets[0].cell(random.randrange(4, 124), random.randrange(1, 15)).value = value
        turns.append(tmp_path / f"{turn}.xlsx")
        book.save(turns[-1])
    quickly = published(tmp_path / "quick", turns)
    in_full(monkeypatch)
    assert quickly == published(tmp_path / "full", turns)
    assert quickly[0][0][0] > 60


def test_bent_workbooks_are_read_alike_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the generator's workbooks, too, both ways say the same."""
    made = [make(seed) for seed in range(770_000, 770_060)]
    quickly = [said(look_at(Path(each.name), mapping(each.book.scene.mapping), None, each.body)) for each in made]
    in_full(monkeypatch)
    for each, told in zip(made, quickly, strict=True):
        assert told == said(look_at(Path(each.name), mapping(each.book.scene.mapping), None, each.body)), f"seed {each.seed}"


def test_a_list_in_many_styled_empty_rows_is_read_without_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of empty rows with a style nothing is kept, however many there are; what is read is what the full way reads."""
    path = tmp_path / "家电以旧换新2026年10月.xlsx"
    write(path, 3, 7, empty=25_000)
    packed: list[int] = []
    values = ooxml._values
    monkeypatch.setattr(ooxml, "_values", lambda body, *given: packed.append(len(body)) or values(body, *given))
    quickly = look_at(path, load(COMMERCE))
    assert (quickly.rows, quickly.returned, len(quickly.statements)) == (3, 0, 3)
    assert packed[0] * 10 < path.stat().st_size
    in_full(monkeypatch)
    assert said(quickly) == said(look_at(path, load(COMMERCE)))


ODD_XML = (
    '<row r="{0}" hidden="1"><c r="A{0}"><v>1</v></c></row>', '<row r="{0}"><c r="B{0}" t="e"><v>#REF!</v></c></row>',
    '<row r="{0}"><c r="H{0}"><f>1+1</f><v>2</v></c></row>', '<row r="{0}"><c r="H{0}"><f>1+1</f></c></row>', '<row r="{0}" ht="0.1"/>',
    "<row><c><v>5</v></c></row>", "<!-- <row r='{0}'> -->", '<row r="{0}"><c r="AB{0}" s="1"><v>3</v></c></row>', '<row r="{0}"><c r="C{0}"/></row>',
    '<row r="{0}"><c r="C{0}" t="inlineStr"><is><r><rPr><strike/></rPr><t>x</t></r><r><t>y</t></r></is></c></row>',
    '<row r="{0}"><c r="C{0}" t="inlineStr"><is><t>字&amp;</t></is></c><c r="D{0}" s="2"><v>7</v></c></row>',
    '<row r="{0}"><c r="C{0}" s="1" t="n"><v>45000</v></c><c r="D{0}" s="3"><v>45000</v></c></row>',
)  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_plain_xml_is_told_from_the_rest(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Hidden rows, formulas, errors, comments and rows without a number among plain ones: the sheet is what the parser alone reads."""
    random = Random(seed)
    body, number = "", 0
    for _ in range(40):
        number += random.choice((1, 1, 1, 5))
        plain = f'<row r="{number}" spans="1:3"><c r="A{number}" s="{random.randrange(4)}"><v>{number}</v></c><c r="B{number}" t="str"><v>字</v></c></row>'
        body += (random.choice(ODD_XML).format(number) if random.random() < 0.3 else plain) + random.choice(("", "", "\n"))
    package = io.BytesIO()
    book = openpyxl.Workbook()
    for column, shown in enumerate(("yyyy-mm-dd", "00000000", '0"%"'), 1):
        cell = book.worksheets[0].cell(1, column, 1)
        cell.number_format = shown
        cell.font = Font(strike=column == 2)
    book.save(package)
    with zipfile.ZipFile(package) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = re.sub(rb"<sheetData>.*</sheetData>", f"<sheetData>{body}</sheetData>".encode().replace(b"\\", b""), parts[name], flags=re.DOTALL)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for part, content in parts.items():
            target.writestr(part, content)
    monkeypatch.setattr(ooxml, "_CHUNK", random.choice((64, 333, 2**18)))
    quickly = ooxml.read_sheets(made.getvalue())
    in_full(monkeypatch)
    assert quickly == ooxml.read_sheets(made.getvalue())


def test_most_rows_of_a_sound_list_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly every row of a list as a system exports it goes the quick way: else a hundred thousand take minutes."""
    taken: list[bool] = []
    read = PlainRows.read
    monkeypatch.setattr(PlainRows, "read", lambda self, *given: note(taken, read(self, *given)))
    random = Random(1)
    sheet = grid(random)
    sheet.formats.clear()
    sheet.rows[3:] = [
        [float(n + 1), f"WQ{n:06d}", "冰箱", "1级", f"SN{n}", f"FP{n}", date(2026, 10, 2), 100.5, 1.0, 99.5, credit_code(random), None, "交旧", None]
        for n in range(200)
    ]
    statements = inspect(Workbook("2026年10月.xlsx", (sheet,)), load(COMMERCE), NoMemory()).statements
    taken += [each.sound() is not None for each in statements]
    assert len(statements) == 200
    assert taken.count(True) >= 398


def note(taken: list[bool], made: Any) -> Any:
    """Note whether a row went the quick way."""
    taken.append(made is not None)
    return made
