"""Headings: how they compare, which unit they name, in which lines they stand, under which path a column lies. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from exchange_connectors.excel.cells import as_text, fold_width, is_empty
from exchange_connectors.excel.mapping import SheetMap
from exchange_connectors.excel.workbook import Merge, Sheet
from exchange_connectors.kit.money import Unit
from exchange_contracts.units import (
    COUNT_WORDS,
    QUANTITY_WORDS,
    counts_things,
    holds_money,
    money_unit,
    multiplier,
    names_money,
)

HEADER_SEARCH_ROWS = 15
HEADER_LINES_MAX = 3

Path = tuple[str, ...]

_TO_ROUND = str.maketrans("【】[]〔〕{}「」〈〉", "()()()()()()")
_LAST_BRACKET = re.compile(r"\([^()]*\)$")
_BRACKET = re.compile(r"\(([^()]*)\)")
_SAYS_UNIT = re.compile(r"(?:(?:计量|金额|货币)?单位|人民币):?")
_TITLE_UNIT = re.compile(r"(?P<of>计量|金额|货币|^|(?<=[(]))单位(?:均|统一)?[:为是(]*|(?<=[,;、_-])单位(?:均|统一)?[:为是(]*|(?<=[一-鿿\d])单位[:为是(]+")
_COUNTED_IN = re.compile(r"[以按](?P<unit>[^以按:(),]{1,6}?)(?:为单位|计(?![划算提])|填[列报写])")
_MONEY_WORD = r"[十百千万亿]*元(?:人民币)?"
_SAID_PLAINLY = re.compile(rf"(?:[一-鿿]:|均为|均是|金额[为是])(?P<unit>{_MONEY_WORD})(?=$|[(),.;:、/|·]|{'|'.join(sorted(COUNT_WORDS, key=len, reverse=True))})")
"""An amount's unit behind a colon or ``均为``: 金额：元, 本表金额均为元."""
_MIXED = re.compile(rf"(?:(?:10+)?{_MONEY_WORD}|{'|'.join(sorted(COUNT_WORDS | QUANTITY_WORDS, key=len, reverse=True))}|[%,.、;/|·和及])+")
"""Units one after the other, each of its own columns: 元 台, 万元·台套."""
_FOREIGN_WORDS = re.compile(r"(?:units?:?.*|.*(?:RMB|CNY|USD|EUR|HKD|JPY)\W*)(?:yuan|RMB|CNY|USD|EUR|HKD|JPY|dollars?|\W?0{3,}).*", re.IGNORECASE)
_CURRENCY = re.compile(r"币种[:为是]*(?P<unit>[一-鿿A-Z]{1,3}[元币镑布金布])")
_ITEMS = re.compile(r"[、,;/和]")
_MUST_FILL = "*"
"""How templates mark the heading of a column that must be filled."""
_JOINT = re.compile(r"[-_/.:·>—|]+")
"""What stands between the parts of a heading that a program wrote into one line: 商品信息-品类."""


@lru_cache(1 << 13)
def folded(text: str) -> str:
    """Return a heading half-width, with round brackets, without blanks and what nobody sees."""
    return "".join(fold_width(text).translate(_TO_ROUND).split())


@lru_cache(1 << 13)
def normal(text: str) -> str:
    """Return a heading without its trailing brackets."""
    squeezed = folded(text)
    bare = squeezed.strip(_MUST_FILL)
    while (shorter := _LAST_BRACKET.sub("", bare).rstrip(":")) != bare:
        bare = shorter
    return bare or squeezed


@lru_cache(1 << 13)
def _own(text: str) -> str:
    """Return a heading without the brackets that only name a unit of money."""
    return _BRACKET.sub(lambda match: "" if _money_words(match[1]) else match[0], folded(text).strip(_MUST_FILL))


def _money_words(text: str) -> list[str]:
    """Return the units of money that a bracket consists of, known or not."""
    items = [_SAYS_UNIT.sub("", item, count=1) for item in re.split(r"[、,;]", text)]
    items = [match["unit"] if (match := _COUNTED_IN.fullmatch(item)) else item for item in items]
    return [item for item in items if names_money(item)]


def units_in(text: str) -> list[str]:
    """Return the words for a unit of money, known or not, that a heading names in its brackets.

    A bracket in which a unit stands among other words is one that is not known; an amount, such as 6000元以下, is none.
    """
    brackets = _BRACKET.findall(folded(text))
    named = [word for bracket in brackets for word in _money_words(bracket)]
    return named or [bracket for bracket in brackets if holds_money(bracket) and (not re.search(r"\d", bracket) or _is_a_multiple(bracket))]


