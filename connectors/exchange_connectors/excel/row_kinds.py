"""What each row below a header is: heading again, data, total, note, or another table's. Pure.

Every row that is not empty is one of them: nothing below a header is passed over.
"""

import re

from exchange_connectors.excel.below import is_numbering
from exchange_connectors.excel.cells import is_empty
from exchange_connectors.excel.headings import folded, normal
from exchange_connectors.excel.mapping import placeholders
from exchange_connectors.excel.model import NUMBER_KINDS, Cell, RowKind
from exchange_connectors.excel.months import bare_months, months_in
from exchange_connectors.excel.stand_ins import sets_aside
from exchange_connectors.excel.table import BoundColumn, Table

LABEL_COLUMNS = 4
"""A total's label stands in one of a row's first filled cells."""

_SUM = "(?:小计|合计|总计|共计|累计|总合计|汇总|总数)"
_COUNTED = r"(?:数|金额|(?:\d+[一-鿿]{0,2}))?"
_PURE = re.compile(
    rf"(?:本页|本表|本月|本期|以上|全部|全区|全市|各[一-鿿]{{1,3}})?{_SUM}:?{_COUNTED}|共\d+[一-鿿]{{1,2}}|总金?额|[∑Σ]|(?i:total|sum)|"
    r"(?:结?转|过|接)[下次]页|[承接][前上]页"
)
_LOOSE = re.compile(rf"[一-鿿A-Za-z0-9]{{1,12}}{_SUM}{_COUNTED}")
_OF_PART = re.compile(r"页|小计")
_NOTES = re.compile(
    r"(?:注\d*|备注|说明|填表说明|填报说明)[:、.]|"
    r"(?:填表人|填报人|制表人|审核人|审核|签发人|复核人|单位负责人|负责人|联系人|联系电话|填报单位|填表单位|填报日期|填表日期|制表日期|报出日期|计量单位|单位)[:(]|"
    r"[-—]*以下空白|第\d+页|\(?续表"
)
_SIGNATURES = re.compile(
    r"(?:填表|填报|制表|审核|复核|审批|签发|经办|单位负责|部门负责|分管领导|负责|联系)人?(?:签字|签名|电话|\(签[字章]\))?[:]"
)
_DIGIT = re.compile(r"\d")
_OTHER_TIME = re.compile(r"上[月年期]|去年|同期")
_OTHER_YEAR = re.compile(r"(?:19|20)\d{2}(?=年)")
_BARE_MONTH = re.compile(r"(?:附件?\d*:?)?(\d{1,2})月份?(?:数据|情况|明细|进度|台账)?")
_LATE = re.compile(r"补报|补录|未报|漏报")
_OUT = re.compile(r"作废|无效|取消|撤[单销]|退[货单款]|不计入|不含|示例|样例|测试")
"""Words of a line above rows that are no part of the list."""
_NUMBER = re.compile(r"[¥￥]?[+-]?\d[\d,]*(?:\.\d+)?")
_FOREIGN_SHARE = 0.6
_REMEMBERED = 20_000
"""Texts of a sheet of which is kept whether they may be a heading's, a total's or a note's."""


def _is_number(cell: Cell) -> bool:
    """Say whether a cell is a number, as text too."""
    if isinstance(cell, str):
        return _NUMBER.fullmatch(folded(cell)) is not None
    return isinstance(cell, int | float) and not isinstance(cell, bool)


