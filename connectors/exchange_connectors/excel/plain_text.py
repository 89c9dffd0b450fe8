"""Reading tables without a workbook: .csv, .txt and tab text, HTML and MHTML as systems export them under the name .xls."""

import csv
import email
import email.policy
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from html.parser import HTMLParser

from typing_extensions import override

from exchange_connectors.excel.model import Cell
from exchange_connectors.excel.workbook import (
    CELLS_MAX,
    COLUMNS_MAX,
    ROWS_MAX,
    Mark,
    Merge,
    Sheet,
    UnreadableError,
    bounded,
)

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)", re.IGNORECASE)
_LINES_LOOKED_AT = 100
_DELIMITERS = {"\t": "制表符", ",": "逗号", ";": "分号", "|": "竖线", "，": "全角逗号"}
_PROTECTED = re.compile(r'="([^"]*)"')
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB18030"}
_UNSEEN = frozenset({"script", "style", "title", "template", "noscript", "select", "textarea", "option"})
_CELLS = frozenset({"td", "th", "tr", "col"})
_EMPTY = frozenset({"br", "img", "input", "meta", "link", "hr", "col", "wbr"})
_TYPE_FACES = {"s": Mark.PARTLY_STRUCK, "strike": Mark.PARTLY_STRUCK, "del": Mark.PARTLY_STRUCK, "sup": Mark.RAISED, "sub": Mark.RAISED}


