"""A mapping proposed for a workbook that nobody has mapped yet: sheets, heading lines, fields, units, keys, with samples. Pure.

Headings are compared with what the contracts call their fields, and cells with what the fields take. What the workbook does not
tell is left open in words that ``hub connect check`` asks about: nothing is guessed.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache, lru_cache

from exchange_connectors.excel.cells import Column, as_text, is_empty
from exchange_connectors.excel.fields import FieldType, type_of
from exchange_connectors.excel.headings import (
    HEADER_LINES_MAX,
    HEADER_SEARCH_ROWS,
    Headings,
    Path,
    folded,
    headings,
    normal,
    units_in,
    units_in_titles,
    with_units,
)
from exchange_connectors.excel.model import BESIDE, Cell
from exchange_connectors.excel.months import month_in
from exchange_connectors.excel.values import read_value
from exchange_connectors.excel.vocabulary import COMPANIONS, KINDS, NAMES, TARGETS
from exchange_connectors.excel.workbook import Sheet, Workbook
from exchange_connectors.kit.money import Unit
from exchange_contracts import personal, registry
from exchange_contracts.shape import Field, title_of

SAMPLES = 3
LOOKED_AT_ROWS = 200
OPEN = "请填写"
"""Stands where the workbook does not tell; no code list has it, so that a check asks."""

DATED = "dated_on"
"""Row field of a date that no event carries and that says when it happened."""

_DATES = (DATED, "on", "received_on", "issued_on")
_ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class _Seen:
    """A column as it stands: heading, what the mapping would call it, and its filled cells."""

    column: int
    path: Path
    text: str
    cells: tuple[Cell, ...]


@dataclass(slots=True)
class _Proposal:
    """A sheet's meaning: the events, and for each column its field with how well it fits."""

    events: list[str] = field(default_factory=list)
    fields: dict[int, str] = field(default_factory=dict)
    score: float = 0.0


def discover(workbook: Workbook, bureau: str) -> str:
    """Return a proposal for a mapping (TOML) of every visible sheet that holds a table.

    Args:
        workbook: as read.
        bureau: the bureau's code.
    """
    lines = [
        f"# 由 {workbook.file.replace(chr(10), ' ')} 推测；“{OPEN}”处须填写，其余请核对，再用 hub connect check 检查。",
        f"bureau = {_quoted(bureau)}",
        f'source = {_quoted(f"{bureau}-workbooks")}    # 事件身份的一部分，定后不改',
        'inbox = "."',
    ]
    for sheet in workbook.sheets:
        if not sheet.hidden and sheet.name.strip() not in BESIDE:
            lines += _sheet(sheet, workbook.file)
    return "\n".join(lines) + "\n"


def _sheet(sheet: Sheet, file: str) -> Iterator[str]:
    found = _table(sheet)
    if found is None:
        yield f"\n# 工作表{_quoted(sheet.name)}：没有找到表头，未写入"
        return
    header, columns, titles = found
    proposal = _proposed(columns)
    if not proposal.events:
        yield f"\n# 工作表{_quoted(sheet.name)}：表头与各事件都不相符，未写入：{'、'.join(each.text for each in columns)}"
        return
    list_, key = TARGETS[proposal.events[0]]
    yield from ("", "[[sheet]]", f"name = {_quoted(sheet.name.strip())}", f"list = {_quoted(list_)}", f"header = {list(header)}    # 表头所在行")
    yield from _month(proposal, titles, file)
    yield from _unit(proposal, columns, titles)
    yield from ("", "[sheet.columns]", *(_column(each, proposal) for each in columns))
    constants = dict(_constants(proposal, [sheet.name, *titles, file]))
    if constants:
        yield from ("", "[sheet.constants]", *(f"{name} = {_quoted(value)}{words}" for name, (value, words) in constants.items()))
    filled = {*proposal.fields.values(), *constants}
    for event in proposal.events:
        yield from ("", "[[sheet.event]]", f'type = "{event}"', f"key = {_quoted(_key(key, filled))}")
        if event != proposal.events[0]:
            yield f"when = {json.dumps(_needed(event)[:1])}"
        dated = [name for name in _DATES if name in proposal.fields.values()]
        if dated:
            yield f'occurred_on = "{dated[0]}"'


