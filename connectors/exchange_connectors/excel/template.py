"""A blank workbook to start from, written from the mapping: what a clerk fills in, the same connector reads.

Headings are laid as bureaus know them (title lines, merged headings of several lines, the unit in brackets); columns of long
numbers are text from the first keystroke, codes are drop-downs, and the sheet 填报说明 says what each column takes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from exchange_connectors.excel.fields import FieldType, field_type
from exchange_connectors.excel.headings import unit_in
from exchange_connectors.excel.mapping import ColumnMap, EventMap, Mapping, SheetMap, placeholders
from exchange_connectors.excel.model import CHOICES_SHEET, GUIDE_SHEET, letters
from exchange_connectors.excel.values import YEAR_MAX, YEAR_MIN
from exchange_connectors.kit.errors import ConfigError
from exchange_connectors.kit.money import Unit
from exchange_contracts import registry

ROWS = 2_000
"""Rows with drop-downs; rows below may be filled all the same."""

_TITLE_LINES = 3
_THIN = Side(style="thin", color="808080")
_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_HEAD_FILL, _MUST_FILL = PatternFill("solid", fgColor="E7E6E6"), PatternFill("solid", fgColor="FFF2CC")
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_TEXT_KINDS = frozenset({"uscc", "vin", "project_code", "document_no", "text", "month", "period"})
_FORMATS = {"date": "yyyy-mm-dd", "money": "#,##0.00####", "quantity": "#,##0.####", "count": "0", "percent": "0.##%"}
_WIDTHS = {"prose": 28, "uscc": 22, "vin": 20, "project_code": 28, "document_no": 20, "texts": 18, "departments": 24}
_WORDS = {
    "text": "文字；号码照原样填写，本列已设为文本", "prose": "文字；不得含身份证号、手机号", "count": "整数，只填数字", "quantity": "数字",
    "date": "日期，如2026-10-15", "month": "年月，如2026-10", "period": "年或年月，如2026或2026-10", "percent": "百分比，如35%",
    "texts": "可填多项，用顿号分隔", "uscc": "18位统一社会信用代码", "vin": "17位车架号", "project_code": "24位项目代码（4-6-2-2-6位加横线）",
    "document_no": "文号，如津发改〔2025〕12号", "department": "单位规范名称", "departments": "单位规范名称，多个用顿号分隔，牵头单位在前",
    "flag": "是或留空", "code": "从下拉选项中选一项",
}  # fmt: skip
_SINGLES = frozenset({"TradeInCompleted", "TradeInReturned", "SubsidyApproved", "SubsidyPaid", "SubsidyReversed"})
_OWN_NUMBER = "本单位自编的编号，每项一个，以后各月不变"
_PERSON_S_NUMBER = "令牌服务生成的编号（以 k1: 开头），没有的留空；不得填姓名、证件号、电话"
_NOTES = {
    "task_no": "工作方案的任务编号，如3、保障2、要求1", "support_no": _OWN_NUMBER, "match_no": _OWN_NUMBER, "problem_no": _OWN_NUMBER,
    "internal_no": "没有项目代码的，填本单位自编的编号，以后各月不变", "line_no": "项目内自编的编号，如新1、旧1；“设备明细”与“供需对接”一致",
    "buyer_token": _PERSON_S_NUMBER, "payee_token": _PERSON_S_NUMBER, "owner_token": _PERSON_S_NUMBER,
    "withdraw_reason": "撤销时填写原因；填了即为撤销", "delist_reason": "退出时填写原因；填了即为退出",
}  # fmt: skip
"""What a clerk must know of a field besides what may stand in it."""
_STEPS = (
    "1. 一行填一项；不改表头、列序可调、工作表不改名。黄色表头为必填。本表、“可选值”表不填数据。",
    "2. 金额按表头括号内的计量单位填写；无发生填0，暂缺留空。可在明细上方或下方加“合计”行，系统会核对，不入库。",
    "3. 统一社会信用代码、项目代码等号码列已设为文本，请直接录入或“选择性粘贴—数值”，以免末位变成0。",
    "4. 任何位置都不得填写身份证号、手机号。",
    "5. 整张清单本月无发生的，在“零报告”表写明清单名称；报送的清单在“报送确认单”写明行数、合计并签字（只取“已签”，不取姓名）。",
    "6. 每月报全表即可：未变的行不会重复入库，改过的行自动成为更正；删行不等于撤销，撤销请填撤销或退出原因。",
    "7. 存为xlsx放入投递文件夹；稍后同一文件夹出现“文件名.回执.xlsx”，退回的单元格标红并有批注，改后再放入一次即可。",
)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the template: its heading's parts, what it takes, and whether it must be filled."""

    text: str
    path: tuple[str, ...]
    mapped: ColumnMap
    type: FieldType
    unit: Unit | None
    must: str
    choices: tuple[str, ...]


