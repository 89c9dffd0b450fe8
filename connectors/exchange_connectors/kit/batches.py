"""Record batches as Kafka keeps them, read within bounds: every codec, any header name, a bomb as well as a letter.

A batch says nothing of what it unpacks to: half a megabyte may hold gigabytes. So it is unpacked piece by piece, and of a
key or value that is larger than any event may be only its length, its digest and its beginning are kept. Both of the
Python clients read through :func:`records_of`; neither of them bounds what it unpacks, and each knows the codecs of
other packages.
"""

import hashlib
import struct
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, NamedTuple, Self

import cramjam
import zstandard
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch
from lz4.frame import LZ4FrameDecompressor

from exchange_contracts.codec import VALUE_BYTES_MAX

#: What is kept of a key or value that is larger than an event may be, in bytes.
KEPT_BYTES = 1024
#: A batch that unpacks to no more is handed to the client's own parser whole.
WHOLE_BYTES_MAX = 8 * 2**20
#: Digests cover this much of a value; a longer one is told by its length and the digest of its beginning.
DIGESTED_BYTES_MAX = 512 * 2**20
#: Headers of one record that are kept, in bytes of names and values.
HEADER_BYTES_MAX = VALUE_BYTES_MAX

_PIECE_BYTES = 256 * 1024
_HEADER = struct.Struct(">qiibIhiqqqhii")
_ATTRIBUTES = struct.Struct(">h")
_ATTRIBUTES_AT = 21
_CODEC_MASK, _BY_BROKER, _CONTROL = 0x07, 0x08, 0x20
_XERIAL = b"\x82SNAPPY\0"
_XERIAL_HEADER_BYTES = 16


class CorruptBatchError(Exception):
    """A batch whose records do not add up to what it says."""


class Oversized(bytes):
    """The beginning of a key or value that is larger than an event may be.

    Attributes:
        length: bytes of the whole.
        sha256: digest of the whole, or of its first ``DIGESTED_BYTES_MAX`` bytes, in hexadecimal digits.
        record_digest: digest of the whole record's key and value, as :func:`record_digest` returns it.
    """

    length: int
    sha256: str
    record_digest: bytes

    @classmethod
    def of(cls, head: bytes, length: int, sha256: str, digest: bytes) -> Self:
        """Make one of what is known of the whole."""
        made = cls(head[:KEPT_BYTES])
        made.length, made.sha256, made.record_digest = length, sha256, digest
        return made


class BatchRecord(NamedTuple):
    """A record with the names that both clients give its parts."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    size_in_bytes: int
    checksum: None = None

    def validate_crc(self) -> bool:
        """Tell that there is nothing to check: the checksum is the batch's."""
        return True


def record_digest(key: bytes | None, value: bytes | None) -> bytes:
    """Digest a record's key and value, to recognise it again at the position before the next one."""
    for part in (key, value):
        if isinstance(part, Oversized):
            return part.record_digest
    digest = hashlib.blake2b(digest_size=16)
    for part in (key, value):
        digest.update(b"-" if part is None else b"+%d " % len(part) + part)
    return digest.digest()


def bounded(key: bytes | None, value: bytes | None) -> tuple[bytes | None, bytes | None]:
    """Return a record's key and value, each cut to its beginning where it is larger than an event may be."""
    digest = record_digest(key, value)

    def cut(part: bytes | None) -> bytes | None:
        if part is None or len(part) <= VALUE_BYTES_MAX or isinstance(part, Oversized):
            return part
        return Oversized.of(part, len(part), hashlib.sha256(memoryview(part)[:DIGESTED_BYTES_MAX]).hexdigest(), digest)

    return cut(key), cut(value)


def codec_of(batch: bytes | bytearray | memoryview) -> int:
    """Return the number of the codec that packs a batch's records; 0 for none."""
    return int(_ATTRIBUTES.unpack_from(batch, _ATTRIBUTES_AT)[0]) & _CODEC_MASK


def unpacked(batch: memoryview) -> bytes | None:
    """Return a batch as it would be without a codec, or ``None`` where that is too much to be held at once."""
    pieces, size = [], 0
    for piece in _pieces(codec_of(batch), batch[_HEADER.size :]):
        size += len(piece)
        if size > WHOLE_BYTES_MAX:
            return None
        pieces.append(piece)
    plain = _ATTRIBUTES.unpack_from(batch, _ATTRIBUTES_AT)[0] & ~_CODEC_MASK
    head = bytes(batch[:_ATTRIBUTES_AT]) + _ATTRIBUTES.pack(plain) + bytes(batch[_ATTRIBUTES_AT + 2 : _HEADER.size])
    return b"".join((head, *pieces))


