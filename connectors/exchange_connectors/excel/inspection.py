"""A whole workbook looked at: findings, and the statements of the rows that can be taken. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import get_close_matches

from exchange_connectors.excel.cells import is_empty
from exchange_connectors.excel.checks import SHEET_CHECKS, Context, Memory, Said, row_checks_of
from exchange_connectors.excel.declarations import Declared, declare
from exchange_connectors.excel.headings import find_header
from exchange_connectors.excel.mapping import Mapping, SheetMap
from exchange_connectors.excel.model import BESIDE, Account, Finding, Level, Row, RowKind, SheetSeen
from exchange_connectors.excel.plain_rows import LazyValues
from exchange_connectors.excel.plain_statements import PlainStatements
from exchange_connectors.excel.rows import read_rows, returned_account, settle_account, unread_account
from exchange_connectors.excel.statements import (
    Placed,
    Problem,
    Source,
    applies,
    broken_rules,
    conflicts,
    keys_of,
    state,
)
from exchange_connectors.excel.table import BoundColumn, Table, locate
from exchange_connectors.excel.workbook import Sheet, Workbook
from exchange_contracts import registry

_COPY = re.compile(r"\s*(?:[(（]\d+[)）]|[-_]?(?:副本|备份)\d*)\s*$")
"""What a spreadsheet, or a clerk, adds to the name of a sheet that is copied."""

_NAMED = ("owner_uscc", "owner_name", "uscc", "name")
"""Codes, each with the name that goes with it."""


@dataclass(slots=True)
class SheetResult:
    """What became of one sheet of rows.

    Attributes:
        rows: detail rows.
        statements: what the rows that can be taken state.
    """

    table: Table
    rows: list[Row] = field(default_factory=list)
    statements: list[Placed] = field(default_factory=list)

    def states(self, fields: Sequence[str]) -> bool:
        """Say whether all of these fields stand in its rows."""
        return all(name in self.table.mapped.constants or any(name in (c.reads.field, c.mapped.field) for c in self.table.columns) for name in fields)

    @property
    def list(self) -> str | None:
        """The list view the sheet reports."""
        return self.table.mapped.list

    @property
    def returned(self) -> int:
        """How many rows go back."""
        return self.table.account.returned if self.table.returned else sum(1 for row in self.rows if row.returned)

    def seen(self) -> SheetSeen:
        """Return it in numbers; where neither title nor cell says the month, its rows may."""
        months = {row.text("month") for row in self.rows} if self.table.month is None and self.states(["month"]) else set()
        month = self.table.month or (months.pop() if len(months) == 1 else None)
        account = self.table.account
        return SheetSeen(self.table.sheet.name, self.list, month, account.taken, self.returned, self.table.returned)

    def total(self) -> Decimal | None:
        """Return the sum that a confirmation states, over all detail rows, returned ones too."""
        name = self.table.mapped.submit_total
        if name is None:
            return None
        return sum((value for row in self.rows if (value := row.money(name)) is not None), Decimal(0))


@dataclass(slots=True)
class Inspection:
    """What is said of a workbook and what it states.

    Attributes:
        sheets_returned: sheets whose rows were not even read.
        accounts: what became of every row, sheet by sheet.
        taken_as: what a file without sheets was read as.
        seen: its sheets of rows, in numbers.
    """

    file: str
    findings: list[Finding] = field(default_factory=list)
    statements: list[Placed] = field(default_factory=list)
    rows: int = 0
    returned: int = 0
    sheets_returned: int = 0
    accounts: list[Account] = field(default_factory=list)
    taken_as: str = ""
    memos: list[tuple[str, str, str]] = field(default_factory=list)
    seen: list[SheetSeen] = field(default_factory=list)

    def count(self, level: Level) -> int:
        """Return how many findings are of *level*."""
        return sum(1 for finding in self.findings if finding.level is level)


def inspect(workbook: Workbook, mapping: Mapping, memory: Memory) -> Inspection:
    """Look at a workbook as *mapping* says.

    Args:
        workbook: as read.
        mapping: the connector.
        memory: what was stated before.

    Raises:
        ConfigError: the mapping does not fit the contracts.
    """
    result = Inspection(workbook.file, taken_as=workbook.taken_as)
    source = Source(mapping.bureau, mapping.source, workbook.file)
    sheets: list[SheetResult] = []
    declarations: list[Table] = []
    for sheet, mapped in _pairs(workbook, mapping, result):
        table = locate(sheet, mapped, mapping, workbook.file)
        if mapped.kind == "rows":
            sheets.append(_inspect_sheet(table, mapping, source, memory))
        else:
            declarations.append(table)
    _across_sheets(sheets)
    declared = declare(declarations, sheets, mapping, source)
    _settle(result, sheets, declared)
    _empty_sheets(result, sheets, declared)
    return result


def _pairs(workbook: Workbook, mapping: Mapping, result: Inspection) -> Iterator[tuple[Sheet, SheetMap]]:
    """Yield every visible sheet with its mapping, and say which are missing, hidden or unknown."""
    if not workbook.named:
        yield from _unnamed(workbook, mapping, result)
        return
    names = [sheet.name for sheet in workbook.sheets if not sheet.hidden]
    present = {index for index, mapped in enumerate(mapping.sheet) if any(map(mapped.covers, names))}
    for sheet in workbook.sheets:
        mapped = next((each for each in mapping.sheet if each.covers(sheet.name)), None)
        if sheet.hidden:
            if _is_worth_a_word(sheet, mapping) or (mapped is not None and _is_filled(sheet)):
                words = "隐藏的工作表，未读取；如要报送，请取消隐藏后重报"
                result.findings.append(Finding(38, Level.VERIFY, words, sheet.name))
                result.accounts.append(unread_account(sheet.name, sheet.rows, "隐藏的工作表"))
        elif mapped is not None:
            yield sheet, mapped
        elif _is_worth_a_word(sheet, mapping):
            _say_unknown(sheet, mapping, present, result)
    for index, mapped in enumerate(mapping.sheet):
        if mapped.required and index not in present:
            result.findings.append(Finding(36, Level.RETURNED, f"缺“{mapped.label}”工作表，请下载新表"))
    if not present:
        result.findings.append(Finding(36, Level.RETURNED, "没有找到模板内的工作表，请使用下发的模板"))


def _unnamed(workbook: Workbook, mapping: Mapping, result: Inspection) -> Iterator[tuple[Sheet, SheetMap]]:
    """Yield the one table of a file without sheets with its mapping: by the file's name, else by its headings."""
    (sheet,) = workbook.sheets
    of_rows = [mapped for mapped in mapping.sheet if mapped.kind == "rows"]
    named = [mapped for mapped in of_rows if (mapped.name and mapped.name in sheet.name) or mapped.covers(sheet.name)]
    longest = max((len(mapped.name or "") for mapped in named), default=0)
    fitting = [mapped for mapped in named if len(mapped.name or "") == longest] or _fitting(sheet, of_rows)
    if len(fitting) == 1:
        yield sheet, fitting[0]
        return
    result.accounts.append(unread_account(sheet.name, sheet.rows, "没有认出是哪张表"))
    if fitting:
        names = "、".join(f"“{mapped.name or mapped.label}”" for mapped in fitting)
        words = f"表头与{names}都相符，分不清是哪张表；请用表名命名文件（如“{fitting[0].name or fitting[0].label}2026年10月.csv”），或另存为xlsx"
        result.findings.append(Finding(36, Level.RETURNED, words))
    else:
        result.findings.append(Finding(36, Level.RETURNED, "没有找到模板内的表头，请使用下发的模板"))