def write_template(mapping: Mapping, path: Path, month: str | None = None) -> Path:
    """Write the blank workbook of *mapping* to *path* and return it.

    Args:
        mapping: the connector.
        path: where to; an existing file is replaced.
        month: report month ``YYYY-MM`` for the title lines; None leaves a gap for the clerk.

    Raises:
        ConfigError: a sheet's name cannot be told from the mapping (``match`` without a fitting ``title``).
    """
    book = Workbook()
    guide = book.active
    if not isinstance(guide, Worksheet):
        raise ConfigError("the new workbook has no sheet")
    guide.title = GUIDE_SHEET
    _write_guide_head(guide, mapping)
    choices = book.create_sheet(CHOICES_SHEET)
    for mapped in mapping.sheet:
        columns = tuple(_columns(mapping, mapped))
        sheet = book.create_sheet(_sheet_name(mapped))
        lines = _lines(mapped, columns)
        _write_titles(sheet, mapping, mapped, lines, month)
        _write_head(sheet, columns, lines)
        _prepare_rows(sheet, choices, columns, max(lines) + 1)
        for column in columns:
            guide.append([sheet.title, "/".join(column.path), column.must or "选填", _words(column, columns)])
    _finish_guide(guide)
    book.move_sheet(choices, len(book.sheetnames))
    choices.sheet_state = "hidden"
    draft = path.with_name(f"~${path.name}")
    book.save(draft)
    draft.replace(path)
    return path


def template_name(mapping: Mapping, month: str | None) -> str:
    """Return the file name of a bureau's template; with the month in it where one is given."""
    when = f"（{_month_words(month)}）" if month else "（模板）"
    return f"{_bureau_name(mapping)}报送表{when}.xlsx"


def _bureau_name(mapping: Mapping) -> str:
    return mapping.own_name or mapping.bureau


def _month_words(month: str) -> str:
    return f"{month[:4]}年{int(month[5:])}月"


def _sheet_name(mapped: SheetMap) -> str:
    name = mapped.name or mapped.title or (mapped.match or "").replace(".*", "")
    if not mapped.covers(name):
        raise ConfigError(f"sheet {mapped.match!r}: a template needs a title that the pattern matches")
    return name


def _columns(mapping: Mapping, mapped: SheetMap) -> Iterator[_Column]:
    """Yield the columns in the mapping's order, those under one parent side by side."""
    headings = mapped.headings()
    order = list(dict.fromkeys(text.split("/")[0] for text in headings))
    for text, column in sorted(headings.items(), key=lambda item: order.index(item[0].split("/")[0])):
        type_ = field_type(mapped, column, f"sheet {mapped.label}, column {text}")
        unit = None
        if type_.kind == "money":
            unit = unit_in(text) or column.unit or mapped.unit or mapping.unit or (Unit.YUAN if _of_singles(mapped) else _usual_unit(mapping))
        path = tuple(part.strip() for part in text.split("/"))
        yield _Column(text, path, column, type_, unit, _must(mapped, column), _choices(mapping, mapped, column, type_))


def _of_singles(mapped: SheetMap) -> bool:
    """Tell whether a row is one purchase or one payment, which nobody writes in 万元."""
    return bool(mapped.event) and {event.type for event in mapped.event} <= _SINGLES and mapped.constants.get("granularity") != "汇总"


def _usual_unit(mapping: Mapping) -> Unit:
    """Return the unit that the bureau's other sheets are in: the heading will say it."""
    return next((mapped.unit for mapped in mapping.sheet if mapped.unit is not None), Unit.YUAN)


def _must(mapped: SheetMap, column: ColumnMap) -> str:
    """Say (Chinese) when a column must be filled; empty where it need not."""
    if column.required or (mapped.kind != "rows" and column.field in ("list", "rows")):
        return "必填"
    if not column.carried or column.evidence is not None:
        return ""
    if mapped.kind != "rows":
        return "必填" if column.field.startswith("sign.") else ""
    found = ""
    for event in mapped.event:
        if _is_key(event, column.field):
            others = _other_keys(mapped, event, column.field)
            return f"与{'、'.join(f'“{each}”' for each in others)}至少填一项" if others else "必填"
        if _needed(event, column.field):
            if not event.when and not event.unless:
                return "必填"
            found = "必填" if not event.when else found or "办理该事项时必填"
    return found


def _is_key(event: EventMap, name: str) -> bool:
    return any(name in names for names in placeholders(event.key)) and not event.when


def _other_keys(mapped: SheetMap, event: EventMap, name: str) -> list[str]:
    names = next(names for names in placeholders(event.key) if name in names)
    header = {column.field: text for text, column in mapped.columns.items()}
    return [header[other] for other in names if other != name and other in header]


