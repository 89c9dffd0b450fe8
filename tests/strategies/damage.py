"""Records that are no acceptable events: what a broken or hostile sender may put on a topic."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from random import Random
from typing import Any

import fastavro

from exchange_contracts import codec, registry
from tests.strategies.universe import Item

Damage = Callable[[Item, Random], Item]


def damaged(item: Item, choose: Random) -> Item:
    """Return *item* broken in one of the known ways; none of them may be accepted."""
    name = choose.choice(tuple(DAMAGES))
    return replace(DAMAGES[name](item, choose), sound=False, event=f"damaged: {name}")


def _value(item: Item) -> bytes:
    assert item.value is not None
    return item.value


def _noise(item: Item, choose: Random) -> Item:
    return replace(item, value=choose.randbytes(choose.randrange(300)), headers=())


def _truncated(item: Item, choose: Random) -> Item:
    value = _value(item)
    return replace(item, value=value[: choose.randrange(len(value))])


def _trailing(item: Item, choose: Random) -> Item:
    return replace(item, value=_value(item) + choose.randbytes(1 + choose.randrange(4)))


def _wrong_schema(item: Item, choose: Random) -> Item:
    return replace(item, value=b"\0" + choose.choice((0, 999, 2**31, 2**32 - 1)).to_bytes(4, "big") + _value(item)[5:])


def _tombstone(item: Item, _choose: Random) -> Item:
    return replace(item, value=None)


def _key(item: Item, choose: Random) -> Item:
    return replace(item, key=choose.choice((b"", b"other", b"\xff\xfe")))


def _header(item: Item, choose: Random) -> Item:
    wrong = choose.choice((("ce_type", b"cn.exchange.Nothing"), ("ce_id", b"\x00\xff"), ("ce_source", b"\\u0000"), ("ce_time", b"never")))
    return replace(item, headers=(wrong,))


def _foreign(item: Item, _choose: Random) -> Item:
    return replace(item, bureau="police" if item.bureau != "police" else "finance")


def _rewritten(item: Item, **given: object) -> Item:
    """Write the event anew with other facts, as a sender without the kit could; its id and headers no longer fit."""
    value = _value(item)
    contract = registry.load().by_id(int.from_bytes(value[1:5], "big"))
    schema = fastavro.parse_schema(dict(contract.schema))
    record = fastavro.schemaless_reader(BytesIO(value[5:]), schema)
    body = BytesIO()
    fastavro.schemaless_writer(body, schema, record | given)
    return replace(item, value=value[:5] + body.getvalue(), headers=())


def _other_id(item: Item, choose: Random) -> Item:
    return _rewritten(item, event_id=f"{choose.getrandbits(32):08x}-0000-5000-8000-000000000000")


def _no_id(item: Item, choose: Random) -> Item:
    return _rewritten(item, event_id=choose.choice(("", "x", "6F0A5F0E-6A0E-5D55-9A3B-3D1F2C7C1E64")))


def _bad_code(item: Item, choose: Random) -> Item:
    """Put a word that is in no code list where one belongs, also where a fold would look it up."""
    contract = registry.load().by_id(int.from_bytes(_value(item)[1:5], "big"))
    names = [field.name for field in contract.fields if field.shape.codelist]
    return _rewritten(item, **{choose.choice(names): choose.choice(("", "无此项", "\n"))})


def _bad_revision(item: Item, choose: Random) -> Item:
    return _rewritten(item, revision=choose.choice((0, -1, -(2**63))))


def _nul(item: Item, _choose: Random) -> Item:
    return _rewritten(item, source="a\0b")


def _huge_array(item: Item, choose: Random) -> Item:
    value = _value(item)
    return replace(item, value=value[:-1] + choose.choice((b"\xfe\xff\xff\xff\x0f", b"\x01\xff\xff\xff\xff\x7f")) + b"\0" * 9)


def _bit_flipped(item: Item, choose: Random) -> Item:
    """Flip one bit of what names the event: its key, its contract's number or its id; in amounts a flip is only another amount."""
    value, key = bytearray(_value(item)), bytearray(item.key or b"")
    _, facts = codec.decode_facts(bytes(value))
    named = value.index(facts["event_id"].encode())
    place = choose.choice((0, *range(1, 5), *range(named, named + len(facts["event_id"])), *range(-len(key), 0)))
    part = key if place < 0 else value
    part[place] ^= 1 << choose.randrange(8)
    return replace(item, key=bytes(key), value=bytes(value))


def _wrong_scale(item: Item, choose: Random) -> Item:
    """Write decimals in another scale than the contract's: under the number of a contract of one's own, or, until they are too long, under its."""
    value = _value(item)
    contract = registry.load().by_id(int.from_bytes(value[1:5], "big"))
    record = fastavro.schemaless_reader(BytesIO(value[5:]), fastavro.parse_schema(dict(contract.schema)))
    schema = json.loads(json.dumps(contract.schema))
    decimals = [field for field in schema["fields"] if _decimal_of(field["type"])]
    if not decimals:
        return _wrong_schema(item, choose)
    fits = choose.random() < 0.5
    for field in decimals:
        kind = _decimal_of(field["type"])
        assert kind is not None
        kind |= {"scale": kind["scale"] + (2 if fits else 12), "precision": 38}
        if not fits:
            record[field["name"]] = Decimal(choose.randrange(10**8, 10**9))
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(schema), record)
    number = (choose.randrange(2**20, 2**31) if fits else contract.schema_id).to_bytes(4, "big")
    return replace(item, value=b"\0" + number + body.getvalue(), headers=() if fits else item.headers)


def _decimal_of(kind: Any) -> dict[str, Any] | None:
    """Return the decimal among what an Avro type may be."""
    kinds = kind if isinstance(kind, list) else [kind]
    return next((each for each in kinds if isinstance(each, dict) and each.get("logicalType") == "decimal"), None)


DAMAGES: dict[str, Damage] = {
    "noise": _noise, "truncated": _truncated, "trailing bytes": _trailing, "wrong schema id": _wrong_schema,
    "tombstone": _tombstone, "key mismatch": _key, "header mismatch": _header, "another bureau's topic": _foreign,
    "another id": _other_id, "no id": _no_id, "no code of its list": _bad_code, "no revision": _bad_revision,
    "NUL": _nul, "huge array": _huge_array, "bit flipped": _bit_flipped, "wrong scale": _wrong_scale,
}  # fmt: skip
"""Kind of damage → how it is done."""
