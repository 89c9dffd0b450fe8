"""Systems that write Avro themselves: what is agreed with them, byte by byte, and what they are told where they write otherwise."""

import base64
import gzip
import hashlib
import json
import re
import struct
import uuid
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts import codec, envelope, registry, topics
from exchange_hub.views.reading import read
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Record, Rejection, Statement

VECTORS = json.loads(files("exchange_contracts").joinpath("vectors.json").read_text(encoding="utf-8"))
SOUND = VECTORS["events"]
AGREED = "正文应为“00 + 四字节契约编号 + Avro 正文”"
GUID = uuid.UUID("6f0a5f0e-6a0e-5d55-9a3b-3d1f2c7c1e64").bytes


def rejection(key: bytes | None, value: bytes, headers: tuple[tuple[str, bytes], ...] = ()) -> Rejection:
    found = read(Record(1, 0, 0, key, value, headers), SOUND[0]["bureau"], FoldRules())
    assert isinstance(found, Rejection)
    return found


@pytest.mark.parametrize("vector", SOUND, ids=lambda vector: f"{vector['event']}-{vector['entity_key']}")
def test_a_vector_is_what_the_hub_accepts(vector: dict[str, Any]) -> None:
    """Key, headers and value of each vector are accepted, and say what the vector says in words."""
    headers = [(name, text.encode()) for name, text in vector["headers"].items()]
    record = Record(1, 0, 0, vector["key"].encode(), bytes.fromhex(vector["value_hex"]), headers)
    found = read(record, topics.bureau_of(vector["topic"]), FoldRules())
    assert not isinstance(found, Rejection), found
    statement, fold = found
    assert isinstance(statement, Statement)
    assert fold.failure is None
    contract = registry.load().by_id(vector["schema_id"])
    assert (contract.event, contract.version) == (vector["event"], vector["version"])
    told = codec.decode(record.value or b"")
    assert json.loads(told.model_dump_json(exclude_none=True)) == vector["fields"]
    assert dict(envelope.headers(told)) == dict(headers)


@pytest.mark.parametrize("vector", SOUND, ids=lambda vector: f"{vector['event']}-{vector['entity_key']}")
def test_a_vector_s_id_and_frame_follow_the_words_of_the_page(vector: dict[str, Any]) -> None:
    """The id is the SHA-1 of namespace and lines, made a UUID of version 5; the frame is a zero byte and the number of the contract."""
    lines = "\n".join([vector["source"], vector["family"], "|".join(vector["subkey"]), vector["entity_key"], str(vector["revision"])])
    digest = bytearray(hashlib.sha1(uuid.UUID(VECTORS["namespace"]).bytes + lines.encode()).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x50, digest[8] & 0x3F | 0x80
    assert str(uuid.UUID(bytes=bytes(digest))) == vector["fields"]["event_id"]
    value = bytes.fromhex(vector["value_hex"])
    assert struct.unpack(">bI", value[:5]) == (0, vector["schema_id"])
    # The first field of every contract is the id: a text of 36 bytes, its length doubled.
    assert value[5:42] == b"\x48" + vector["fields"]["event_id"].encode()


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["what"])
def test_what_is_written_otherwise_is_told_by_its_form(case: dict[str, Any]) -> None:
    """Each usual other form is named in the receipt, with what is agreed, and with event id and key where they can be read."""
    headers = tuple((name, text.encode()) for name, text in case["headers"].items())
    found = rejection(bytes.fromhex(case["key_hex"]), bytes.fromhex(case["value_hex"]), headers)
    assert {"code": found.code, "reason": found.reason, "event_id": found.event_id, "entity_key": found.entity} == case["receipt"]


def test_the_refused_vectors_are_all_usual_forms() -> None:
    """JSON, structured CloudEvents, a container file, a GUID before the body or in a header; keys framed, in JSON, with a GUID."""
    said = "\n".join(case["receipt"]["reason"] for case in VECTORS["refused"])
    for words in ("是 JSON；", "结构化的 CloudEvents", "Avro 容器文件", "带 GUID 的帧头", "__value_schema_id", "消息键带有 Avro 帧头", "消息键是 JSON", "消息键带有 GUID"):
        assert words in said
    assert said.count(AGREED) >= 5


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"13800138000", b'{"entity_key": "P1"}'), (b'"11010519491231002X"', b"\x01" + GUID), (b"P1", b'{"subject": "13800138000"}'),
        (b"\x00\x00\x00\x00\x01\x1613800138000", b"[]"),
    ],
)  # fmt: skip
def test_a_personal_number_is_never_named(key: bytes, value: bytes) -> None:
    """Where key or JSON hold a personal number, neither bytes nor key of the record are kept."""
    found = rejection(key, value)
    assert (found.event_id, found.entity, found.record.key, found.record.value) == (None, None, None, None)
    assert "13800138000" not in found.reason