def _table(sheet: Sheet) -> tuple[tuple[int, ...], list[_Seen], list[str]] | None:
    """Find the heading lines: those whose headings are best known, below them cells."""
    best: tuple[int, int, tuple[int, ...]] = (0, 0, ())
    for first in range(1, min(HEADER_SEARCH_ROWS, len(sheet.rows)) + 1):
        if any(merge.top < first <= merge.bottom for merge in sheet.merges):
            continue  # a heading that begins above belongs to it
        for depth in range(1, HEADER_LINES_MAX + 1):
            lines = tuple(range(first, first + depth))
            if lines[-1] >= len(sheet.rows) or any(isinstance(cell, int | float) for cell in sheet.rows[lines[-1] - 1]):
                break
            known = _known(headings(sheet, lines))
            if (known, -depth) > best[:2]:
                best = (known, -depth, lines)
    if best[0] < 2:
        return None
    lines = with_units(sheet, best[2])
    found = headings(sheet, lines)
    below = sheet.rows[max(lines) : max(lines) + LOOKED_AT_ROWS]
    seen = []
    for column, path in found.paths.items():
        cells = tuple(
            cell for row in below if len(row) >= column and not is_empty(cell := row[column - 1]) and normal(as_text(cell)) != normal(path[-1])
        )
        seen.append(_Seen(column, path, _name(found, column, path), cells))
    titles = [as_text(cell) for row in sheet.rows[: min(lines) - 1] for cell in row if isinstance(cell, str)]
    return lines, seen, titles


def _known(found: Headings) -> int:
    """Count the headings that stand once and are like a name that fields go by."""
    paths = list(found.paths.values())
    return sum(paths.count(path) == 1 and any(_likeness(path, name) >= _ENOUGH for name in _every_name()) for path in paths)


def _name(found: Headings, column: int, path: Path) -> str:
    """Return the shortest heading by which a mapping finds the column alone."""
    for text in (normal(path[-1]), "/".join(map(normal, path)), "/".join(map(folded, path))):
        if found.columns(tuple(text.split("/"))) == [column]:
            return text
    return "/".join(map(folded, path))


def _proposed(columns: Sequence[_Seen]) -> _Proposal:
    """Return the event that explains the columns best, with those that may go with it."""
    best = max((_assigned(event, columns) for event in TARGETS), key=lambda each: each.score)
    if best.score < 1.5:
        return _Proposal()
    for companion in COMPANIONS.get(best.events[0], ()):
        more = _assigned(companion, [each for each in columns if each.column not in best.fields])
        if set(_needed(companion)) - {"month"} <= set(more.fields.values()):
            best.events.append(companion)
            best.fields |= {column: name for column, name in more.fields.items() if name not in best.fields.values()}
    _date(best, columns)
    return best


def _date(proposal: _Proposal, columns: Sequence[_Seen]) -> None:
    """Take the first column of dates that is no field for the day of the event, where no field is."""
    if set(_DATES) & set(proposal.fields.values()) or "month" in registry.load().latest(proposal.events[0]).subkey:
        return
    date = Column(DATED, FieldType("date"))
    for each in columns:
        called_so = each.column not in proposal.fields and normal(each.path[-1]).endswith(("日期", "时间"))
        if called_so and each.cells and not any(read_value(cell, date).refused for cell in each.cells):
            proposal.fields[each.column] = DATED
            return


def _assigned(event: str, columns: Sequence[_Seen]) -> _Proposal:
    """Give each column the field of an event that it fits best, each field once."""
    fits = sorted(
        ((score, each.column, name) for each in columns for name in _fields(event, each) if (score := _fit(event, each, name)) >= _ENOUGH),
        key=lambda fit: (-fit[0], fit[1]),
    )
    made = _Proposal([event])
    for score, column, name in fits:
        if column not in made.fields and name not in made.fields.values():
            made.fields[column] = name
            made.score += score
    lacking = [name for name in _needed(event) if name not in made.fields.values() and name != "month" and not _codes(event, name)]
    made.score -= len(lacking)
    return made