class RowKinds:
    """Says what the rows of a table are, from top to bottom.

    Args:
        table: the table, its columns bound.

    Attributes:
        elsewhere: a line between the rows that says of what else those below it are: another list or month, or void.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._by_column: dict[int, BoundColumn] = {bound.column: bound for bound in table.columns}
        self.numbers = {column for column, bound in self._by_column.items() if bound.reads.type.kind in NUMBER_KINDS}
        names = {name for event in table.mapped.event for parts in placeholders(event.key) for name in parts}
        self._keys = {column for column, bound in self._by_column.items() if bound.mapped.field in names}
        self._words = {normal(text) for line in table.header_lines for text in line.values()}
        own = {*self._words, *table.titles, *table.mapped.total_labels, *(text for line in table.header_lines for text in line.values())}
        self.has_codes = any(word.isascii() for word in own if word)
        self._plain: dict[str, bool] = {}
        self._headed = {column for line in table.header_lines for column in line} | self._by_column.keys()
        self._foreign = self._moved = False  # another table has begun; one has, somewhere above
        self._exchanged: dict[int, str] | None = None
        self.elsewhere = ""
        self._wide = {(merge.top, merge.left) for merge in table.sheet.merges if merge.right > merge.left}
        self._first, self._numbered, self._parted = True, False, False
        self._serial = {column for line in table.header_lines for column, text in line.items() if normal(text) in ("序号", "编号")} - {
            column for column, bound in self._by_column.items() if bound.mapped.carried
        }

    def expects_data(self, after_gap: bool) -> bool:
        """Say whether :meth:`of` would certainly call the next row data, if all its texts are plain and one stands beside the serial number."""
        return not (after_gap or self._parted or self._first or self._moved or self.elsewhere or (self._serial and not self._numbered))

    def is_serial(self, column: int) -> bool:
        """Say whether a column holds nothing but the rows' numbers."""
        return column in self._serial

    def is_plain(self, cell: str) -> bool:
        """Say whether a text is certainly none of a heading, a total or a note."""
        if not self.has_codes and cell.isascii() and cell[:1].isalnum() and cell.isprintable() and cell[:3].lower() not in ("tot", "sum"):
            return True  # what begins like a code is no word of the sheet's own
        known = self._plain.get(cell)
        return self._looks_plain(cell) if known is None else known

    def _looks_plain(self, cell: str) -> bool:
        text = folded(cell)
        label = normal(text)
        plain = not (
            is_empty(cell) or sets_aside(text) or text in self._table.titles or label in self._words or label == "序号" or _NOTES.match(text) or _SIGNATURES.match(text)
            or any(text in line.values() for line in self._table.header_lines) or self._sums(label.rstrip(":"))
        )  # fmt: skip
        if len(self._plain) < _REMEMBERED:
            self._plain[cell] = plain
        return plain

    def _sums(self, label: str) -> bool:
        """Say whether a label may be a total's."""
        return bool(_PURE.fullmatch(label) or _LOOSE.fullmatch(label)) or label.startswith("其中") or label in self._table.mapped.total_labels

    def of(self, row: int, cells: list[Cell], after_gap: bool) -> RowKind:
        """Say what the next row is; *after_gap* tells that the row before it is blank. What a note parts from the list is parted as by a gap."""
        kind = self._kind(row, cells, after_gap or self._parted)
        self._parted = kind is RowKind.NOTE
        return kind

    def _kind(self, row: int, cells: list[Cell], after_gap: bool) -> RowKind:
        filled = {column: cell for column, cell in enumerate(cells, 1) if not is_empty(cell)}
        first, self._first = self._first, False
        if first and is_numbering(cells):
            return RowKind.HEADING
        texts = {column: folded(cell) for column, cell in filled.items() if isinstance(cell, str)}
        heading = self._heading(filled, texts)
        if heading is not None:
            self._first = True
            return heading
        if words := self._begins_elsewhere(row, filled, texts):
            self.elsewhere = words
            return RowKind.NOTE
        if self._is_note(filled, texts) or self._is_beside_the_list(filled) or self.set_aside(cells):
            self._first = first
            return RowKind.NOTE
        if self._foreign or self.elsewhere or (self._moved and not filled.keys() <= self._headed):
            return RowKind.UNREAD  # where another table stood above, what stands beside the headings may be of it
        total = self._total(filled, texts)
        if total is None and after_gap and self._begins_another(filled, texts):
            self._foreign = self._moved = True
            return RowKind.UNREAD
        self._first = first and total is not None  # a total above the details may stand above the columns' numbers too
        self._numbered = self._numbered or any(_is_number(filled.get(column)) for column in self._serial)
        return total or RowKind.DETAIL

    def _heading(self, filled: dict[int, Cell], texts: dict[int, str]) -> RowKind | None:
        """Tell a repeated header or title, and where another table begins."""
        if not texts:
            return None
        if all(filled[column] is not None and text in self._table.titles for column, text in texts.items()) and len(
            texts
        ) == len(filled):
            self.elsewhere = ""
            return RowKind.HEADING
        for line in self._table.header_lines:
            same = sum(1 for column, text in texts.items() if line.get(column) == text)
            if same and (same == len(filled) or (same >= 2 and same >= _FOREIGN_SHARE * len(filled))):
                if self._is_exchanged(line, texts):
                    self._exchanged, self._foreign, self._moved = line, True, True
                    return RowKind.UNREAD
                if self._exchanged in (None, line):
                    self._foreign, self._exchanged = False, None
                return RowKind.HEADING
        known = sum(1 for text in texts.values() if normal(text) in self._words)
        first = normal(next(iter(texts.values())))
        numbered = first == "序号" and len(texts) == len(filled) > 1
        if numbered or (known >= 2 and known >= _FOREIGN_SHARE * len(filled)):
            self._foreign = self._moved = True
            return RowKind.UNREAD
        return None

    def _is_exchanged(self, line: dict[int, str], texts: dict[int, str]) -> bool:
        """Say whether a repeated header has its columns in another order: one's heading stands over another."""
        own = {column: normal(text) for column, text in line.items()}
        return any(
            column in own and own[column] != (label := normal(text)) and label in own.values() for column, text in texts.items()
        )

    def _begins_elsewhere(self, row: int, filled: dict[int, Cell], texts: dict[int, str]) -> str:
        """Return a line of words alone that says of what else the rows below are, empty where the row is none."""
        if len(texts) != len(filled) or not texts:
            return ""
        (column, text), *beside = texts.items()
        if any(not _NOTES.match(each) for _, each in beside) or _NOTES.match(text) or _LATE.search(text):
            return ""
        if self._is_of_another_time(text) and not self._may_be_data(row, column):
            return text
        if self._table.mapped.name is not None and self._table.mapped.name in text:
            return ""
        if any(name in text for name in self._table.others):
            return text
        return text if _OUT.search(text) and not self._may_be_data(row, column) else ""

    def _may_be_data(self, row: int, column: int) -> bool:
        """Say whether a lone text may be what a row of the list holds: it stands in a column that is read, and in no other."""
        if column in self._by_column and self._by_column[column].mapped.carried:
            return (row, column) not in self._wide
        return False

    def _is_of_another_time(self, text: str) -> bool:
        """Say whether a line names another month or year than the sheet's."""
        month = self._table.month
        if month is None:
            return False
        if months := months_in(text):
            return month not in months
        bare = bare_months(text) or ([match[1]] if (match := _BARE_MONTH.fullmatch(text)) else [])
        years = _OTHER_YEAR.findall(text)
        return (bool(bare) and int(month[5:]) not in map(int, bare)) or (bool(years) and month[:4] not in years) or bool(_OTHER_TIME.search(text))

    def _begins_another(self, filled: dict[int, Cell], texts: dict[int, str]) -> bool:
        """Say whether a row of words alone, one of them where this list has its serial numbers, is another table's heading."""
        words = [texts[column] for column in self._serial if column in texts]
        return self._numbered and bool(words) and 1 < len(texts) == len(filled) and not any(map(_DIGIT.search, words))

    def _is_note(self, filled: dict[int, Cell], texts: dict[int, str]) -> bool:
        """Say whether the row is a note: it begins as one, and nothing that the table carries stands beside."""
        column = next(iter(filled), 0)
        if column not in texts:
            return False
        if _SIGNATURES.match(texts[column]) and len(texts) == len(filled):
            return True
        if not _NOTES.match(texts[column]):
            return False
        beside = [each for each in filled if each != column and not _NOTES.match(texts.get(each, ""))]
        return not any(each in self._by_column and self._by_column[each].mapped.carried for each in beside)

    def _is_beside_the_list(self, filled: dict[int, Cell]) -> bool:
        """Say whether nothing is filled in but the serial number, or a word without a digit in its place."""
        return bool(filled) and filled.keys() <= self._serial and all(
            _is_number(cell) or not _DIGIT.search(str(cell)) for cell in filled.values()
        )  # fmt: skip

    def is_doubtful(self, cells: list[Cell]) -> bool:
        """Say whether a row that is taken for a note may be data: it holds a number, or does not begin as notes do."""
        filled = {column: cell for column, cell in enumerate(cells, 1) if not is_empty(cell)}
        numbers = {column for column, cell in filled.items() if _is_number(cell)}
        if filled.keys() <= self._serial:
            return not numbers and not _NOTES.match(folded(str(next(iter(filled.values()), ""))))
        return bool(numbers - self._serial)

    def set_aside(self, cells: list[Cell]) -> str:
        """Return what stands for a row's serial number where that says that the row is none: an example, or void."""
        words = [cells[column - 1] for column in self._serial if column <= len(cells)]
        return next((word for word in words if isinstance(word, str) and sets_aside(word)), "")

    def _total(self, filled: dict[int, Cell], texts: dict[int, str]) -> RowKind | None:
        """Tell a total from data that is only called like one."""
        for column, text in list(texts.items())[:LABEL_COLUMNS]:
            label = normal(text).rstrip(":")
            if label.startswith("其中") and (column in self._keys or not any(key in filled for key in self._keys)):
                return RowKind.NOTE
            if _PURE.fullmatch(label) or label in self._table.mapped.total_labels:
                if column not in self._keys and any(key in filled for key in self._keys):
                    return None
                return RowKind.SUBTOTAL if _OF_PART.search(label) else RowKind.TOTAL
            if _LOOSE.fullmatch(label) and self._stands_alone(column, filled):
                return RowKind.SUBTOTAL
        return None

    def _stands_alone(self, label: int, filled: dict[int, Cell]) -> bool:
        """Say whether beside a label there are amounts and nothing else: no serial number, no text that data has."""
        amounts = [column for column in filled if column in self.numbers]
        return bool(amounts) and all(
            column in self.numbers or column == label or self._is_unit(column) for column in filled
        )

    def _is_unit(self, column: int) -> bool:
        bound = self._by_column.get(column)
        return bound is not None and (bound.mapped.field in ("$unit", "$remark") or bound.reads.field == "unit")
