"""Encoders compiled per contract: sound facts to an Avro body in one pass, the other way round from :mod:`.decoder`.

They check nothing: facts are those that a decoder would give, money as whole fen and a quantity as a ``Decimal`` with four
places. The bytes are those that the general writer gives the event of these facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import count
from typing import Any

from exchange_contracts.registry import Contract
from exchange_contracts.shape import Field, Shape

Encoder = Callable[[Mapping[str, Any]], bytes]

def encoder_of(contract: Contract) -> Encoder:
    """Compile the function that writes facts of a contract: the frame and the body."""
    writer = _Writer()
    writer.function("write", contract.fields)
    environment: dict[str, Any] = {
        "text": _text, "varint": _varint, "decimal": _decimal, "head": b"\0" + contract.schema_id.to_bytes(4, "big"),
    }  # fmt: skip
    source = "\n\n".join([*writer.functions, "def encode(f):\n    return bytes(write(bytearray(head), f))"])
    exec(compile(source, f"<encoder {contract.event} v{contract.version}>", "exec"), environment)  # noqa: S102  # made of the package's own contracts alone
    encoder: Encoder = environment["encode"]
    return encoder


class _Writer:
    """Writes the functions of one encoder: nested types become functions of their own."""

    def __init__(self) -> None:
        self.functions: list[str] = []
        self._numbers = count()

    def function(self, name: str, fields: tuple[Field, ...]) -> None:
        """Write the function that writes a record."""
        lines = [f"def {name}(o, f):"]
        for field in fields:
            lines += [f"    v = f[{field.name!r}]", *(f"    {line}" for line in self._value(field.shape))]
        self.functions.append("\n".join([*lines, "    return o"]))

    def _value(self, shape: Shape) -> list[str]:
        """Return the lines that write the value *v*."""
        if not shape.optional:
            return self._present(shape)
        return ["if v is None:", "    o.append(0)", "else:", "    o.append(2)", *(f"    {line}" for line in self._present(shape))]

    def _present(self, shape: Shape) -> list[str]:
        match shape.meaning:
            case "text" | "uuid":
                return ["o += text(v)"]
            case "money":
                return ["o += decimal(v)"]
            case "quantity":
                return ["o += decimal(int(v.scaleb(4)))"]
            case "boolean":
                return ["o.append(1 if v else 0)"]
            case "record":
                return [f"{self._item(replace(shape, optional=False))}(o, v)"]
            case "array":
                return ["if v:", "    o += varint(len(v))", "    for each in v:", f"        {self._item(shape.inner)}(o, each)", "o.append(0)"]
            case "map":
                item = self._item(shape.inner)
                return ["if v:", "    o += varint(len(v))", "    for key, each in v.items():", "        o += text(key)", f"        {item}(o, each)", "o.append(0)"]
        return ["o += varint(v)"]

    def _item(self, shape: Shape | None) -> str:
        """Write the function that writes one item and return its name."""
        if shape is None:
            raise TypeError("an array or map without an inner type")
        name = f"write_{next(self._numbers)}"
        if shape.meaning == "record" and not shape.optional:
            self.function(name, shape.fields)
        else:
            self.functions.append("\n".join([f"def {name}(o, v):", *(f"    {line}" for line in self._value(shape))]))
        return name


@lru_cache(1 << 14)
def _varint(number: int) -> bytes:
    """Return a signed number as Avro writes it: zigzag, seven bits a byte, the lowest first."""
    left = number << 1 if number >= 0 else (-number << 1) - 1
    out = bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def _text(text: str) -> bytes:
    body = text.encode()
    return _varint(len(body)) + body


def _decimal(unscaled: int) -> bytes:
    """Return a decimal as the general writer does: as many bytes as its size and a sign need."""
    size = (abs(unscaled).bit_length() + 8) // 8
    return _varint(size) + unscaled.to_bytes(size, "big", signed=True)