def _needed(event: EventMap, name: str) -> bool:
    """Say whether the event's contract does without the row field *name*."""
    field_of = {row: field for field, row in event.rename.items()}
    wanted = field_of.get(name, name)
    if wanted in event.constants:
        return False
    if name == event.occurred_on:
        return True
    return any(
        field.name == wanted and not field.has_default and not field.shape.optional
        for field in registry.load().latest(event.type).fields
    )


def _choices(mapping: Mapping, mapped: SheetMap, column: ColumnMap, type_: FieldType) -> tuple[str, ...]:
    """Return the values that a drop-down offers; empty for none."""
    if mapped.kind != "rows" and column.field == "list":
        titles = [each.label for each in mapping.sheet if each.list is not None]
        return tuple(dict.fromkeys((*titles, *mapping.lists)))
    if mapped.kind == "submission" and column.field.startswith("sign."):
        return ("已签",)
    if not column.carried and column.marks is None:
        return ()
    if type_.kind == "code":
        return type_.codes
    if type_.kind == "flag":
        return ("是",)
    if type_.kind == "department":
        first = {code: name for name, code in reversed(mapping.departments.items()) if name != code}
        return tuple(name for name in mapping.departments if name in first.values())
    return mapping.offered.get(column.field, ()) if type_.kind == "text" else ()


def _lines(mapped: SheetMap, columns: tuple[_Column, ...]) -> tuple[int, ...]:
    depth = max(len(column.path) for column in columns)
    if mapped.header:
        if len(mapped.header) < depth:
            raise ConfigError(f"sheet {mapped.label}: header = {list(mapped.header)} has fewer lines than its headings")
        return mapped.header
    return tuple(range(_TITLE_LINES + 1, _TITLE_LINES + 1 + depth))


def _write_titles(
    sheet: Worksheet, mapping: Mapping, mapped: SheetMap, lines: tuple[int, ...], month: str | None
) -> None:
    """Write title, month and bureau above the header, as far as there is room; then the month's own cell."""
    speaks = any(source in ("title", "file") for source in mapped.month)
    when = f"（{_month_words(month) if month else '    年  月'}）" if speaks else ""
    texts = [mapped.label, when, f"填报单位：{_bureau_name(mapping)}"]
    width = max(2, len(mapped.columns))
    cells = [source.removeprefix("cell:") for source in mapped.month if source.startswith("cell:")]
    places = [coordinate_to_tuple(cell) for cell in cells]
    for row, text in zip(range(1, min(lines)), [text for text in texts if text] or texts, strict=False):
        last = min((column - 1 for line, column in places if line == row), default=width)  # the month's own cell stays free
        if last == 0:
            continue
        sheet.cell(row, 1, text)
        if last > 1:
            sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=last)
        sheet.cell(row, 1).alignment = Alignment(horizontal="left" if text.startswith("填报") else "center")
        sheet.cell(row, 1).font = Font(bold=row == 1, size=16 if row == 1 else 11)
    for row, column in places:
        if row >= min(lines):
            raise ConfigError(f"sheet {mapped.label}: the month's cell lies in or below the headings; leave a line above them")
        if month:
            sheet.cell(row, column, month)


def _write_head(sheet: Worksheet, columns: tuple[_Column, ...], lines: tuple[int, ...]) -> None:
    """Write the headings: parents merged over their children, single ones down to the last line."""
    place = 0
    for _parent, group in groupby(columns, key=lambda column: column.path[0]):
        here = list(group)
        first, place = place + 1, place + len(here)
        if len(here[0].path) > 1 and place > first:
            sheet.merge_cells(start_row=lines[0], start_column=first, end_row=lines[0], end_column=place)
        for number, column in enumerate(here, first):
            for line, text in zip(lines, column.path, strict=False):
                if line != lines[0] or len(column.path) == 1 or number == first:
                    sheet.cell(line, number, _with_unit(column) if text is column.path[-1] else text)
            top = lines[len(column.path) - 1]
            if top < lines[-1]:
                sheet.merge_cells(start_row=top, start_column=number, end_row=lines[-1], end_column=number)
            _comment(sheet, top, number, column, columns)
            for line in lines:
                cell = sheet.cell(line, number)
                cell.border, cell.alignment, cell.font = _BORDER, _CENTRE, Font(bold=True)
                cell.fill = _MUST_FILL if column.must == "必填" else _HEAD_FILL
    for line in lines:
        sheet.row_dimensions[line].height = 24
    sheet.freeze_panes = sheet.cell(max(lines) + 1, 1)


def _with_unit(column: _Column) -> str:
    text = column.path[-1]
    return text if column.unit is None or unit_in(text) is not None else f"{text}（{column.unit}）"