def _fitting(sheet: Sheet, candidates: Sequence[SheetMap]) -> list[SheetMap]:
    """Return the mappings whose headings the sheet has, the best ones."""
    scored = [(found[0], mapped) for mapped in candidates if (found := find_header(sheet, mapped))]
    best = max((score for score, _ in scored), default=0)
    return [mapped for score, mapped in scored if score == best]


def _is_filled(sheet: Sheet) -> bool:
    return any(not is_empty(cell) for row in sheet.rows for cell in row)


def _is_worth_a_word(sheet: Sheet, mapping: Mapping) -> bool:
    """Say whether a sheet that is not read is worth a word."""
    return not mapping.ignore_other_sheets and sheet.name.strip() not in BESIDE and _is_filled(sheet)


def _say_unknown(sheet: Sheet, mapping: Mapping, present: set[int], result: Inspection) -> None:
    """Say that a sheet was not read: 退 where it seems to be a missing one of the template under another name."""
    original = _COPY.sub("", sheet.name).strip()
    if original != sheet.name.strip() and any(mapping.sheet[index].covers(original) for index in present):
        words = f"工作表是“{original}”的副本，未读取；请删去其中一张后重报"
        result.findings.append(Finding(36, Level.RETURNED, words, sheet.name))
        result.accounts.append(unread_account(sheet.name, sheet.rows, "是副本"))
        return
    missing = [mapped for index, mapped in enumerate(mapping.sheet) if index not in present]
    near = get_close_matches(sheet.name.strip(), [mapped.name or mapped.label for mapped in missing], n=1, cutoff=0.6)
    alike = near or [mapped.name or mapped.label for mapped in _fitting(sheet, missing)]
    words = "工作表不在模板内，未读取"
    if alike:
        words += f"；如是{'、'.join(f'“{name}”' for name in alike)}，请改回原名后重报"
    level = Level.RETURNED if alike else Level.VERIFY
    result.findings.append(Finding(36, level, words, sheet.name))
    result.accounts.append(unread_account(sheet.name, sheet.rows, "不在模板内"))