def decode(body: bytes, declared: bool = False) -> tuple[str, str]:
    """Return the text and the encoding's name: by its mark, as declared, strictly UTF-8, else GB18030.

    Raises:
        UnreadableError: it is none of them.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _strictly(body[len(mark) :], name), _NAMES[name]
    match = _CHARSET.search(body[:4096]) if declared else None
    if match is not None and match[1].lower() in (b"gb2312", b"gbk", b"gb18030"):
        return _strictly(body, "gb18030"), "GB18030"
    try:
        return body.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _strictly(body, "gb18030"), "GB18030"


def _strictly(body: bytes, name: str) -> str:
    try:
        text = body.decode(name)
    except UnicodeDecodeError as error:
        raise UnreadableError("打不开（文字编码认不出），请用表格软件打开并另存为xlsx") from error
    if "\x00" in text:
        raise UnreadableError("打不开（不是电子表格），请另存为xlsx")
    return text


def read_text(name: str, body: bytes) -> tuple[Sheet, str]:
    """Read separated text; also return what it was taken for (Chinese).

    Raises:
        UnreadableError: no text, quotes that do not close, or beyond the limits.
    """
    text, encoding = decode(body)
    delimiter = _delimiter(text)
    rows: list[list[Cell]] = []
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if len(rows) >= ROWS_MAX:
                bounded(name, ROWS_MAX + 1, 1)
            rows.append([_field(each) for each in line])
    except csv.Error as error:
        raise UnreadableError("打不开（引号不成对或一格太长），请用表格软件打开并另存为xlsx") from error
    width = max(map(len, rows), default=0)
    bounded(name, len(rows), width)
    if width > COLUMNS_MAX:
        raise UnreadableError(f"有{width}列，超过{COLUMNS_MAX}列，请删去多余的列")
    return Sheet(name, rows, separated=True), f"文本文件，按{encoding}编码、{_DELIMITERS[delimiter]}分隔读取"


def _field(text: str) -> Cell:
    """Return a field; ``="00123"`` is how programs keep a spreadsheet from making a number of a text."""
    match = _PROTECTED.fullmatch(text)
    return (match[1] if match else text) or None


def _delimiter(text: str) -> str:
    """Return the sign that cuts most of the first lines into equally many fields."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.splitlines()[:_LINES_LOOKED_AT]]

    def regular(sign: str) -> tuple[int, int, bool]:
        counts = Counter(count for line in lines if (count := line.count(sign)))
        count, times = max(counts.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
        return times, count, sign == ","

    return max(_DELIMITERS, key=regular)


@dataclass
class _Tables(HTMLParser):
    """Gathers the rows of a page's tables, with what spans several cells and what does not show."""

    rows: list[list[Cell]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    marks: dict[tuple[int, int], Mark] = field(default_factory=dict)
    tables: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._taken: dict[tuple[int, int], None] = {}
        self._text: list[str] | None = None
        self._outside: list[str] = []
        self._open: list[int] = []
        self._silent: list[str] = []
        self._mark: Mark | None = None
        self._columns = 0
        self._span = (1, 1)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        gone = "hidden" in attributes or "display:none" in (attributes.get("style") or "").replace(" ", "").lower()
        if self._silent or tag in _UNSEEN or (gone and tag not in (*_CELLS, *_EMPTY)):
            self._silent += [] if tag in _EMPTY else [tag]
        elif tag == "table":
            self._close_cell()
            self._say_outside()
            self.tables += 1
            self._open.append(len(self.rows))
            self._columns = 0
            if self.rows:
                self.rows.append([])
        elif tag == "tr":
            self._close_cell()
            self._say_outside()
            self.rows.append([])
            bounded("", len(self.rows), 1)
            if gone:
                self.hidden.add(len(self.rows))
        elif tag == "col":
            self._columns += _span(attributes.get("span"))
            if gone:
                self.hidden_columns.update(range(self._columns - _span(attributes.get("span")) + 1, self._columns + 1))
        elif tag in ("td", "th"):
            self._open_cell(attributes, gone)
        elif tag in ("br", "p", "div"):
            (self._outside if self._text is None else self._text).append("\n")
        elif tag in _TYPE_FACES and self._text is not None:
            self._mark = _TYPE_FACES[tag]

    def _open_cell(self, attributes: dict[str, str | None], gone: bool) -> None:
        self._close_cell()
        self._say_outside()
        if not self.rows:
            self.rows.append([])
        self._text, self._mark = [], None
        self._span = _span(attributes.get("rowspan")), _span(attributes.get("colspan"))
        if gone:
            self.hidden_columns.add(self._next_column())

    def _next_column(self) -> int:
        row = self.rows[-1]
        while (len(self.rows), len(row) + 1) in self._taken:
            row.append(None)
        return len(row) + 1

    def _say_outside(self) -> None:
        """Make lines of the text between tables and above them: there units and months are written too."""
        lines = [line.strip() for line in "".join(self._outside).splitlines()]
        self._outside = []
        self.rows += [[line] for line in lines if line]

    @override
    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            while tag in self._silent and self._silent.pop() != tag:
                continue
        elif tag in _CELLS or tag == "table":
            self._close_cell()
        if tag == "table" and self._open:
            self._open.pop()

    @override
    def handle_data(self, data: str) -> None:
        if not self._silent:
            (self._outside if self._text is None else self._text).append(data if self._text is not None else data.replace("\n", " "))

    @override
    def close(self) -> None:
        super().close()
        self._close_cell()
        self._say_outside()

    def _close_cell(self) -> None:
        if self._text is None:
            return
        text, self._text = re.sub(r"[ \t\r\f]*\n\s*", "\n", "".join(self._text)).strip(), None
        column = self._next_column()
        number, row = len(self.rows), self.rows[-1]
        down, right = self._span
        if self._mark is not None:
            self.marks[number, column] = self._mark
        row.append(text or None)
        row.extend([None] * (right - 1))
        if down > 1 or right > 1:
            self.merges.append(Merge(number, column, number + down - 1, column + right - 1))
            self._taken.update(
                dict.fromkeys((r, c) for r in range(number + 1, number + down) for c in range(column, column + right))
            )
        if len(row) > COLUMNS_MAX or len(self._taken) > CELLS_MAX:
            raise UnreadableError("网页表格过宽，请另存为xlsx后重报")


def _span(text: str | None) -> int:
    return min(int(text), ROWS_MAX) if text and text.isdecimal() and int(text) > 0 else 1


def read_html(name: str, body: bytes) -> tuple[Sheet, str]:
    """Read the tables of a page, one below the other; also return what it was taken for (Chinese).

    Raises:
        UnreadableError: no table, or beyond the limits.
    """
    text, encoding = decode(body, declared=True)
    tables = _Tables()
    tables.feed(text)
    tables.close()
    if not tables.tables:
        raise UnreadableError("是网页文件，里面没有表格，请另存为xlsx后重报")
    width = max([len(row) for row in tables.rows] + [merge.right for merge in tables.merges])
    bounded(name, len(tables.rows), width)
    for row in tables.rows:
        row.extend([None] * (width - len(row)))
    sheet = Sheet(
        name, tables.rows, tuple(tables.merges), hidden_rows=tables.hidden, hidden_columns=tables.hidden_columns, marks=tables.marks
    )  # fmt: skip
    return sheet, f"网页表格，按{encoding}编码读取"


def read_mhtml(name: str, body: bytes) -> tuple[Sheet, str]:
    """Read the one page with a table of a web archive; also return what it was taken for (Chinese).

    Raises:
        UnreadableError: none or several pages with tables.
    """
    message = email.message_from_bytes(body, policy=email.policy.default)
    pages: list[tuple[Sheet, str]] = []
    for part in message.walk():
        if isinstance(part, EmailMessage) and part.get_content_type() == "text/html":
            page = part.get_payload(decode=True)
            if isinstance(page, bytes) and b"<table" in page.lower():
                pages.append(read_html(name, page))
    if len(pages) != 1:
        raise UnreadableError(f"是网页存档，里面有{len(pages)}张表，请另存为xlsx后重报")
    sheet, taken_as = pages[0]
    return sheet, taken_as.replace("网页表格", "网页存档")
