"""Decoders compiled per contract version: Avro body to checked facts in one pass.

For each version a Python function is written out field by field and compiled once, as ``dataclasses`` does for
``__init__``: it reads twice as fast as a general decoder followed by checks, because each field's meaning, limits and
defaults are known. ``source_of`` returns the text of a version's function.

What the functions hold beyond plain Avro: money becomes a whole number of fen and a quantity a ``Decimal``; texts have
no NUL and bounded length; dates lie in 1900..2199; decimals have at most 18 digits; counts and lengths stay within the
value; a field that a later version added takes its default.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exchange_contracts import primitives
from exchange_contracts.formats import NAME_LENGTH_MAX, PROSE_LENGTH_MAX
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field, Shape

Facts = dict[str, Any]
Decoder = Callable[[bytes, int], tuple[Facts, int]]

_ENVIRONMENT: Mapping[str, Any] = {
    name: getattr(primitives, name)
    for name in (
        "varint", "union_index", "flag", "long_text", "text_of", "check_text", "learn", "uuid", "out_of_range",
        "long_decimal", "quantity", "array", "mapping",
    )
} | {
    "from_bytes": int.from_bytes, "known": primitives.KNOWN, "small": primitives.SMALL, "uuid_digits": primitives.UUID_DIGITS,
    "uuid_shape": primitives.UUID_SHAPE,
}  # fmt: skip

_RANGES = {
    "date": (primitives.DAY_MIN, primitives.DAY_MAX, "日期超出1900年至2199年"),
    "instant": (primitives.MILLIS_MIN, primitives.MILLIS_MAX, "时刻超出1900年至2199年"),
    "int": (primitives.INT_MIN, primitives.INT_MAX, "整数超出32位范围"),
}

_USUAL_DECIMAL_SIZES = range(2, 15, 2)
"""Lengths, doubled as Avro writes them, of one to seven bytes: such a decimal is always below 18 digits and needs no check."""


def decoder_of(written: Contract, newest: Contract, codelists: Mapping[str, tuple[str, ...]]) -> Decoder:
    """Compile the function that reads a body written with *written* into facts of *newest*."""
    environment = dict(_ENVIRONMENT)
    for name, values in codelists.items():
        environment[f"codes_{name}"] = {value.encode(): value for value in values}
    code = compile(source_of(written, newest), f"<decoder {written.event} v{written.version}>", "exec")
    exec(code, environment)  # noqa: S102  # the text comes from the package's own contracts alone
    decoder: Decoder = environment["read"]
    return decoder


def source_of(written: Contract, newest: Contract) -> str:
    """Return the text of the decoder of a contract version."""
    writer = _Writer()
    writer.function("read", written.fields, newest.fields)
    return "\n\n".join(writer.functions)


def said_of(names: Sequence[str], defaults: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Compile the function that picks, of the facts called *names*, those that differ from their default or have none.

    They come in the order of *names*.
    """
    lines = ["def said(f):", "    s = {}"]
    for name in names:
        if name in defaults:
            differs = "is not None" if defaults[name] is None else f"!= {defaults[name]!r}"
            lines += [f"    v = f[{name!r}]", f"    if v {differs}:", f"        s[{name!r}] = v"]
        else:
            lines.append(f"    s[{name!r}] = f[{name!r}]")
    environment: dict[str, Any] = {}
    exec(compile("\n".join([*lines, "    return s"]), "<said>", "exec"), environment)  # noqa: S102  # as above
    said: Callable[[Mapping[str, Any]], dict[str, Any]] = environment["said"]
    return said


class _Writer:
    """Writes the functions of one decoder: nested types become functions of their own."""

    def __init__(self) -> None:
        self.functions: list[str] = []

    def function(self, name: str, written: tuple[Field, ...], newest: tuple[Field, ...], path: str = "") -> None:
        """Write the function that reads a record; fields that only *newest* has take their default."""
        current = {field.name: field.shape for field in newest}
        lines = [f"def {name}(b, p):"]
        places = {}
        for number, field in enumerate(written):
            places[field.name] = f"v{number}"
            lines += _indented(self._value(field.shape, current[field.name], f"v{number}", path + field.name))
        entries = (f"{field.name!r}: {places.get(field.name) or _literal(field)}" for field in newest)
        lines.append(f"    return {{{', '.join(entries)}}}, p")
        self.functions.append("\n".join(lines))

    def _value(self, shape: Shape, newest: Shape, var: str, path: str) -> list[str]:
        """Return the lines that read a value into *var*."""
        if not shape.optional:
            return self._present(shape, newest, var, path)
        return [
            "n = b[p]",
            "p += 1",
            "if not n:",
            f"    {var} = None",
            "elif n == 2:",
            *_indented(self._present(shape, newest, var, path)),
            "else:",
            "    union_index()",
        ]

    def _present(self, shape: Shape, newest: Shape, var: str, path: str) -> list[str]:
        """Return the lines that read a value that is there."""
        match shape.meaning:
            case "text" | "uuid":
                return _text_lines(shape, var, path)
            case "money" | "quantity":
                return _decimal_lines(shape, var, path)
            case "boolean":
                return [f"{var}, p = flag(b, p)"]
            case "array" | "map":
                return self._collection(shape, newest, var, path)
            case "record":
                name = self._nested(shape, newest, path)
                return [f"{var}, p = {name}(b, p)"]
        return _number_lines(shape, var, path)

    def _collection(self, shape: Shape, newest: Shape, var: str, path: str) -> list[str]:
        """Return the lines that read an array or a map; the empty one is read on the spot."""
        if shape.inner is None or newest.inner is None:
            raise TypeError(f"{path}: an array or map without an inner type")
        reader, empty = ("array", "[]") if shape.meaning == "array" else ("mapping", "{}")
        item = self._item(shape.inner, newest.inner, path)
        return [
            "if b[p]:",
            f"    {var}, p = {reader}(b, p, {item}, {path!r})",
            "else:",
            f"    {var} = {empty}",
            "    p += 1",
        ]

    def _item(self, shape: Shape, newest: Shape, path: str) -> str:
        """Write the function that reads one item and return its name."""
        if shape.meaning == "record" and not shape.optional:
            return self._nested(shape, newest, path)
        name = f"read_{len(self.functions)}"
        body = _indented(self._value(shape, newest, "v", path))
        self.functions.append("\n".join([f"def {name}(b, p):", *body, "    return v, p"]))
        return name

    def _nested(self, shape: Shape, newest: Shape, path: str) -> str:
        """Write the function that reads a nested record and return its name."""
        name = f"read_{path.replace('.', '_')}"
        self.function(name, shape.fields, newest.fields, f"{path}.")
        return name


