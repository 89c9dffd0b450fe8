"""Avro's primitives as the generated decoders read them, with the limits that keep a hostile value harmless.

Every function takes the value's bytes and a position and answers what it read and the position behind it. Reading
past the end raises ``IndexError``, or leaves a position behind the end, which the caller refuses.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Context, Decimal
from typing import Any, NoReturn

from exchange_contracts.formats import NAME_LENGTH_MAX

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAY_MIN = date(1900, 1, 1).toordinal() - EPOCH_ORDINAL
DAY_MAX = date(2199, 12, 31).toordinal() - EPOCH_ORDINAL
MILLIS_MIN = DAY_MIN * 86_400_000
MILLIS_MAX = (DAY_MAX + 1) * 86_400_000 - 1
INT_MIN, INT_MAX = -(2**31), 2**31 - 1

UNSCALED_LIMIT = 10**18
"""Unscaled decimals stay below this: 18 digits, which also fit a 64-bit integer column."""

DECIMAL_BYTES_MAX = 16
VARINT_BYTES_MAX = 10
VARINT_LIMIT = 2**64

ITEMS_MAX = 10_000
"""Items of one array or map; the largest sensible one has some hundreds."""

KNOWN_MAX = 16_384
"""Texts that are kept because they come again; they have at most 63 bytes each, so that all stay within some MiB."""

KNOWN: dict[bytes, str] = {}
"""Texts that were read and checked before; see :func:`learn`."""

SMALL = tuple((number >> 1) ^ -(number & 1) for number in range(128))
"""The numbers that Avro writes in one byte, by that byte."""

UUID_BYTES = 36
UUID_DIGITS = bytes(48 if byte in b"0123456789abcdef" else byte for byte in range(256))
"""Turns hexadecimal digits into zeros, so that every canonical UUID becomes ``UUID_SHAPE``."""
UUID_SHAPE = b"00000000-0000-0000-0000-000000000000"

_EXACT = Context(prec=28)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Read = Callable[[bytes, int], tuple[Any, int]]


class MalformedError(Exception):
    """Bytes that no writer of the contract could have written; the text says why, in Chinese."""


class BadValueError(Exception):
    """A value that no database or fold could take; the text names the field, in Chinese."""


def varint(body: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length number, still zigzag-coded."""
    byte = body[at]
    number = byte & 0x7F
    if byte < 0x80:
        return number, at + 1
    byte = body[at + 1]
    number |= (byte & 0x7F) << 7
    if byte < 0x80:
        return number, at + 2
    byte = body[at + 2]
    number |= (byte & 0x7F) << 14
    if byte < 0x80:
        return number, at + 3
    at += 2
    shift = 21
    while byte > 0x7F:
        at += 1
        byte = body[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 7 * VARINT_BYTES_MAX:
            raise MalformedError("整数编码过长")
    if number >= VARINT_LIMIT:
        raise MalformedError("整数超出64位范围")
    return number, at + 1


def zigzag(number: int) -> int:
    """Return the signed number that a zigzag-coded one stands for."""
    return (number >> 1) ^ -(number & 1)


def size(body: bytes, at: int) -> tuple[int, int]:
    """Read a length, still doubled by the zigzag code; a negative one or one beyond the value is malformed."""
    doubled, at = varint(body, at)
    if doubled & 1 or doubled >> 1 > len(body) - at:
        raise MalformedError("声明的长度超出消息本身")
    return doubled, at


def union_index() -> NoReturn:
    """Refuse a union branch that is neither null nor the value."""
    raise MalformedError("可空字段的标记既不是空也不是有值")


def flag(body: bytes, at: int) -> tuple[bool, int]:
    """Read a boolean."""
    if body[at] > 1:
        raise MalformedError("是否字段的编码不是0或1")
    return body[at] == 1, at + 1


def text_of(raw: bytes, field: str, limit: int) -> str:
    """Return a text of at most *limit* characters."""
    text = raw.decode()
    check_text(text, field, limit)
    return text


def long_text(body: bytes, at: int, field: str, limit: int) -> tuple[str, int]:
    """Read a text of any length, at most *limit* characters."""
    doubled, at = size(body, at)
    end = at + (doubled >> 1)
    return text_of(body[at:end], field, limit), end


def learn(raw: bytes, field: str) -> str:
    """Return a text that is not known yet, and know it from then on."""
    text = text_of(raw, field, NAME_LENGTH_MAX)
    if len(KNOWN) >= KNOWN_MAX:
        KNOWN.clear()
    KNOWN[raw] = text
    return text


def uuid(body: bytes, at: int, field: str) -> tuple[str, int]:
    """Read a UUID in whatever way its length is written; one that is cut short is told as what it is, no UUID."""
    doubled, at = (body[at], at + 1) if not body[at] & 129 else size(body, at)
    end = at + (doubled >> 1)
    text = body[at:end].decode()
    check_uuid(text, field)
    return text, end


def check_text(text: str, field: str, limit: int) -> None:
    """Refuse a text with NUL (no PostgreSQL text holds it) or of more than *limit* characters."""
    if "\0" in text:
        raise BadValueError(f"字段 {field} 含有空字符（NUL），请删除后重报")
    if len(text) > limit:
        raise BadValueError(f"字段 {field} 共{len(text)}个字符，超过上限{limit}个")


def check_uuid(text: str, field: str) -> None:
    """Refuse what is not a UUID in canonical form, so that equal ids are equal texts."""
    if not _UUID.fullmatch(text):
        raise BadValueError(f"字段 {field} 不是规范的UUID（小写，带横线）：{text[:40]!r}")


def out_of_range(number: int, field: str, words: str) -> NoReturn:
    """Refuse a number outside its range."""
    raise BadValueError(f"字段 {field} 的{words}：{number}")


def long_decimal(body: bytes, at: int, field: str) -> tuple[int, int]:
    """Read an unscaled decimal whose length is none of the usual one to seven bytes."""
    doubled, at = size(body, at)
    length = doubled >> 1
    if not 0 < length <= DECIMAL_BYTES_MAX:
        raise BadValueError(f"字段 {field} 的数值编码为{length}字节，应为1至8字节")
    unscaled = int.from_bytes(body[at : at + length], "big", signed=True)
    if not -UNSCALED_LIMIT < unscaled < UNSCALED_LIMIT:
        raise BadValueError(f"字段 {field} 的数值超出18位")
    return unscaled, at + length


def quantity(unscaled: int) -> Decimal:
    """Return ten-thousandths as a decimal with four places."""
    return Decimal(unscaled).scaleb(-4, _EXACT)


def blocks(body: bytes, at: int, field: str) -> tuple[int, int]:
    """Read the head of an array's or map's next block: the number of items in it, 0 at the end.

    Every item takes at least one byte (a lint holds it), so a count beyond the rest of the value is malformed.
    """
    coded, at = varint(body, at)
    count = zigzag(coded)
    if count < 0:
        count = -count
        _, at = size(body, at)
    if count > len(body) - at:
        raise MalformedError("声明的项数超出消息本身")
    if count > ITEMS_MAX:
        raise BadValueError(f"字段 {field} 有{count}项，超过上限{ITEMS_MAX}项")
    return count, at


def array(body: bytes, at: int, read: Read, field: str) -> tuple[list[Any], int]:
    """Read an array's items."""
    items: list[Any] = []
    count, at = blocks(body, at, field)
    while count:
        for _ in range(count):
            item, at = read(body, at)
            items.append(item)
        if len(items) > ITEMS_MAX:
            raise BadValueError(f"字段 {field} 超过上限{ITEMS_MAX}项")
        count, at = blocks(body, at, field)
    return items, at


def mapping(body: bytes, at: int, read: Read, field: str) -> tuple[dict[str, Any], int]:
    """Read a map's entries; a key that comes twice would make the value depend on the reader."""
    entries: dict[str, Any] = {}
    count, at = blocks(body, at, field)
    while count:
        for _ in range(count):
            doubled, at = size(body, at)
            key = text_of(body[at : at + (doubled >> 1)], field, NAME_LENGTH_MAX)
            if key in entries:
                raise BadValueError(f"字段 {field} 中“{key[:40]}”出现两次")
            entries[key], at = read(body, at + (doubled >> 1))
        if len(entries) > ITEMS_MAX:
            raise BadValueError(f"字段 {field} 超过上限{ITEMS_MAX}项")
        count, at = blocks(body, at, field)
    return entries, at