def _inspect_sheet(table: Table, mapping: Mapping, source: Source, memory: Memory) -> SheetResult:
    result = SheetResult(table)
    source = replace(source, sheet=table.sheet.name, month=table.month)
    if table.returned:
        table.account = returned_account(table)
        return result
    rows = read_rows(table)
    result.rows = [row for row in rows if row.kind is RowKind.DETAIL]
    project = next(
        (e for e in table.mapped.event if registry.load().latest(e.type).kind in ("project", "scrappage")), None
    )
    fields = {name.partition(".")[0] for name in ({each.reads.field for each in table.columns} | table.mapped.constants.keys())}
    fields |= {each.mapped.field for each in table.columns}
    row_checks = row_checks_of(frozenset(fields), mapping.known)
    for row in result.rows:
        if not isinstance(row.values, LazyValues):  # a plain row has them already
            for name, constant in table.mapped.constants.items():
                if row.values.get(name) is None and name not in row.cells:
                    row.values[name] = constant
            if table.month is not None and row.values.get("month") is None:
                row.values["month"] = table.month
        if not row_checks:
            continue
        keys = keys_of(project.key, row) if project is not None else []
        kind = registry.load().latest(project.type).kind if project is not None else ""
        context = Context(table.month, mapping.known, memory, memory.entity_key(kind, keys) if keys else None)
        for check in row_checks:
            for said in check(row, context):
                _say(table, row, said)
    for sheet_check in (check for check, speaks_of in SHEET_CHECKS if fields & speaks_of):
        for row, said in sheet_check(result.rows):
            _say(table, row, said)
    kept = ("month", *_NAMED, *([table.mapped.submit_total] if table.mapped.submit_total else ()))
    plain = {id(event): PlainStatements(event, source, memory) for event in table.mapped.event}
    for row in result.rows:
        if row.returned:
            _say_all(table, row, [each for event in table.mapped.event if applies(event, row) for each in broken_rules(row, event)])
        else:
            result.statements += _state_row(table, row, source, memory, plain)
            if not row.returned and not isinstance(row.values, LazyValues):  # of a long list only what is asked of its rows later is held
                row.cells, row.values = {}, {name: row.values[name] for name in kept if name in row.values}
    if _some_twice(result.statements):
        _no_conflicts(result)
        _no_repetitions(result)
    return result


def _some_twice(statements: Sequence[Placed]) -> bool:
    """Say whether two statements speak of the same thing."""
    return len({each.thing for each in statements}) < len(statements)


def _say(table: Table, row: Row, said: Said) -> None:
    column = row.places.get(said.field or "")
    if said.field == "$unit":
        column = next((bound.column for bound in table.columns if bound.mapped.field == "$unit"), None)
    table.say(said.no, said.level, said.message, row.number, column)
    if said.level is Level.RETURNED:
        row.returned = True


def _state_row(table: Table, row: Row, source: Source, memory: Memory, plain: dict[int, PlainStatements]) -> list[Placed]:
    """Return all statements of a row, or none where one of them cannot be made."""
    made: list[Placed] = []
    problems: list[Problem] = []
    for event in table.mapped.event:
        if not applies(event, row):
            continue
        outcome = plain[id(event)].state(row) or state(row, event, source, memory)
        if isinstance(outcome, list):
            problems += outcome
        else:
            made.append(outcome)
    if not made and not problems:
        problems.append(_of_nothing(table))
    _say_all(table, row, problems)
    return [] if problems else made


def _of_nothing(table: Table) -> Problem:
    """Return that a row states none of what its sheet may report, with the columns by which that is told."""
    told_by = dict.fromkeys(name for event in table.mapped.event for name in event.when if any(each.reads.field == name for each in table.columns))
    columns = "、".join(f"{{{name}}}" for name in told_by)
    words = f"{columns}都没有填写相应内容，" if told_by else ""
    return Problem(0, f"{words}看不出本行报的是什么事项，请补填或删去本行", next(iter(told_by), None))