def records_of(batch: memoryview, slice_seconds: float | None = None) -> Iterator[BatchRecord | None]:
    """Yield a batch's records, holding at most a few megabytes of them at a time.

    Args:
        batch: the batch as it lies in the log.
        slice_seconds: after this much time without a record ``None`` is yielded, so that the reader can do what else it
            must; never, if omitted.
    """
    header = _HEADER.unpack_from(batch)
    attributes, base_offset, first_timestamp, max_timestamp, count = (
        header[5],
        header[0],
        header[7],
        header[8],
        header[12],
    )
    stream = _Stream(_pieces(attributes & _CODEC_MASK, batch[_HEADER.size :]), slice_seconds)
    by_broker = bool(attributes & _BY_BROKER)
    for number in range(count):
        length = stream.varint()
        end = stream.passed + length
        stream.take(1)
        timestamp = max_timestamp if by_broker else first_timestamp + stream.varint()
        if by_broker:
            stream.varint()
        offset = base_offset + stream.varint()
        found = _Parts(stream)
        yield from found.read(end, last=number == count - 1)
        if stream.passed != end and not found.left_unread:
            raise CorruptBatchError(f"the record at offset {offset} does not end where it says")
        yield BatchRecord(offset, timestamp, int(by_broker), found.key, found.value, found.headers, length)


class _Parts:
    """Key, value and headers of one record."""

    def __init__(self, stream: "_Stream") -> None:
        self._stream = stream
        self.key: bytes | None = None
        self.value: bytes | None = None
        self.headers: list[tuple[str, bytes | None]] = []
        #: Set where the rest of the batch's last record was not worth unpacking.
        self.left_unread = False

    def read(self, end: int, *, last: bool) -> Iterator[None]:
        """Read up to *end*, yielding now and then where it takes long."""
        digest = hashlib.blake2b(digest_size=16)
        parts: list[tuple[bytes | None, int, str]] = []
        for part_name in ("key", "value"):
            length = self._stream.varint()
            if length < 0:
                digest.update(b"-")
                parts.append((None, 0, ""))
                continue
            digest.update(b"+%d " % length)
            if length <= VALUE_BYTES_MAX:
                part = self._stream.take(length)
                digest.update(part)
                parts.append((part, length, ""))
                continue
            sha256 = hashlib.sha256()
            # Behind the last value of a batch nothing is wanted but its headers, which are not worth gigabytes.
            self.left_unread = last and part_name == "value" and length > DIGESTED_BYTES_MAX
            read = DIGESTED_BYTES_MAX if self.left_unread else length
            head = yield from self._stream.digested(read, (digest.update, sha256.update))
            parts.append((head, length, sha256.hexdigest()))
        whole = digest.digest()
        self.key, self.value = (
            Oversized.of(part, length, told, whole) if part is not None and told else part
            for part, length, told in parts
        )
        if not self.left_unread:
            yield from self._read_headers(end, parts[1], whole)

    def _read_headers(self, end: int, value: tuple[bytes | None, int, str], digest: bytes) -> Iterator[None]:
        """Read the headers; of more than are kept the rest is skipped, and the record counts as oversized."""
        kept = 0
        for _ in range(self._stream.varint()):
            name_length = self._stream.varint()
            kept += name_length
            if kept <= HEADER_BYTES_MAX:
                name = self._stream.take(name_length).decode("utf-8", "backslashreplace")
                length = self._stream.varint()
                kept += max(0, length)
            if kept > HEADER_BYTES_MAX:
                part, whole, told = value
                told = told or hashlib.sha256(part or b"").hexdigest()
                self.value = Oversized.of(part or b"", whole, told, digest)
                yield from self._stream.digested(end - self._stream.passed, ())
                return
            self.headers.append((name, None if length < 0 else self._stream.take(length)))