def _comment(sheet: Worksheet, row: int, column: int, of: _Column, columns: tuple[_Column, ...]) -> None:
    if of.mapped.carried or of.mapped.evidence is not None:
        sheet.cell(row, column).comment = Comment(
            f"{of.must or '选填'}。{_words(of, columns)}", "填报说明", width=260, height=80
        )


def _prepare_rows(sheet: Worksheet, choices: Worksheet, columns: tuple[_Column, ...], first: int) -> None:
    """Give the columns their formats, drop-downs and widths, and the sheet its page."""
    for number, column in enumerate(columns, 1):
        kind = column.type.kind
        letter = letters(number)
        sheet.column_dimensions[letter].width = max(
            _WIDTHS.get(kind, 12) if column.mapped.carried else 6, 2 * len(_with_unit(column)) + 1
        )
        as_text = (kind in _TEXT_KINDS and column.mapped.carried) or column.mapped.evidence is not None
        shown = "@" if as_text else _FORMATS.get(kind, "General")
        sheet.column_dimensions[letter].number_format = shown
        if column.choices:
            offered = DataValidation("list", _range_of(choices, column.choices), allow_blank=True)
            # A warning, not a wall: the connector says it better, and an agreed rewrite may be typed.
            offered.errorStyle, offered.showErrorMessage = "warning", True
            offered.errorTitle, offered.error = "不在可选值内", "请从下拉选项中选择"
            offered.add(f"{letter}{first}:{letter}{first + ROWS - 1}")
            sheet.add_data_validation(offered)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    # The headings stand on every printed page, which says its number.
    sheet.print_title_rows = f"1:{first - 1}"
    sheet.oddFooter.center.text = "第 &P 页　共 &N 页"


def _range_of(choices: Worksheet, values: tuple[str, ...]) -> str:
    """Return the range of the sheet 可选值 that lists *values*, written there once."""
    column = choices.max_column + 1 if choices.cell(1, 1).value is not None else 1
    for number in range(1, column):
        if tuple(cell.value for cell in choices[letters(number)] if cell.value is not None) == values:
            column = number
            break
    else:
        for row, value in enumerate(values, 1):
            choices.cell(row, column, value)
    return f"'{CHOICES_SHEET}'!${letters(column)}$1:${letters(column)}${len(values)}"


def _words(column: _Column, columns: tuple[_Column, ...]) -> str:
    """Say what a column of a sheet takes, beside the others."""
    if column.mapped.evidence is not None:
        return f"{column.mapped.evidence}的编号"
    if column.mapped.field == "$reason":
        return "数值比上次减少时写明原因"
    if column.mapped.field in _NOTES:
        return _NOTES[column.mapped.field]
    if not column.mapped.carried:
        marked = [other.path[-1] for other in columns if other.mapped.field == column.mapped.marks]
        if marked:
            return f"是或留空；填“是”的须填“{marked[0]}”"
        return "自用，不入库；不得含身份证号、手机号"
    if column.type.kind == "money":
        return f"金额，单位{column.unit}，只填数字"
    if column.choices:
        return f"从下拉选项中选一项：{'、'.join(column.choices[:12])}{'…' if len(column.choices) > 12 else ''}"
    words = _WORDS[column.type.kind]
    return f"{words}：{'、'.join(column.type.codes)}" if column.type.codes else words


def _write_guide_head(guide: Worksheet, mapping: Mapping) -> None:
    guide.append([f"{_bureau_name(mapping)}报送表填报说明"])
    guide["A1"].font = Font(bold=True, size=16)
    for step in _STEPS:
        guide.append([step])
        guide.merge_cells(start_row=guide.max_row, start_column=1, end_row=guide.max_row, end_column=4)
        guide.cell(guide.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
        guide.row_dimensions[guide.max_row].height = 32
    guide.append([f"日期应在{YEAR_MIN}年至{YEAR_MAX}年之间。"])
    guide.append(["工作表", "列", "是否必填", "填什么"])
    for cell in guide[guide.max_row]:
        cell.font, cell.fill = Font(bold=True), _HEAD_FILL


def _finish_guide(guide: Worksheet) -> None:
    for letter, width in zip("ABCD", (22, 30, 26, 70), strict=True):
        guide.column_dimensions[letter].width = width
    for row in guide.iter_rows(min_row=len(_STEPS) + 3):
        guide.row_dimensions[row[0].row].height = 15 * max(1, -(-len(str(row[-1].value)) // 34))
        for cell in row:
            cell.border, cell.alignment = _BORDER, Alignment(wrap_text=True, vertical="top")
    guide.page_setup.orientation, guide.page_setup.paperSize = "landscape", 9
    guide.sheet_properties.pageSetUpPr.fitToPage = True
    guide.page_setup.fitToHeight = 0


__all__ = ["template_name", "write_template"]
