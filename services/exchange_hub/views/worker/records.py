"""Records of a fetch, also those whose header names are no text.

Kafka allows any bytes as a header's name; both Python clients decode names as UTF-8 and fail with the whole fetch, so
one such record would stop every topic of a worker. Here the batch that holds it is read again by the client's slower
parser with names shown escaped: the record then goes the way of any other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from kafka.record import memory_records
from kafka.record.default_records import DefaultRecordBatch

#: Bytes before a batch's body: base offset and length.
_OVERHEAD = 12
_LENGTH_AT = slice(8, _OVERHEAD)


class _Text(bytearray):
    """Bytes that decode to text whatever they are."""

    def decode(self, encoding: str = "utf-8", _errors: str = "") -> str:
        return super().decode(encoding, "backslashreplace")


class _Buffer(bytearray):
    """A buffer whose slices decode to text whatever they are."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _Text(found) if isinstance(place, slice) else found


class _Patient:
    """Puts such a buffer under a client's parser."""

    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()  # type: ignore[misc]  # aiokafka's classes are untyped
        if not isinstance(self._buffer, _Buffer):
            self._buffer = _Buffer(self._buffer)


class _PatientBatch(_Patient, _DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka's classes are untyped # final for type checkers; there is no hook
    """aiokafka's parser in Python, with header names escaped."""


class _PatientLook(_Patient, DefaultRecordBatch):  # type: ignore[misc]  # aiokafka's classes are untyped
    """kafka-python's parser, with header names escaped."""


class _Batch:
    """A batch as the client parses it, read again patiently from the record on that it could not parse."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        given = 0
        try:
            for record in self._batch:
                given += 1
                yield record
        except UnicodeDecodeError:
            yield from islice(_PatientBatch(self._data), given, None)


class PatientRecords:
    """What the client's fetcher takes for the records of one answer."""

    def __init__(self, data: bytes) -> None:
        self._records = MemoryRecords(data)
        self._data = memoryview(data)
        self._at = 0

    def size_in_bytes(self) -> int:
        """Return the size of the whole answer."""
        return int(self._records.size_in_bytes())

    def has_next(self) -> bool:
        """Tell whether a whole batch follows."""
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        """Return the next batch."""
        batch = self._records.next_batch()
        begin = self._at
        self._at += _OVERHEAD + int.from_bytes(self._data[begin:][_LENGTH_AT], "big")
        return None if batch is None else _Batch(batch, self._data[begin : self._at])


class _AsParsed(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka's classes are untyped
    """Hands out the parser's own records: a copy of each, with topic and sizes, costs as much as parsing it."""

    def _consumer_record(self, _tp: Any, record: Any) -> Any:
        return record


def install() -> None:
    """Let this process's Kafka consumers read with patience, and hand out records as parsed; calling it again changes nothing."""
    fetcher.MemoryRecords = PatientRecords
    fetcher.PartitionRecords = _AsParsed


@contextmanager
def patiently() -> Iterator[None]:
    """Let kafka-python's consumers of this process read with patience inside the block, several times slower."""
    memory_records.DefaultRecordBatch = _PatientLook
    try:
        yield
    finally:
        memory_records.DefaultRecordBatch = DefaultRecordBatch
