"""What is wrong with a mapping that loads: said in Chinese, one line each, with the place and what to write instead. Pure."""

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches

from exchange_connectors.excel.fields import field_type, map_key_problem
from exchange_connectors.excel.mapping import EventMap, Mapping, SheetMap, placeholders
from exchange_connectors.kit.errors import ConfigError
from exchange_contracts import registry


def problems(mapping: Mapping) -> list[str]:
    """Return everything that is wrong with *mapping*, in its order."""
    return [f"工作表“{sheet.name or sheet.label}”：{words}" for sheet in mapping.sheet for words in _of_sheet(sheet)]


def missing_inbox(mapping: Mapping) -> list[str]:
    """Return that the drop folder is not there, where it is not."""
    if mapping.inbox.is_dir():
        return []
    return [f"inbox：投递文件夹{mapping.inbox}不存在，请先建立，或改写inbox"]


def _of_sheet(sheet: SheetMap) -> Iterator[str]:
    yield from _columns(sheet)
    fields = _fields(sheet)
    for event in sheet.event:
        yield from (f"{event.type}：{words}" for words in _of_event(event, sheet, fields))
    yield from _constants(sheet)
    if sheet.submit_total is not None and sheet.submit_total not in fields:
        yield f"submit_total写的“{sheet.submit_total}”没有哪一列填写{_instead(sheet.submit_total, fields)}"
    for name in sheet.merge_down:
        if name not in fields:
            yield f"merge_down写的“{name}”没有哪一列填写{_instead(name, fields)}"


def _columns(sheet: SheetMap) -> Iterator[str]:
    first: dict[str, str] = {}
    filled = {column.field for column in sheet.columns.values() if column.carried}
    for header, column in sheet.columns.items():
        if column.marks is not None and column.marks not in filled:
            yield f"“{header}”列：marks写的“{column.marks}”没有哪一列填写{_instead(column.marks, filled)}"
        if not column.carried:
            continue
        if column.evidence is None:
            earlier = first.setdefault(column.field, header)
            if earlier != header:
                yield f"“{earlier}”和“{header}”两列都写入{column.field}，请只留一列，或把另一列改为 {{ ignore = true }}"
        try:
            type_ = field_type(sheet, column, f"“{header}”列")
        except ConfigError:
            proposal = _instead(column.field, _contract_fields(sheet))
            yield f"“{header}”列：没有字段“{column.field}”{proposal}；只供主键或条件使用的，请写明 kind"
            continue
        if column.join and (type_.kind not in ("text", "prose") or len(column.join) < 2):
            yield f"“{header}”列：join把两列以上的文字连成一项，{column.field}要的是{type_.kind}、写了{len(column.join)}列，请改用文字字段，或只对应一列"
        if column.between and not column.join:
            yield f"“{header}”列：between只与join同用，请删去或补写join"
        key_problem = map_key_problem(sheet, column.field)
        if key_problem is not None:
            yield f"“{header}”列：{column.field}：{key_problem}"
        for written, meant in column.values.items():
            if type_.codes and meant not in type_.codes:
                yield f"“{header}”列：values把“{written}”改为“{meant}”，不在可选值内{_instead(meant, type_.codes)}"


def _fields(sheet: SheetMap) -> set[str]:
    """Return the row fields that columns and constants fill."""
    columns = {column.field for column in sheet.columns.values() if column.carried and column.evidence is None}
    bases = {name.partition(".")[0] for name in columns}
    month = {"month"} if sheet.month else set()
    return columns | bases | set(sheet.constants) | month


def _contract_fields(sheet: SheetMap) -> set[str]:
    return {field.name for event in sheet.event for field in registry.load().latest(event.type).fields}


def _of_event(event: EventMap, sheet: SheetMap, fields: set[str]) -> Iterator[str]:
    for names in placeholders(event.key):
        # The last alternative may be a word instead of a field: {domain|all}.
        alone = event.key == f"{{{'|'.join(names)}}}"
        needed = names if alone or len(names) == 1 else names[:-1]
        for name in needed:
            if name not in fields:
                yield f"key写的“{name}”没有哪一列填写{_instead(name, fields)}"
    if event.occurred_on not in ("month-end", "month-start", *fields) and not _is_date(event.occurred_on):
        proposal = _instead(event.occurred_on, {*fields, "month-end", "month-start"})
        yield f"occurred_on写的“{event.occurred_on}”没有哪一列填写{proposal}"
    for condition in (event.when, event.unless):
        for name in condition:
            if name not in fields:
                yield f"条件写的“{name}”没有哪一列填写{_instead(name, fields)}"
    for name, value in {**sheet.constants, **event.constants}.items():
        codes = _codes(event, name)
        if codes and str(value) not in codes:
            yield f"constants：{name}写的“{value}”不在可选值内{_instead(str(value), codes)}"


def _constants(sheet: SheetMap) -> Iterator[str]:
    known = _contract_fields(sheet) | {name for event in sheet.event for name in event.rename.values()}
    for name in sheet.constants:
        used = any(name in names for event in sheet.event for names in placeholders(event.key))
        if sheet.kind == "rows" and name not in known and not used:
            yield f"constants：没有字段“{name}”{_instead(name, known)}"


def _codes(event: EventMap, name: str) -> tuple[str, ...]:
    """Return the code list of the event's field that the row field *name* fills."""
    wanted = {row: field for field, row in event.rename.items()}.get(name, name)
    for field in registry.load().latest(event.type).fields:
        if field.name == wanted and field.shape.codelist:
            return registry.load().codelists[field.shape.codelist]
    return ()


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _instead(text: str, choices: set[str] | tuple[str, ...]) -> str:
    """Return a proposal: the nearest choice, or all of a few."""
    near = get_close_matches(text, sorted(choices), n=1, cutoff=0.5)
    if near:
        return f"，应为“{near[0]}”？"
    return f"，可选：{'、'.join(sorted(choices))}" if len(choices) <= 12 else ""