class _Stream:
    """What a batch unpacks to, taken piece by piece."""

    def __init__(self, pieces: Iterator[bytes], slice_seconds: float | None) -> None:
        self._pieces = pieces
        self._slice_seconds = slice_seconds
        self._piece = b""
        self._at = 0
        #: Bytes taken so far.
        self.passed = 0

    def _more(self) -> None:
        self._piece, self._at = next(self._pieces, b""), 0
        if not self._piece:
            raise CorruptBatchError("the batch ends within a record")

    def take(self, count: int) -> bytes:
        """Take the next *count* bytes, which are few enough to be held."""
        if count < 0:
            raise CorruptBatchError("a length below zero")
        found = self._piece[self._at : self._at + count]
        self._at += len(found)
        if len(found) < count:
            parts, missing = [found], count - len(found)
            while missing:
                self._more()
                parts.append(self._piece[:missing])
                self._at = len(parts[-1])
                missing -= self._at
            found = b"".join(parts)
        self.passed += count
        return found

    def varint(self) -> int:
        """Take a whole number as Kafka writes it."""
        value = shift = 0
        while True:
            if self._at == len(self._piece):
                self._more()
            byte = self._piece[self._at]
            self._at += 1
            self.passed += 1
            value |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)
            shift += 7
            if shift > 63:
                raise CorruptBatchError("a number without an end")

    def digested(self, count: int, updates: tuple[Callable[[bytes], object], ...]) -> Generator[None, None, bytes]:
        """Pass over *count* bytes, digesting them; return the first of them, yielding when a slice of time is over."""
        began = time.monotonic()
        head, undigested, left = b"", DIGESTED_BYTES_MAX, count
        while left:
            part = self.take(min(left, _PIECE_BYTES))
            left -= len(part)
            head = head or part[:KEPT_BYTES]
            if undigested > 0:
                for update in updates:
                    update(part[:undigested])
                undigested -= len(part)
            if self._slice_seconds is not None and time.monotonic() - began > self._slice_seconds:
                yield None
                began = time.monotonic()
        return head


def _gzip(data: memoryview) -> Iterator[bytes]:
    rest: bytes | memoryview = data
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            piece = member.decompress(rest, _PIECE_BYTES)
            rest = member.unconsumed_tail
            if not piece and not rest and not member.eof:
                raise CorruptBatchError("its gzip stream is cut off")
            yield piece
        rest = member.unused_data


def _snappy(data: memoryview) -> Iterator[bytes]:
    """Snappy names the length of each block and makes at most 22 bytes of one, so that a block is bounded by the batch."""
    if bytes(data[: len(_XERIAL)]) != _XERIAL:
        yield bytes(cramjam.snappy.decompress_raw(data))
        return
    at = _XERIAL_HEADER_BYTES
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        yield bytes(cramjam.snappy.decompress_raw(data[at : at + size]))
        at += size


def _lz4(data: memoryview) -> Iterator[bytes]:
    rest: bytes = bytes(data)
    while rest:
        frame = LZ4FrameDecompressor()
        while not frame.eof:
            piece = frame.decompress(rest, _PIECE_BYTES)
            rest = b""
            if not piece and frame.needs_input and not frame.eof:
                raise CorruptBatchError("its lz4 frame is cut off")
            yield piece
        rest = frame.unused_data or b""


def _zstd(data: memoryview) -> Iterator[bytes]:
    with zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
        while piece := reader.read(_PIECE_BYTES):
            yield piece


def _plain(data: memoryview) -> Iterator[bytes]:
    yield bytes(data)


_CODECS: Mapping[int, Callable[[memoryview], Iterator[bytes]]] = {0: _plain, 1: _gzip, 2: _snappy, 3: _lz4, 4: _zstd}


def _pieces(codec: int, data: memoryview) -> Iterator[bytes]:
    """Yield what packed bytes unpack to; no piece is empty."""
    if codec not in _CODECS:
        raise CorruptBatchError(f"a codec of number {codec}, which Kafka does not have")
    try:
        yield from filter(None, _CODECS[codec](data))
    except (zlib.error, zstandard.ZstdError, cramjam.DecompressionError, RuntimeError, struct.error) as error:
        raise CorruptBatchError(f"it cannot be unpacked: {error}") from error


class _BoundedBatch(DefaultRecordBatch):  # type: ignore[misc]  # kafka-python is untyped
    """kafka-python's batch, its records read by the parser above."""

    def __iter__(self) -> Iterator[Any]:
        return records_of(memoryview(bytes(self._buffer)))


def install() -> None:
    """Let this process's kafka-python consumers read so; calling it again changes nothing."""
    memory_records.DefaultRecordBatch = _BoundedBatch