def _fields(event: str, seen: _Seen) -> Iterator[str]:
    """Yield the row fields that a column may fill: the event's, those of its key, entries of its maps."""
    for each in _contract_fields(event):
        codes = registry.load().codelists[each.shape.keys_codelist] if each.shape.keys_codelist else ()
        for part in map(normal, seen.path):
            if part in codes:
                yield f"{each.name}.{part}"
            if each.shape.keys_format == "year" and (year := re.fullmatch(r"(20\d\d)年?", part)):
                yield f"{each.name}.{year[1]}"
        if each.shape.meaning != "map":
            yield each.name
    yield from (name for name in KINDS if f"{{{name}" in TARGETS[event][1] or f"|{name}" in TARGETS[event][1])


def _fit(event: str, seen: _Seen, name: str) -> float:
    """Say how well a column fits a field, by its heading and by what its cells hold."""
    base, _, key = name.partition(".")
    score = 0.95 if key else max(_likeness(seen.path, word) for word in _names(event, base))
    if score < _ENOUGH or not seen.cells:
        return score
    type_ = _type(event, name)
    column = Column(name, type_, Unit.YUAN if type_.kind == "money" else None)
    readable = sum(not read_value(cell, column).refused for cell in seen.cells)
    return score if type_.codes or readable * 2 >= len(seen.cells) else 0.0


@lru_cache(1 << 16)
def _likeness(path: Path, name: str) -> float:
    """Say how alike a heading and a field's name are, from 0 to 1.

    >>> [round(_likeness(("项目单位", "名称"), "项目单位名称"), 2), round(_likeness(("总投资(万元)",), "总投资"), 2), round(_likeness(("序号",), "总投资"), 2)]
    [1.0, 1.0, 0.0]
    """
    parts = [normal(part) for part in path]
    whole = max(_alike("".join(parts), name), _alike("".join(reversed(parts)), name))
    return max(whole, _alike(parts[-1], name) - 0.05 * (len(parts) > 1))


def _alike(text: str, name: str) -> float:
    if text == name:
        return 1.0
    if min(len(text), len(name)) < 2:
        return 0.0
    if text in name or name in text:
        return 0.6 + 0.35 * min(len(text), len(name)) / max(len(text), len(name))
    ratio = SequenceMatcher(None, text, name).ratio()
    return 0.9 * ratio if ratio >= 0.7 else 0.0


@cache
def _names(event: str, name: str) -> tuple[str, ...]:
    """Return what a field is called: by its contract, and besides."""
    docs = [title_of(each.doc) for each in _contract_fields(event) if each.name == name]
    return (*docs, *NAMES.get(name, ()))


@cache
def _every_name() -> frozenset[str]:
    codes = registry.load().codelists["funding_source"]
    return frozenset((*codes, "序号", "备注", *(word for event in TARGETS for each in (*(f.name for f in _contract_fields(event)), *KINDS) for word in _names(event, each))))


@cache
def _contract_fields(event: str) -> tuple[Field, ...]:
    common = {each.name for each in registry.load().latest("ProjectWithdrawn").fields}
    return tuple(each for each in registry.load().latest(event).fields if each.name not in common)


def _type(event: str, name: str) -> FieldType:
    base, _, key = name.partition(".")
    shape = next((each.shape for each in _contract_fields(event) if each.name == base), None)
    if shape is None:
        return FieldType("date" if name == DATED else KINDS[name])
    return type_of(base, shape.inner if key and shape.inner is not None else shape)


def _codes(event: str, name: str) -> tuple[str, ...]:
    return _type(event, name).codes


def _needed(event: str) -> list[str]:
    """Return the fields that an event cannot do without."""
    return [each.name for each in _contract_fields(event) if not each.has_default and not each.shape.optional]


