"""Bends of units, numbers and counts, each keeping the book of what is right afterwards."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

from tests.workbooks.sheets import FACTORS, Book, Cell, Line, yuan
from tests.workbooks.untouched import (
    NEARBY,
    OTHER_FIGURES,
    UNKNOWN,
    UnfitError,
    all_money,
    field_of,
    forbid_money,
    heading_units,
    line_of,
    number_at,
    one_of,
    record_of,
    scale,
    some,
    untouched,
)


def unit_in_headings(random: Random, book: Book) -> None:
    unit = random.choice(NEARBY)
    scale(book, unit)
    shape = random.choice(["（{}）", "({})", "【{}】", "[{}]", "（单位：{}）", "\n（{}）", "（ {} ）", "（金额单位：{}）", "（人民币{}）", "〔{}〕", "（以{}计）", "（人民币：{}）"])
    heading_units(book, shape.format(unit))
    book.sound = False


def unknown_unit_in_headings(random: Random, book: Book) -> None:
    forbid_money(book)
    heading_units(book, f"（{random.choice(UNKNOWN)}）")
    book.sound = False


def unit_in_title(random: Random, book: Book) -> None:
    unit = random.choice(NEARBY)
    scale(book, unit)
    heading_units(book, "")
    shape = random.choice(
        ["单位：{}", "金额单位：{}", "单 位：{}", "单位（{}）", "单位：人民币 {}", "（单位：{}）", "计量单位：{}", "单位：{}、台", "（{}）", "单位:{}", "单位：人民币{}", "单位为{}", "金额以{}为单位", "（金额单位:{}）", "单　位：　{}"]
    )  # fmt: skip
    words = shape.format(unit)
    if random.random() < 0.5:
        words = f"填报单位：区样例局　　{words}"
    book.main.titles.append(Line({random.choice([1, len(book.main.columns)]): Cell(words)}))
    book.sound = False


def unknown_unit_in_title(random: Random, book: Book) -> None:
    forbid_money(book)
    heading_units(book, "")
    words = random.choice(["单位：万美元", "币种：美元 单位：万元", "单位：十亿元", "金额单位：千港元", "（单位：万欧元）"])
    book.main.titles.append(Line({1: Cell(words)}))
    book.sound = False


def unit_in_a_line_below(random: Random, book: Book) -> None:
    unit = random.choice(NEARBY)
    scale(book, unit)
    heading_units(book, "")
    line = Line({column: Cell(random.choice([unit, f"（{unit}）"])) for column in book.main.of_kind("money")})
    book.main.body.insert(0, line)
    book.sound = False


def unit_in_a_note(random: Random, book: Book) -> None:
    unit = random.choice(["千元", "百万元", "万美元"])
    scale(book, unit) if unit in FACTORS else forbid_money(book)
    heading_units(book, "")
    book.main.body.append(Line({1: Cell(random.choice(["注：金额单位为{}", "备注：本表单位：{}", "说明：以上金额以{}计", "单位：{}"]).format(unit))}))
    book.sound = False


def unit_beside_each_row(random: Random, book: Book) -> None:
    forbid_money(book)
    wide = len(book.main.columns) + 1
    book.told.append("twin")
    book.main.heads[wide] = (random.choice(["单位", "金额单位", "计量单位（金额）"]),)
    if any(column.kind == "unit" for column in book.main.columns):
        raise UnfitError
    for line in book.main.records():
        line.cells[wide] = Cell(random.choice(["百万元", "万美元"]))
    book.sound = False


def heading_of_other_figures(random: Random, book: Book) -> None:
    if book.main.header or "twin" in book.told:
        raise UnfitError  # of two columns the one whose heading is the template's own is the right one
    column = one_of(random, book.main.of_kind("money", "count", "quantity"))
    path = book.main.heads[column]
    book.main.heads[column] = (*path[:-1], path[-1] + random.choice(OTHER_FIGURES))
    for line in book.main.records():
        record_of(line).asked = True


def unit_in_one_cell(random: Random, book: Book) -> None:
    line, column, cell = number_at(random, book, "money")
    unit = random.choice([*NEARBY, "亿元", "美元", "千", "万"])
    name = field_of(book, column)
    cell.value = f"{cell.value}{random.choice(['', ' '])}{unit}"
    full = unit if unit in FACTORS else f"{unit}元"
    if full in FACTORS:
        record_of(line).facts[name] = yuan(str(cell.value).removesuffix(unit).strip(), full)
    else:
        record_of(line).forbidden = True
    book.sound = False


def unit_in_a_format(random: Random, book: Book) -> None:
    line, column, cell = number_at(random, book, "money")
    number, record, name = cell.value, record_of(line), field_of(book, column)
    kept = record.facts[name]
    code, mark, right = random.choice(
        [
            ('0"万元"', f"{number}万元", yuan(number, "万元")), ('#,##0.00"元"', f"{number}元", yuan(number, "元")), ('0"千元"', f"{number}千元", yuan(number, "千元")),
            ('"$"#,##0', f"${number}", None), ("[$€-407]0.00", f"€{number}", None), ('0;0"（负）"', str(number), kept),
            ("0.0,", None, None), ('0!.0,"万"', None, None), ("¥#,##0.00", f"¥{number}", kept), ("#,##0.00;[Red]-#,##0.00", None, kept),
            ('_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', None, kept), ('[>=1]0!.0,"万";0', None, None),
        ]
    )  # fmt: skip
    if right is None and (number == 0 or ("," in code and mark is None)):
        mark = mark or None
    cell.code, cell.shown = code, mark
    book.needs.add("format")
    if mark is None and right is None:
        cell.shown = f"{float(number) / 1000:.1f}" if code == "0.0," else f"{float(number) / 10000:.1f}万"
    if right is None and number:
        record.forbidden = True
    elif right is not None:
        record.facts[name] = right
    book.sound = False


def other_unit_on_the_next_page(random: Random, book: Book) -> None:
    if len(book.main.records()) < 4 or any(len(path) > 1 for path in book.main.heads.values()):
        raise UnfitError
    unit = random.choice(["千元", "百万元", "十万元"])
    columns = set(book.main.of_kind("money"))
    lines = book.main.records()
    at = book.main.body.index(lines[len(lines) // 2])
    later = [line for line in book.main.body[at:] if line.record is not None]
    for line, column in all_money(book):
        if any(line is each for each in later):
            record_of(line).facts[field_of(book, column)] = yuan(line.cells[column].value, unit)  # type: ignore[arg-type]  # numbers alone
    if random.random() < 0.6:
        header = Line({c: Cell(path[-1].partition("（")[0] + (f"（{unit}）" if c in columns else "")) for c, path in book.main.heads.items()})
        book.main.body.insert(at, header)
    else:
        header = Line({c: Cell(path[-1]) for c, path in book.main.heads.items()})
        book.main.body[at:at] = [line_of(f"单位：{unit}"), header]
    book.sound = False


def dressed_number(random: Random, book: Book) -> None:
    _line, column, cell = number_at(random, book, "money", "count")
    number = cell.value
    text = f"{number:,}"
    full = str(number).translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))
    cell.value = random.choice([f" {number} ", text, f"{number}\n", full, text.replace(",", "，"), f"\u200b{number}", f"+{number}", f"\u3000{number}\u00a0"])
    if book.main.columns[column - 1].kind == "money" and random.random() < 0.3:
        cell.value = random.choice([f"￥{text}", f"¥ {number}", f"人民币{number}", f"￥{number}.00" if isinstance(number, int) else f"￥{number}"])


def unclear_number(random: Random, book: Book) -> None:
    line, column, cell = number_at(random, book, "money", "count", "quantity")
    n = cell.value
    words = [
        f"约{n}", f"{n}左右", f"{n}?", f"{n}\n450", f"{n} 450", f"{n}/450", f"{n}、450", f"{n};450", f"{n}+450", f"{n}-450", f"{n}—450", f"{n}①", f"{n}²",
        f"({n})", f"（{n}）", f"{n}（含税）", f"≈{n}", f">{n}", f"{n}以上", f"不足{n}", f"{n}\r\n450", f"{n}\t450", f"{n}\u3000450", f"{n}多", f"近{n}", f"{n}~450",
        f"{n}O", f"{n}l", f"{n}%", f"{n}‰", f"{n}[1]", f"{n}注1", f"第{n}", f"{n}.5.1", f"{n}e2", f"−{n}", f"–{n}", f"—{n}", f"{n}-", f"{n}(2)", f"⑴{n}", f"½{n}", f"{n}½", f"{n}\u2028450",
        f"{n}'000", "三十", "叁仟元整", f"{n}吨半", f"{n}元450角", f"{n}³", f"{n}₂", f"{n}\u0660", f"{n}*", f"={n}+1", f"{n}±5", f"0x{n}", f"{n}．", f"{n}..5", f"{n},45", f"{n},4500",
    ]  # fmt: skip
    cell.value = random.choice(words)
    negative = (str(cell.value)[0] in "−–—(（" and cell.value not in (f"({n})", f"（{n}）")) or cell.value in (f"({n})", f"（{n}）")
    record_of(line).forbidden = True
    if negative and book.main.columns[column - 1].kind == "money":
        record_of(line).facts[field_of(book, column)] = -abs(record_of(line).facts[field_of(book, column)] or Decimal(0))  # type: ignore[arg-type,operator]  # money
    book.sound = False


def count_with_words(random: Random, book: Book) -> None:
    line, column, cell = number_at(random, book, "count")
    n, name = int(cell.value), field_of(book, column)  # type: ignore[arg-type]  # a number
    text, right = random.choice(
        [
            (f"{n}台", n), (f"{n}台（套）", n), (f"{n}万台", n * 10**4), (f"{n}千", n * 1000), (f"{n}百", n * 100), (f"{n}.5万", n * 10**4 + 5000), (f"{n}个", n), (f"{n}十", n * 10),
            (f"{n}台3套", None), (f"{n}台、3台", None), (f"{n}公斤", None), (f"{n}万元", None), (f"{n}打", None), (f"{n}.5", None), (f"{n}亿", n * 10**8), (f"{n}多台", None), (f"{n}台/2台", None), (f"{n}千瓦", None),
        ]
    )  # fmt: skip
    cell.value = text
    if right is None:
        record_of(line).forbidden = True
    else:
        record_of(line).facts[name] = right
    book.sound = False


def count_in_a_format(random: Random, book: Book) -> None:
    line, column, cell = number_at(random, book, "count")
    n, name = int(cell.value), field_of(book, column)  # type: ignore[arg-type]  # a number
    code, text, right = random.choice(
        [('0"台"', f"{n}台", n), ('0"万台"', f"{n}万台", n * 10**4), ("0%", f"{n * 100}%", None), ("000", f"{n:03d}", n), ('0"元"', f"{n}元", None), ("0.00", f"{n}.00", n), (";;;", "", None), ("0,", "0", None)]
    )  # fmt: skip
    if right is None and n == 0:
        raise UnfitError
    cell.code, cell.shown = code, text
    book.needs.add("format")
    if right is None:
        record_of(line).forbidden = True
        if code == ";;;":
            record_of(line).forbidden, record_of(line).asked = False, True
    else:
        record_of(line).facts[name] = right
    book.sound = False


def quantity_with_words(random: Random, book: Book) -> None:
    line, column, cell = number_at(random, book, "quantity")
    units = [c for c, each in enumerate(book.main.columns, 1) if each.kind == "unit"]
    unit = line.cells[units[0]].value
    n, name = cell.value, field_of(book, column)
    text, factor = random.choice([(f"{n}{unit}", 1), (f"{n}公斤", None), (f"{n}%", None), (f"{n}万{unit}", 10**4), (f"{n}千克", None), (f"{n}t", None), (f"{n}元", None), (f"{n}亿", 10**8)])
    if unit in ("t", "公斤", "万平方米") and factor != 1:
        raise UnfitError
    cell.value = text
    if factor is None:
        record_of(line).forbidden = True
    else:
        record_of(line).facts[name] = (Decimal(str(n)) * factor).quantize(Decimal("0.0001"))
    book.sound = False


def percent_of_an_indicator(random: Random, book: Book) -> None:
    line = some(random, book)
    if book.scene.sheet != "目标任务":
        raise UnfitError
    column, unit = book.main.column("value"), book.main.column("unit")
    untouched(line, column)
    line.cells[unit] = Cell("%")
    record_of(line).facts["unit"] = "%"
    stored, code, text, right = random.choice(
        [(0.32, "0%", "32%", "32"), (35, '0"%"', "35%", "35"), ("32%", "General", None, "32"), (0.325, "0.0%", "32.5%", "32.5"), (32, "General", None, "32"), ("32％", "General", None, "32")]
    )  # fmt: skip
    line.cells[column] = Cell(stored, code, text)
    if code != "General":
        book.needs.add("format")
    record_of(line).facts["value"] = Decimal(right).quantize(Decimal("0.0001"))


def heading_names_a_quantity(random: Random, book: Book) -> None:
    columns = book.main.of_kind("quantity")
    if not columns or book.main.header or "quantity unit" in book.told:
        raise UnfitError
    book.told.append("quantity unit")
    for column in columns:
        book.main.heads[column] = (book.main.heads[column][-1] + random.choice(["（公斤）", "（万吨）", "（千克）"]),)
        for line in book.main.records():
            if column in line.cells:
                record_of(line).forbidden = True
    book.sound = False


def error_cell(random: Random, book: Book) -> None:
    line, _column, cell = number_at(random, book, "money", "count", "quantity")
    cell.value, cell.error = random.choice(["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?"]), random.random() < 0.7
    if cell.error:
        book.needs.add("error")
    record_of(line).forbidden = True
    book.sound = False


def formula(random: Random, book: Book) -> None:
    line, _column, cell = number_at(random, book, "money", "count", "quantity")
    if not cell.value:
        raise UnfitError  # a stored nought is no result
    book.needs.add("formula")
    cell.formula = random.choice(["1+1", "[1]Sheet1!A1", "SUM(A1:A2)", "'[其他.xlsx]表'!B2"])
    kept = random.random()
    if kept < 0.6:
        cell.value, record_of(line).forbidden = None, True
        book.recalculates = True
        book.sound = False
    elif "[" in cell.formula:
        record_of(line).asked = True


def stray_boolean_or_date(random: Random, book: Book) -> None:
    line = some(random, book)
    column = one_of(random, book.main.of_kind("money", "count", "quantity", "id", "key", "text"))
    untouched(line, column)
    if column in book.main.hidden_columns:
        raise UnfitError  # the visible one of its heading is read
    if random.random() < 0.5:
        line.cells[column] = Cell(True)
        book.needs.add("format")
    else:
        line.cells[column] = Cell(date(2026, 10, 5), 'm"月"d"日"', "10月5日")
        if book.main.columns[column - 1].kind == "text":
            raise UnfitError
        book.needs.add("format")
    if book.main.columns[column - 1].kind == "text" and book.main.columns[column - 1].field in ("text", "old_item", "problems"):
        raise UnfitError
    record_of(line).forbidden = True
    book.sound = False
