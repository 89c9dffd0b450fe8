"""What a record looks like that another system wrote in its own way: named, with the way that is agreed, and what can be read of it.

Nothing here accepts a record. It tells a sender which of the usual forms was met, and finds event id and key by which the
sender finds the record again.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from exchange_contracts import codec, registry
from exchange_contracts.registry import SchemaId

AGREED = "正文应为“00 + 四字节契约编号 + Avro 正文”"

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_KEY_LENGTH_MAX = 200
_FRAME_BYTES = 5
_GUID_BYTES = 17
_CONTAINER = b"Obj\x01"
_FRAME = b"\x00"
_GZIP = b"\x1f\x8b"
_SCHEMA_HEADER = "__value_schema_id"

Headers = Sequence[tuple[str, bytes | None]]


class Seen(NamedTuple):
    """What is seen of a record whose value is no event.

    Attributes:
        form: the form of the value in Chinese, with what is agreed; ``None`` where it is none of the usual ones.
        event_id: the event id that headers or JSON name.
        entity_key: the business key that the key or JSON name.
    """

    form: str | None
    event_id: str | None
    entity_key: str | None


def seen(key: bytes | None, value: bytes, headers: Headers) -> Seen:
    """Look at a record whose value is no event."""
    opened = _opened(value) or _opened(_body(value))
    return Seen(_form(value, opened, headers), _event_id(opened, headers), _entity_key(key, opened))


def _form(value: bytes, opened: object, headers: Headers) -> str | None:
    if value.startswith(_CONTAINER):
        return f"消息正文是 Avro 容器文件（Obj 01 开头）；{AGREED}，一条消息一个事件"
    if opened is not None:
        what = "结构化的 CloudEvents（JSON）" if isinstance(opened, dict) and "specversion" in opened else " JSON"
        return f"消息{'帧头之后' if value[:1] == _FRAME else '正文'}是{what}；{AGREED}"
    if (packed := _packed(value)) is not None:
        return f"消息正文是{packed}；{AGREED}，不经转换"
    if any(name == _SCHEMA_HEADER for name, _ in headers):
        return f"消息把契约编号写在消息头 {_SCHEMA_HEADER} 里；{AGREED}，编号写在正文之前"
    if value[:1] == b"\x01" and len(value) >= _GUID_BYTES:
        return f"消息正文以 01 开头，像是带 GUID 的帧头；{AGREED}，请让序列化程序写编号而不写 GUID"
    return None


def other_version(value: bytes) -> str:
    """Say with which other version of the contract a body can be read whole, and by which id that goes; nothing where with none."""
    contracts, schema_id = registry.load(), int.from_bytes(value[1:_FRAME_BYTES], "big")
    versions = {each.schema_id: each for each in contracts.versions()}
    if value[:1] != _FRAME or (named := versions.get(SchemaId(schema_id))) is None:
        return ""
    for other in reversed(versions.values()):
        if other.event == named.event and other is not named:
            try:
                codec.decode_facts(_FRAME + other.schema_id.to_bytes(_FRAME_BYTES - 1, "big") + _body(value))
            except codec.DecodeError:
                continue
            return f"；正文像是按第{other.version}版（编号{other.schema_id}）写的，而帧头写的是第{named.version}版（编号{schema_id}）"
    return ""


def _body(value: bytes) -> bytes:
    """Return what stands behind a frame, nothing where there is none."""
    return value[_FRAME_BYTES:] if value[:1] == _FRAME else b""


def _packed(value: bytes) -> str | None:
    """Name what an event was turned into before it was sent."""
    if value.startswith(_GZIP):
        return "经 gzip 压缩的内容（压缩请用 Kafka 客户端的 compression.type）"
    if value.startswith(b"00000000") and re.fullmatch(rb"[0-9a-fA-F]+\s*", value):
        return "十六进制文本"
    if value.startswith(b"AAAA") and re.fullmatch(rb"[A-Za-z0-9+/_-]+={0,2}\s*", value):
        return " Base64 文本"
    return None


def form_of_key(key: bytes) -> str | None:
    """Name the form of a key that is not the entity key as plain text; ``None`` where it is none of the usual ones."""
    if _framed_text(key) is not None:
        return "消息键带有 Avro 帧头"
    if isinstance(_opened(key), dict) or (key[:1] == b'"' and isinstance(_loaded(key), str)):
        return "消息键是 JSON"
    if key[:1] == b"\x01" and len(key) >= _GUID_BYTES:
        return "消息键带有 GUID 帧头"
    return None


def _event_id(opened: object, headers: Headers) -> str | None:
    told = [part.decode("ascii", "replace") for name, part in headers if name == "ce_id" and isinstance(part, bytes)]
    told += [str(found) for found in _told(opened, "event_id", "id")]
    return next((text.lower() for text in told if _UUID.fullmatch(text)), None)


def _entity_key(key: bytes | None, opened: object) -> str | None:
    told: list[Any] = []
    if key is not None:
        loaded = _loaded(key) if key[:1] in (b'"', b"{") else None
        named = loaded.get("entity_key") if isinstance(loaded, dict) else loaded
        told += [named, _framed_text(key), _plain(key)]
    told += _told(opened, "entity_key", "subject")
    return next((text for text in told if isinstance(text, str) and 0 < len(text) <= _KEY_LENGTH_MAX and text.isprintable()), None)


def _told(opened: object, *names: str) -> list[Any]:
    """Return what a JSON value says under the names, inside of ``data`` and outside."""
    if not isinstance(opened, dict):
        return []
    inner = opened.get("data")
    return [part[name] for part in (inner, opened) if isinstance(part, dict) for name in names if name in part]


def _opened(value: bytes) -> object:
    """Return a JSON object or array, ``None`` where the bytes are neither."""
    text = value.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _loaded(text) if text[:1] in (b"{", b"[") else None


def _loaded(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(key: bytes) -> str | None:
    try:
        return key.decode()
    except UnicodeDecodeError:
        return None


def _framed_text(key: bytes) -> str | None:
    """Return the text of a key that is framed as an Avro string, ``None`` where it is none."""
    if len(key) <= _FRAME_BYTES or key[0] != 0:
        return None
    length = shift = 0
    for place in range(_FRAME_BYTES, min(len(key), _FRAME_BYTES + 3)):
        length |= (key[place] & 127) << shift
        shift += 7
        if key[place] < 128:
            text = key[place + 1 :]
            return _plain(text) if length == 2 * len(text) else None
    return None