def _month(proposal: _Proposal, titles: Sequence[str], file: str) -> Iterator[str]:
    if "month" in proposal.fields.values():
        yield 'month = ["column"]'
    elif not any(map(month_in, titles)):
        words = "" if month_in(file) else "    # 表头和文件名都没有写月份，请改为月份所在单元格，如 ['cell:B2']"
        yield f'month = ["file"]{words}'


def _unit(proposal: _Proposal, columns: Sequence[_Seen], titles: Sequence[str]) -> Iterator[str]:
    """Ask for the unit of money where neither headings nor title say one."""
    money = [each for each in columns if (name := proposal.fields.get(each.column)) and _kind(proposal, name).kind == "money"]
    if not units_in_titles(titles) and any(not any(map(units_in, each.path)) for each in money):
        yield f'# unit = "万元"    # 表中没有写明计量单位：请核实后去掉行首的#（可选：{"、".join(Unit)}）'


def _kind(proposal: _Proposal, name: str) -> FieldType:
    event = next((event for event in proposal.events if any(each.name == name.partition(".")[0] for each in _contract_fields(event))), proposal.events[0])
    return _type(event, name)


def _column(seen: _Seen, proposal: _Proposal) -> str:
    """Return the line of a column, with samples."""
    name = proposal.fields.get(seen.column)
    texts = list(dict.fromkeys(as_text(cell).strip().replace("\n", " ")[:20] for cell in seen.cells))
    shown = [f"“{text}”" for text in texts if text and not personal.holds_personal_number(text)][:SAMPLES]
    words = f"    # 如{'、'.join(shown)}" if shown else "    # 空列"
    if name is None:
        return f"{_quoted(seen.text)} = {{ ignore = true }}{words}"
    type_ = _kind(proposal, name)
    parts = [f"field = {_quoted(name)}"]
    if not any(each.name == name.partition(".")[0] for event in proposal.events for each in _contract_fields(event)):
        parts.append(f'kind = "{type_.kind}"')
    strange = {text: _nearest(text, type_.codes) for text in texts if text and type_.kind == "code" and text not in type_.codes}
    if strange:
        parts.append(f"values = {{ {', '.join(f'{_quoted(text)} = {_quoted(code)}' for text, code in strange.items())} }}")
    meaning = _quoted(name) if len(parts) == 1 else "{ " + ", ".join(parts) + " }"
    return f"{_quoted(seen.text)} = {meaning}{words}"


def _nearest(text: str, codes: Sequence[str]) -> str:
    """Return the one code that a value holds or is held by; open where none or several do."""
    near = [code for code in codes if code in text or text in code]
    return near[0] if len(near) == 1 else OPEN


def _constants(proposal: _Proposal, texts: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield needed codes that no column holds: the one that title or name holds, else left open with the choices."""
    for event in proposal.events:
        for name in _needed(event):
            codes = _codes(event, name)
            if name not in proposal.fields.values() and codes:
                told = {code for code in codes if any(code in text for text in texts)}
                yield name, (told.pop(), "    # 取自表名或标题，请核对") if len(told) == 1 else (OPEN, f"    # 可选：{'、'.join(codes)}")
            elif name not in proposal.fields.values() and name != "month":
                yield name, (OPEN, f"    # 表中没有“{_names(event, name)[0]}”列：对应一列后删去本行，或填写固定值")


def _key(template: str, filled: set[str]) -> str:
    """Return a key template without the alternatives and parts that nothing fills."""
    for part in re.findall(r"\{([^{}]+)\}", template):
        names = [name for name in part.split("|") if name in filled]
        template = template.replace(f"{{{part}}}", f"{{{'|'.join(names) or part.split('|')[-1]}}}")
    head, separator, last = re.fullmatch(r"(.*?)([@:]?)(\{[^{}]+\})", template).groups()  # type: ignore[union-attr]  # every template ends in a field
    return head if separator and last.strip("{}") not in filled else f"{head}{separator}{last}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
