"""Which kind of value a row field holds: from the event contracts, so that a mapping need not say it."""

from collections.abc import Iterator
from dataclasses import dataclass

from exchange_connectors.excel.mapping import ColumnMap, Kind, SheetMap
from exchange_connectors.kit.errors import ConfigError
from exchange_contracts import registry
from exchange_contracts.shape import Shape

_DOCUMENT_NUMBERS = frozenset(
    {"document_no", "policy_no", "allocation_no", "measure_no", "approval_no", "successor_no"}
)
_DEPARTMENTS = frozenset({"department", "to_bureau"})


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a row field holds: kind of value and, for codes, the allowed ones."""

    kind: Kind
    codes: tuple[str, ...] = ()


_NIL_FIELDS = {"list": FieldType("text"), "nil": FieldType("text"), "month": FieldType("month")}
_SUBMISSION_FIELDS = {
    "list": FieldType("text"),
    "month": FieldType("month"),
    "rows": FieldType("count"),
    "total": FieldType("money"),
    "sha256": FieldType("text"),
    "explanation": FieldType("prose"),
}


def field_type(sheet: SheetMap, column: ColumnMap, place: str) -> FieldType:
    """Return the type of *column*'s row field in *sheet*.

    Args:
        sheet: mapping of the sheet.
        column: mapping of the column.
        place: how to name the column in an error.

    Raises:
        ConfigError: no event of the sheet has the field and the mapping names no kind.
    """
    if column.marks is not None:
        return FieldType("flag")
    if column.evidence is not None or not column.carried:
        return FieldType("prose")
    name = column.field
    if sheet.kind != "rows":
        fixed = _NIL_FIELDS if sheet.kind == "nil" else _SUBMISSION_FIELDS
        if name.startswith("sign."):
            return FieldType("text")
        if name not in fixed:
            raise ConfigError(f"{place}: a {sheet.kind} sheet has no field {name}")
        return fixed[name]
    if name == "month":
        return FieldType("month")
    found = next(_contract_types(sheet, name), None)
    if column.kind is not None:
        codes = found.codes if found is not None and column.kind in ("code", "texts") else ()
        return FieldType(column.kind, codes)
    if found is None:
        raise ConfigError(
            f"{place}: no event of this sheet has the field {name}; give kind = … if it only serves a key or condition"
        )
    return found


def _contract_types(sheet: SheetMap, name: str) -> Iterator[FieldType]:
    """Yield the type each event of the sheet gives the row field *name*."""
    base, _, key = name.partition(".")
    for event in sheet.event:
        renamed = {row: field for field, row in event.rename.items()}
        wanted = renamed.get(base, renamed.get(name, base))
        for field in registry.load().latest(event.type).fields:
            if field.name == wanted:
                shape = field.shape
                if key and shape.meaning == "map" and shape.inner is not None:
                    yield type_of(wanted, shape.inner)
                elif not key:
                    yield type_of(wanted, shape)


def map_key_problem(sheet: SheetMap, name: str) -> str | None:
    """Say (Chinese) what is wrong with the key of a map field such as ``funding.市级``, or ``None``."""
    base, _, key = name.partition(".")
    if not key or sheet.kind != "rows":
        return None
    for event in sheet.event:
        for field in registry.load().latest(event.type).fields:
            if field.name == base and field.shape.keys_codelist:
                codes = registry.load().codelists[field.shape.keys_codelist]
                if key not in codes:
                    return f"“{key}”不在可选值内，可选：{'、'.join(codes)}"
    return None


def type_of(name: str, shape: Shape) -> FieldType:
    """Return what a field of a contract takes."""
    codes = registry.load().codelists[shape.codelist] if shape.codelist else ()
    match shape.meaning:
        case "money":
            return FieldType("money")
        case "quantity":
            return FieldType("percent" if name.endswith("_percent") else "quantity")
        case "int" | "long":
            return FieldType("count")
        case "date":
            return FieldType("date")
        case "array" if shape.inner is not None and shape.inner.meaning == "record":
            return FieldType("departments")
        case "array" if shape.inner is not None:
            inner = registry.load().codelists[shape.inner.codelist] if shape.inner.codelist else ()
            return FieldType("texts", inner)
    if codes:
        return FieldType("code", codes)
    formats: dict[str, Kind] = {"month": "month", "period": "period", "uscc": "uscc", "project_code": "project_code"}
    if shape.format in formats:
        return FieldType(formats[shape.format])
    if name in _DOCUMENT_NUMBERS:
        return FieldType("document_no")
    if name in _DEPARTMENTS:
        return FieldType("department")
    return FieldType("prose" if shape.prose else "text")