def _say_all(table: Table, row: Row, problems: list[Problem]) -> None:
    """Say each problem of a row once, under the sheet's own headings."""
    for each in dict.fromkeys(problems):
        message = re.sub(r"\{([^{}]+)\}", lambda match: f"“{_header(table, match[1])}”", each.message)
        _say(table, row, Said(each.no, Level.RETURNED, message, each.field))


def _header(table: Table, name: str) -> str:
    bound: BoundColumn | None = next((each for each in table.columns if each.reads.field == name), None)
    joined = next((text for text, mapped in table.mapped.columns.items() if mapped.join and mapped.field == name), name)
    return bound.header if bound is not None else joined


def _no_conflicts(result: SheetResult) -> None:
    """Send back the later of two rows that say different things of one and the same (no. 9)."""
    by_number = {row.number: row for row in result.rows}
    for later, earlier in list(conflicts(result.statements)):
        row = by_number[later.row]
        if not row.returned:
            what = "项目代码" if later.slot.register.startswith("project:") else "编号"
            field_name = "project_code" if "project_code" in row.places else None
            _say(result.table, row, Said(9, Level.RETURNED, f"与第{earlier.row}行{what}重复，请合并或更正", field_name))
    result.statements = [each for each in result.statements if not by_number[each.row].returned]


def _no_repetitions(result: SheetResult) -> None:
    """Ask about rows that only say again what an earlier row said of the same thing: they are taken once."""
    first: dict[object, int] = {}
    again: dict[int, list[int]] = {}
    for each in result.statements:
        again.setdefault(each.row, []).append(first.setdefault(each.thing, each.row))
    for row in result.rows:
        earlier = again.get(row.number, [])
        if earlier and all(number != row.number for number in earlier):
            _say(result.table, row, Said(44, Level.VERIFY, f"与第{earlier[0]}行是同一项、内容相同，只入库一次，请确认"))


def _across_sheets(sheets: list[SheetResult]) -> None:
    """Ask about things that two sheets report (no. 53); where they differ, the later sheet's row goes back."""
    first: dict[object, tuple[SheetResult, Placed]] = {}
    if sum(1 for result in sheets if result.statements) < 2:
        return
    for result in sheets:
        by_number = {row.number: row for row in result.rows}
        asked: set[int] = set()
        for each in result.statements:
            known = first.setdefault(each.thing, (result, each))
            if known[0] is result or each.row in asked:
                continue
            asked.add(each.row)
            same = known[1].digest == each.digest
            words = f"与“{known[1].sheet}”第{known[1].row}行为同一项目，请确认"
            level = Level.VERIFY if same else Level.RETURNED
            _say(
                result.table,
                by_number[each.row],
                Said(53, level, words if same else f"{words}；两处内容不同，以前一处为准"),
            )
        result.statements = [each for each in result.statements if not by_number[each.row].returned]


def _settle(result: Inspection, sheets: list[SheetResult], declared: Declared) -> None:
    """Gather findings, statements and counts."""
    for sheet in sheets:
        if not sheet.table.returned:
            settle_account(sheet.table, sheet.rows)
        result.accounts.append(sheet.table.account)
        result.findings += sheet.table.findings
        result.rows += sheet.table.account.returned + sheet.table.account.taken
        result.returned += sheet.returned
        result.sheets_returned += sheet.table.returned
        result.seen.append(sheet.seen())
        result.statements += sheet.statements
        pairs = [pair for pair in zip(_NAMED[::2], _NAMED[1::2], strict=True) if sheet.states(pair)]
        for row in sheet.rows if pairs else ():
            for code, name in pairs:
                if not row.returned and row.text(code) and row.text(name):
                    result.memos.append(("uscc", row.text(code) or "", row.text(name) or ""))
    if _some_twice(result.statements):
        kept: dict[object, Placed] = {}
        for each in result.statements:
            kept.setdefault(each.thing, each)
        result.statements = [*kept.values()]
    result.statements += declared.statements
    result.findings += declared.findings


def _empty_sheets(result: Inspection, sheets: list[SheetResult], declared: Declared) -> None:
    """An empty sheet needs a nil return; a nil return needs an empty sheet (no. 49, 50)."""
    for sheet in sheets:
        if sheet.list is None or sheet.table.returned:
            continue
        if not sheet.rows and sheet.list not in declared.nil_lists:
            others = any(other.rows for other in sheets if other.list == sheet.list)
            if not others:
                result.findings.append(Finding(50, Level.RETURNED, "空表：如无发生请报零报告", sheet.table.sheet.name))