def _indented(lines: list[str]) -> list[str]:
    """Return lines one level deeper."""
    return [f"    {line}" for line in lines]


def _literal(field: Field) -> str:
    """Return the default of an added field as Python text; an array or map is made anew each time."""
    if not field.has_default:
        raise TypeError(f"{field.name} was added without a default")
    return repr(field.default)


_REPEATED_FORMATS = frozenset(("bureau", "month", "year", "period", "uscc"))
_REPEATED_FIELDS = frozenset(("source", "origin.file", "origin.sheet", "origin.unit", "origin.cells"))
"""Texts that come again from event to event: a known one is looked up, a third quicker than to decode and check it."""


def _text_lines(shape: Shape, var: str, path: str) -> list[str]:
    """Return the lines that read a text; texts of up to 63 bytes are read on the spot, longer ones by a function."""
    if shape.meaning == "uuid":
        return [
            f"k = b[p + 1 : p + {1 + primitives.UUID_BYTES}]",
            f"if b[p] == {2 * primitives.UUID_BYTES} and k.translate(uuid_digits) == uuid_shape:",
            f"    {var} = k.decode()",
            f"    p += {1 + primitives.UUID_BYTES}",
            "else:",
            f"    {var}, p = uuid(b, p, {path!r})",
        ]
    limit = PROSE_LENGTH_MAX if shape.prose else NAME_LENGTH_MAX
    if shape.codelist:
        lines = [f"{var} = codes_{shape.codelist}.get(k)", f"if {var} is None:", f"    {var} = text_of(k, {path!r}, {limit})"]
    elif shape.format in _REPEATED_FORMATS or path in _REPEATED_FIELDS:
        lines = [f"{var} = known.get(k)", f"if {var} is None:", f"    {var} = learn(k, {path!r})"]
    else:
        lines = [f"{var} = k.decode()", f'if "\\0" in {var}:', f"    check_text({var}, {path!r}, {limit})"]
    return [
        "n = b[p]",
        "if n & 129:",  # odd, or more than one byte
        f"    {var}, p = long_text(b, p, {path!r}, {limit})",
        "else:",
        "    q = p + 1 + (n >> 1)",
        "    k = b[p + 1 : q]",
        "    p = q",
        *_indented(lines),
    ]


def _number_lines(shape: Shape, var: str, path: str) -> list[str]:
    """Return the lines that read a whole number, a date or a time."""
    within = []
    if shape.meaning in _RANGES:
        low, high, words = _RANGES[shape.meaning]
        within = [f"    if not {low} <= {var} <= {high}:", f"        out_of_range({var}, {path!r}, {words!r})"]
    return [
        "n = b[p]",
        "p += 1",
        "if n < 128:",
        f"    {var} = small[n]",
        "else:",
        # Up to three bytes (a date) are read on the spot, more by the function.
        "    k = b[p]",
        "    if k < 128:",
        "        n = n & 127 | k << 7",
        "        p += 1",
        "    elif b[p + 1] < 128:",
        "        n = n & 127 | (k & 127) << 7 | b[p + 1] << 14",
        "        p += 2",
        "    else:",
        "        n, p = varint(b, p - 1)",
        f"    {var} = (n >> 1) ^ -(n & 1)",
        *within,
    ]


def _decimal_lines(shape: Shape, var: str, path: str) -> list[str]:
    """Return the lines that read money into fen, or a quantity into a decimal."""
    lines = [
        "n = b[p]",
        f"if n in {set(_USUAL_DECIMAL_SIZES)}:",
        "    q = p + 1 + (n >> 1)",
        f'    {var} = from_bytes(b[p + 1 : q], "big", signed=True)',
        "    p = q",
        "else:",
        f"    {var}, p = long_decimal(b, p, {path!r})",
    ]
    if shape.meaning == "quantity":
        lines.append(f"{var} = quantity({var})")
    return lines
