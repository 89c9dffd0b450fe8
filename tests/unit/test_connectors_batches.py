"""Batches are read within bounds: each codec as each client writes it, giants by length, digest and beginning."""

import gzip
import hashlib
import struct
import zlib
from collections.abc import Callable
from functools import cache

import cramjam
import lz4.frame
import pytest
import zstandard
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from exchange_connectors.kit import batches
from exchange_connectors.kit.batches import CorruptBatchError, Oversized, record_digest, records_of, unpacked

MIB = 1 << 20
HEADERS = [("ce_type", b"x"), ("bare", None)]


def xerial(data: bytes) -> bytes:
    """Pack with snappy as Java does: blocks of 32 KiB behind a header."""
    blocks = [bytes(cramjam.snappy.compress_raw(data[at : at + 32768])) for at in range(0, len(data), 32768)]
    return b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1) + b"".join(struct.pack(">i", len(block)) + block for block in blocks)


PACKERS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "no codec": (0, bytes),
    "gzip": (1, gzip.compress),
    "gzip in two members": (1, lambda data: gzip.compress(data[:10]) + gzip.compress(data[10:])),
    "snappy as Java writes it": (2, xerial),
    "snappy as librdkafka and franz-go write it": (2, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    "lz4": (3, lz4.frame.compress),
    "lz4 in two frames": (3, lambda data: lz4.frame.compress(data[:10]) + lz4.frame.compress(data[10:])),
    "zstd": (4, zstandard.compress),
    "zstd of unknown size in two frames": (4, lambda data: b"".join(zstandard.ZstdCompressor(write_content_size=False).compress(part) for part in (data[:10], data[10:]))),
}


def plain(*records: tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]) -> bytes:
    """Return a batch without a codec."""
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 30)
    for offset, (key, value, headers) in enumerate(records):
        builder.append(offset, 1000 + offset, key, value, headers)
    return bytes(builder.build())


@cache
def giant_batch() -> tuple[bytes, bytes]:
    """Return a giant and a batch with it as a value and as a key; made once, for its checksum takes a while."""
    giant = bytes(range(256)) * (5 * MIB // 1024)
    return giant, plain((b"k", giant, HEADERS), (giant, b"v", []), (b"next", b"small", []))


def packed(batch: bytes, codec: int, pack: Callable[[bytes], bytes]) -> memoryview:
    """Pack a batch's records."""
    head = batch[:21] + struct.pack(">h", codec) + batch[23:61]
    return memoryview(head + pack(batch[61:]))


@pytest.mark.parametrize("name", PACKERS)
def test_every_codec_as_each_client_writes_it(name: str) -> None:
    """What is read equals what kafka-python reads of the same batch without a codec, by both ways of reading."""
    batch = plain((b"k", b"value " * 30_000, HEADERS), (None, b"", []), (b"", None, []))
    expected = [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in DefaultRecordBatch(batch)]
    given = packed(batch, *PACKERS[name])
    assert [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in records_of(given) if r] == expected
    whole = unpacked(given)
    assert whole is not None
    assert [(r.offset, r.timestamp, r.key, r.value, r.headers) for r in DefaultRecordBatch(whole)] == expected


@pytest.mark.parametrize("name", PACKERS)
def test_a_giant_is_told_by_length_digest_and_beginning(name: str) -> None:
    """Of a value or key beyond an event's bound the first KiB is kept; what follows in the batch is whole."""
    giant, batch = giant_batch()
    first, second, third = records_of(packed(batch, *PACKERS[name]))
    assert first is not None
    assert second is not None
    assert third is not None
    assert isinstance(first.value, Oversized)
    assert (first.value, first.value.length, first.value.sha256) == (giant[:1024], len(giant), hashlib.sha256(giant).hexdigest())
    assert isinstance(second.key, Oversized)
    assert (second.key.length, second.value) == (len(giant), b"v")
    assert (third.key, third.value) == (b"next", b"small")
    assert record_digest(first.key, first.value) == record_digest(b"k", giant)
    assert record_digest(second.key, second.value) == record_digest(giant, b"v")


def test_a_batch_too_large_to_be_held_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of more than is held at once is left to the parser that takes it record by record."""
    monkeypatch.setattr(batches, "WHOLE_BYTES_MAX", MIB)
    batch = plain(*((b"k", bytes(MIB // 4), []) for _ in range(5)))
    given = packed(batch, *PACKERS["gzip"])
    assert unpacked(given) is None
    assert [len(record.value or b"") for record in records_of(given) if record] == [MIB // 4] * 5


def test_headers_without_end_are_left_out() -> None:
    """Headers beyond an event's bound make a record a giant; those before are kept, and what follows is read."""
    many: list[tuple[str, bytes | None]] = [("name", bytes(100_000)) for _ in range(20)]
    first, second = records_of(packed(plain((b"k", b"v", many), (b"next", b"small", [])), *PACKERS["zstd"]))
    assert first is not None
    assert second is not None
    assert isinstance(first.value, Oversized)
    assert 0 < len(first.headers) < 20
    assert record_digest(first.key, first.value) == record_digest(b"k", b"v")
    assert second.value == b"small"


def test_a_long_way_through_a_giant_is_interrupted() -> None:
    """Where unpacking takes longer than a slice of time, the reader gets its turn, and then the record."""
    given = packed(plain((b"k", bytes(3 * MIB), [])), *PACKERS["zstd"])
    found = list(records_of(given, slice_seconds=0.0))
    assert found[:-1] == [None] * (len(found) - 1)
    assert len(found) > 5
    assert found[-1] is not None


def test_the_last_giant_of_a_batch_is_not_unpacked_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing follows it, so that beyond what is digested nothing of it is wanted: gigabytes cost what megabytes do."""
    monkeypatch.setattr(batches, "DIGESTED_BYTES_MAX", MIB)
    given = packed(plain((b"k", bytes(3 * MIB), [])), *PACKERS["gzip"])
    cut = memoryview(bytes(given[: 61 + (len(given) - 61) // 2]))
    (found,) = records_of(cut)
    assert found is not None
    assert isinstance(found.value, Oversized)
    assert (found.value.length, found.value.sha256) == (3 * MIB, hashlib.sha256(bytes(MIB)).hexdigest())


@pytest.mark.parametrize("damage", ["cut off", "not of its codec", "a codec that Kafka does not have"])
def test_a_damaged_batch_is_named_so(damage: str) -> None:
    """Damage ends in one error, whatever the codec's library says."""
    for codec, pack in PACKERS.values():
        given = bytes(packed(plain((b"k", bytes(range(256)) * 100, [])), codec, pack))
        given = {
            "cut off": given[: 61 + (len(given) - 61) // 2],
            "not of its codec": given[:61] + zlib.compress(b"x") * 3,
            "a codec that Kafka does not have": given[:21] + struct.pack(">h", 6) + given[23:],
        }[damage]
        with pytest.raises(CorruptBatchError):
            list(records_of(memoryview(given)))
