"""What an Avro type means to the hub: the one reading of a schema that codec, generator, checks and lint share.

The attributes beside plain Avro are ``codelist`` / ``keys_codelist`` (name of a code list), ``format`` /
``keys_format`` (name of a text format), ``text: prose`` (long text) and, on the record, ``hub``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NewType

AvroType = Any
"""A JSON value that Avro reads as a type: a name, an object or a union list."""

FieldName = NewType("FieldName", str)
Meaning = Literal[
    "text", "uuid", "int", "long", "date", "instant", "money", "quantity", "array", "map", "record", "boolean"
]

_CLAUSE = re.compile("[:;,(。：；，（]")
MONEY_SCALE = 2
QUANTITY_SCALE = 4
DECIMAL_PRECISION = 18


def title_of(doc: str) -> str:
    """Return what a contract or a field is called: what is said of it up to the first mark.

    >>> title_of("总投资，单位元，两位小数")
    '总投资'
    """
    return _CLAUSE.split(doc, maxsplit=1)[0].strip() or doc


@dataclass(frozen=True, slots=True)
class Shape:
    """One type, read.

    Attributes:
        meaning: what the value is; ``money`` is decimal(18,2) in yuan, ``quantity`` decimal(18,4).
        optional: whether null is allowed.
        codelist: code list the text must come from, or empty.
        format: text format by name, or empty.
        prose: whether long text is allowed.
        keys_codelist: code list of a map's keys, or empty.
        keys_format: text format of a map's keys, or empty.
        inner: shape of an array's items or a map's values.
        record: name of a nested record, or empty.
        fields: fields of a nested record.
    """

    meaning: Meaning
    optional: bool = False
    codelist: str = ""
    format: str = ""
    prose: bool = False
    keys_codelist: str = ""
    keys_format: str = ""
    inner: "Shape | None" = None
    record: str = ""
    fields: "tuple[Field, ...]" = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, shape, documentation, and default where it has one."""

    name: FieldName
    shape: Shape
    doc: str
    has_default: bool
    default: Any


class SchemaShapeError(ValueError):
    """A schema uses a type that the hub's contracts do not allow."""


_BY_LOGICAL: dict[tuple[str, str], Meaning] = {
    ("string", "uuid"): "uuid",
    ("int", "date"): "date",
    ("long", "timestamp-millis"): "instant",
}
_PLAIN: dict[str, Meaning] = {"string": "text", "int": "int", "long": "long", "boolean": "boolean"}


def shape_of(avro: AvroType, optional: bool = False) -> Shape:
    """Read an Avro type.

    Raises:
        SchemaShapeError: the type is none that contracts may use (float, null items, a wider union, …).
    """
    if isinstance(avro, list):
        rest = [branch for branch in avro if branch != "null"]
        if avro[:1] != ["null"] or len(rest) != 1 or len(avro) != 2:
            raise SchemaShapeError(f"a union must be [null, type], not {avro}")
        return shape_of(rest[0], optional=True)
    attributes: Mapping[str, Any] = {"type": avro} if isinstance(avro, str) else avro
    name = attributes["type"]
    if name == "array":
        return Shape("array", optional, inner=shape_of(attributes["items"]))
    if name == "map":
        return Shape(
            "map",
            optional,
            keys_codelist=attributes.get("keys_codelist", ""),
            keys_format=attributes.get("keys_format", ""),
            inner=shape_of(attributes["values"]),
        )
    if name == "record":
        return Shape("record", optional, record=attributes["name"], fields=tuple(fields_of(attributes)))
    return Shape(
        _meaning(name, attributes),
        optional,
        codelist=attributes.get("codelist", ""),
        format=attributes.get("format", ""),
        prose=attributes.get("text") == "prose",
    )


def _meaning(name: str, attributes: Mapping[str, Any]) -> Meaning:
    """Return the meaning of a primitive type with its logical type."""
    logical = attributes.get("logicalType", "")
    if name == "bytes" and logical == "decimal" and attributes.get("precision") == DECIMAL_PRECISION:
        if attributes.get("scale") == MONEY_SCALE:
            return "money"
        if attributes.get("scale") == QUANTITY_SCALE:
            return "quantity"
    elif not logical and name in _PLAIN:
        return _PLAIN[name]
    elif (name, logical) in _BY_LOGICAL:
        return _BY_LOGICAL[name, logical]
    raise SchemaShapeError(f"contracts do not use the type {dict(attributes)}")


def fields_of(record: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the fields of a record schema in order."""
    for field in record["fields"]:
        yield Field(
            FieldName(field["name"]),
            shape_of(field["type"]),
            field.get("doc", ""),
            "default" in field,
            field.get("default"),
        )


def without_logical_types(avro: AvroType) -> AvroType:
    """Return the type as its bare encoding: names, fields and defaults only (three times faster to decode)."""
    if isinstance(avro, list):
        return [without_logical_types(branch) for branch in avro]
    if isinstance(avro, str):
        return avro
    kept: dict[str, Any] = {key: avro[key] for key in ("type", "name", "namespace") if key in avro}
    for part in ("items", "values"):
        if part in avro:
            kept[part] = without_logical_types(avro[part])
    if "fields" in avro:
        kept["fields"] = [_bare_field(field) for field in avro["fields"]]
    return kept["type"] if list(kept) == ["type"] else kept


def _bare_field(field: Mapping[str, Any]) -> dict[str, Any]:
    """Return a field as name, bare type and default."""
    bare = {"name": field["name"], "type": without_logical_types(field["type"])}
    if "default" in field:
        bare["default"] = field["default"]
    return bare