def _is_a_multiple(text: str) -> bool:
    """Say whether a text names so many of a unit as one: 1000元, RMB'000."""
    return re.fullmatch(rf"10+{_MONEY_WORD}", text) is not None or _FOREIGN_WORDS.fullmatch(text) is not None


def unit_in(text: str) -> Unit | None:
    """Return the unit of money that a heading names in its brackets, where it is known."""
    return next((unit for word in units_in(text) if (unit := money_unit(word)) is not None), None)


def measure_in(text: str) -> str:
    """Return the unit of a quantity or count that a heading names in its brackets, empty for none."""
    for bracket in reversed(_BRACKET.findall(folded(text))):
        word = _SAYS_UNIT.sub("", bracket, count=1)
        factor, rest = multiplier(word)
        if rest.removesuffix("/年") in QUANTITY_WORDS or rest == "%" or counts_things(rest) or (factor > 1 and not rest):
            return word
    return ""


def units_in_titles(titles: Iterable[str]) -> list[str]:
    """Return the words for a unit of money that lines outside the table name: ``单位：千元``, ``以千元计``, or a bracket of its own.

    >>> units_in_titles(["填报单位：区样例局　单 位：人民币 千元"])
    ['千元']
    >>> units_in_titles(["金额：元"]), units_in_titles(["单位：万元 台套"])
    (['元'], ['万元'])
    """
    found: list[str] = []
    for title in titles:
        text = folded(title)
        for match in _TITLE_UNIT.finditer(text):
            said = re.split(r"[():。]|单位|币种", text[match.end() :], maxsplit=1)[0].removeprefix("人民币")
            items = [item for item in _ITEMS.split(said) if names_money(item)]
            items = items or (re.findall(rf"(?:10+)?{_MONEY_WORD}", said) if _MIXED.fullmatch(said) else [])
            found += items or ([said] if (match["of"] and holds_money(said)) or _is_a_multiple(said) else [])
        found += [match["unit"] for match in _SAID_PLAINLY.finditer(text)]
        found += [text] if _FOREIGN_WORDS.fullmatch(text) else []
        found += [match["unit"] for match in _COUNTED_IN.finditer(text) if names_money(match["unit"])]
        found += [match["unit"] for match in _CURRENCY.finditer(text) if match["unit"] not in ("人民币", "元")]
        found += [item for bracket in [*_BRACKET.findall(text), text.strip("()")] for item in _ITEMS.split(bracket) if names_money(item)]
    return list(dict.fromkeys(found))


def parts(text: str) -> Path:
    """Return a mapping's heading, ``父/子``, as its parts."""
    return tuple(text.split("/"))


Columns = Mapping[Path, list[int]]
"""Heading → the columns under it, from left to right."""


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings that some lines of a sheet hold: texts from top to bottom.

    Attributes:
        paths: column → heading as it stands, a last line that is only a unit in brackets behind the one above.
        own: columns by their headings without the brackets that name a unit of money.
        bare: columns by their headings without any trailing brackets.
        leaves: columns by the last text of such a heading.
        over_units: those that a line of units belongs to, with it as a line of its own.
    """

    paths: dict[int, Path]
    own: Columns
    bare: Columns
    leaves: Columns
    over_units: Columns

    def columns(self, wanted: Path) -> list[int]:
        """Return the columns under *wanted*: by the whole path, else by the last part where that is unique."""
        if whole := self.own.get(tuple(map(_own, wanted))):
            return whole
        bare = tuple(map(normal, wanted))
        whole = self.bare.get(bare, [])
        if whole or len(wanted) > 1:
            whole = whole or self.over_units.get(bare, [])
            text = "".join(bare)
            return whole or sorted(column for path, under in self.bare.items() if len(path) == 1 and _JOINT.sub("", path[0]) == text for column in under)
        leaf = self.leaves.get(bare, [])
        return leaf if len({self.paths[column] for column in leaf}) == 1 else []

    def alike(self, wanted: Path) -> list[int]:
        """Return the columns whose headings are *wanted* but for what stands in brackets."""
        return self.bare.get(tuple(map(normal, wanted)), [])


def headings(sheet: Sheet, lines: tuple[int, ...]) -> Headings:
    """Return the headings in *lines*."""
    written = _paths(sheet, lines)
    paths = {column: _unit_in_brackets(path) for column, path in written.items()}
    bare = {column: tuple(map(normal, path)) for column, path in paths.items()}
    return Headings(
        paths,
        _by_path((column, tuple(map(_own, path))) for column, path in paths.items()),
        _by_path(bare.items()),
        _by_path((column, path[-1:]) for column, path in bare.items()),
        _by_path((column, tuple(map(normal, path))) for column, path in written.items() if path != paths[column]),
    )


def _by_path(columns: Iterable[tuple[int, Path]]) -> Columns:
    found: dict[Path, list[int]] = {}
    for column, path in columns:
        found.setdefault(path, []).append(column)
    return found


def _unit_in_brackets(path: Path) -> Path:
    """Return a heading whose last line is only a unit, such as 总投资 over 万元, as 总投资(万元)."""
    if len(path) < 2 or not is_unit(path[-1]):
        return path
    return (*path[:-2], f"{path[-2]}({_SAYS_UNIT.sub('', folded(path[-1]).strip('()'), count=1)})")


def _paths(sheet: Sheet, lines: tuple[int, ...]) -> dict[int, Path]:
    """Return each column's heading texts from top to bottom, merged cells filled in, repetitions dropped."""
    width = max((len(sheet.rows[line - 1]) for line in lines if line <= len(sheet.rows)), default=0)
    merged = {
        (row, column): merge
        for merge in sheet.merges
        for row in range(max(merge.top, min(lines)), min(merge.bottom, max(lines)) + 1)
        for column in range(merge.left, min(merge.right, width) + 1)
    }
    grid = [[_header_cell(sheet, line, column, merged) for column in range(1, width + 1)] for line in lines]
    for level, (upper, lower) in enumerate(pairwise(grid)):
        for index in range(1, width):
            if upper[index] or not lower[index] or (lines[0], index + 1) in merged:
                continue
            # A parent typed once and not merged stands over its neighbours that have a child only; a unit belongs to the heading above it.
            if not (is_unit(lower[index]) and any(line[index] for line in grid[:level])):
                upper[index] = upper[index - 1]
    paths = {}
    for index in range(width):
        path: list[str] = []
        for text in (line[index] for line in grid):
            if text and (not path or path[-1] != text):
                path.append(text)
        if path:
            paths[index + 1] = tuple(path)
    return paths