@pytest.mark.parametrize("value", [b"[" * 100_000, b'{"id": 1' + b"0" * 5000 + b"}", b'{"entity_key": "\\ud800"}', b'{"entity_key": "a\\u0000"}', b"{}"])
def test_hostile_json_names_nothing_and_never_raises(value: bytes) -> None:
    """Whatever JSON holds, the record is rejected, and no key is taken that no database could hold."""
    found = rejection(None, value)
    assert (found.code, found.event_id, found.entity) == ("unreadable", None, None)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda value: b"\x00\x00\x00\x00\x18" + b'{"event_id": "' + SOUND[1]["fields"]["event_id"].encode() + b'"}', "消息帧头之后是 JSON；"),
        (lambda value: b"\x00\x00\x0f\xff\xff" + b'{"specversion": "1.0"}', "消息帧头之后是结构化的 CloudEvents（JSON）；"),
        (base64.b64encode, "消息正文是 Base64 文本；"), (base64.urlsafe_b64encode, "消息正文是 Base64 文本；"),
        (lambda value: value.hex().encode(), "消息正文是十六进制文本；"), (lambda value: value.hex().upper().encode() + b"\n", "消息正文是十六进制文本；"),
        (gzip.compress, "消息正文是经 gzip 压缩的内容"),
    ],
)  # fmt: skip
def test_an_event_that_was_turned_into_something_else_is_told_so(made: Callable[[bytes], bytes], words: str) -> None:
    """JSON behind a frame, as serializers of JSON Schema write it; text of bytes; bytes that were compressed before Kafka had them."""
    found = rejection(SOUND[1]["key"].encode(), made(bytes.fromhex(SOUND[1]["value_hex"])))
    assert found.reason.startswith(words)
    assert AGREED in found.reason
    assert found.entity == SOUND[1]["key"]
    assert (found.event_id is not None) == ("event_id" in str(found.record.value))


def test_a_body_of_another_version_than_its_frame_says_is_told_so() -> None:
    """Whoever takes the newest contract and an older number, or the other way round, reads both versions and both numbers."""
    contracts = registry.load()
    newest = contracts.latest("SubmissionConfirmed")
    old, fields = SOUND[0], codec.decode(bytes.fromhex(SOUND[0]["value_hex"]))
    assert newest.schema_id != old["schema_id"]
    mixed = bytes.fromhex(old["value_hex"])[:5] + codec.encode(fields)[5:]
    found = rejection(old["key"].encode(), mixed)
    assert f"像是按第{newest.version}版（编号{newest.schema_id}）写的，而帧头写的是第1版（编号28）" in found.reason
    turned = codec.encode(fields)[:5] + bytes.fromhex(old["value_hex"])[5:]
    assert f"写的，而帧头写的是第{newest.version}版（编号{newest.schema_id}）" in rejection(old["key"].encode(), turned).reason
    assert "像是按" not in rejection(old["key"].encode(), bytes.fromhex(old["value_hex"])[:40]).reason


def test_the_page_tells_what_the_vectors_hold() -> None:
    """The page's worked bytes and namespace are those of the first vector."""
    page = (Path(__file__).parents[2] / "schemas/README.md").read_text(encoding="utf-8")
    assert VECTORS["namespace"] in page
    assert SOUND[0]["fields"]["event_id"] in page
    frame_and_fields = bytes.fromhex(SOUND[0]["value_hex"])
    worked = re.search(r"```\n(SHA-1.*?)```", page, re.DOTALL)
    assert worked is not None
    # Each line's bytes, as far as they are written out, stand in the value in this order.
    place = 0
    for line in worked[1].splitlines()[2:-1]:
        for run in re.split(" … ", line.split("  ")[0].strip()):
            place = frame_and_fields.index(bytes.fromhex(run), place) + len(bytes.fromhex(run))
    assert place > 80