def _header_cell(sheet: Sheet, row: int, column: int, merged: Mapping[tuple[int, int], Merge]) -> str:
    merge = merged.get((row, column))
    cell = sheet.cell(merge.top, merge.left) if merge is not None else sheet.cell(row, column)
    return (
        fold_width(as_text(cell)).strip() if isinstance(cell, str) and not cell.isprintable() else as_text(cell).strip()
    )


def find_header(sheet: Sheet, mapped: SheetMap) -> tuple[int, ...]:
    """Return the lines that match most of the mapped headings, the fewest lines where several do; none where half of those that must be there are not.

    A column that may be missing is not missed: sheets made before it was in the template are read.
    """
    best: tuple[int, int, tuple[int, ...]] = (0, 0, ())
    wanted = [parts(heading) for heading in mapped.headings()]
    needed = sum(not column.optional for column in mapped.headings().values())
    for first in range(1, min(HEADER_SEARCH_ROWS, len(sheet.rows)) + 1):
        for depth in range(1, HEADER_LINES_MAX + 1):
            lines = tuple(range(first, first + depth))
            if lines[-1] > len(sheet.rows) or (len(wanted), -depth) <= best[:2]:
                break  # nothing deeper is better either
            found = headings(sheet, lines)
            score = sum(1 for each in wanted if found.columns(each))
            if (score, -depth) > best[:2]:
                best = (score, -depth, lines)
    return with_units(sheet, _with_parents(sheet, best[2])) if best[0] and best[0] * 2 >= needed else ()


def with_units(sheet: Sheet, lines: tuple[int, ...]) -> tuple[int, ...]:
    """Return a header's lines with the line of units that may stand below it."""
    below = max(lines) + 1
    cells = sheet.rows[below - 1] if below <= len(sheet.rows) else []
    texts = [as_text(cell).strip() for cell in cells if not is_empty(cell)]
    return (*lines, below) if texts and all(map(is_unit, texts)) else lines


@lru_cache(1 << 13)
def is_unit(text: str) -> bool:
    """Say whether a heading is a unit and nothing else: 万元, （台）, 单位：部."""
    word = _SAYS_UNIT.sub("", folded(text).strip("()"), count=1)
    return bool(word) and (bool(names_money(word)) or measure_in(f"({word})") != "")


def _with_parents(sheet: Sheet, lines: tuple[int, ...]) -> tuple[int, ...]:
    """Return header lines with those above that belong to them: a range reaches down from there, or stands over some columns."""
    while len(lines) < HEADER_LINES_MAX and lines[0] > 1:
        above = lines[0] - 1
        reaches = any(merge.top <= above < lines[0] <= merge.bottom for merge in sheet.merges)
        over = any(
            merge.top == merge.bottom == above
            and 1 < merge.left < merge.right
            and isinstance(text := sheet.cell(above, merge.left), str)
            and not re.search("[:月]|单位", folded(text))
            for merge in sheet.merges
        )
        if not reaches and not over:
            break
        lines = (above, *lines)
    return lines
