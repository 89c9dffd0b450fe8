"""Records of a fetch as aiokafka hands them out: any codec, bounded in what they unpack to, whatever their header names.

Kafka allows any bytes as a header's name, and a batch may unpack to a thousand times its size; the client fails with the
whole fetch for the one and holds all of the other. Here it takes the records of a batch that is small when unpacked,
and the parser of :mod:`exchange_connectors.kit.batches` reads what is not.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

from exchange_connectors.kit.batches import BatchRecord, CorruptBatchError, bounded, codec_of, records_of, unpacked
from exchange_contracts.codec import VALUE_BYTES_MAX

#: Bytes before a batch's body: base offset and length.
_OVERHEAD = 12
_LENGTH_AT = slice(8, _OVERHEAD)
#: Place of the number of the batch's format; before format 2, which brokers have written since 2017, others hold.
_FORMAT_AT = 16
_FORMAT = 2
#: Keys and values that one topic hands out at a time, in bytes; the client bounds their number alone.
HANDED_BYTES_MAX = 4 * 2**20
#: Time after which unpacking makes way for the client's heartbeats, in seconds.
SLICE_SECONDS = 0.5


class DamagedTopicError(Exception):
    """What lies next in a topic's log is not what its producer wrote: the disk of a broker lost or changed bytes.

    Attributes:
        topic: the topic.
    """

    def __init__(self, topic: str, offset: int, why: BaseException) -> None:
        super().__init__(f"topic {topic}: the batch at offset {offset} is damaged on the broker ({why}); let the broker restore it from a replica or a backup")
        self.topic = topic


class _Whenever(int):
    """An offset that is never behind any other."""

    def __lt__(self, _other: object) -> bool:
        return False


class _Pause:
    """Stands where the next record takes longer to unpack; the client passes it on as a record."""

    offset = _Whenever()


_PAUSE = _Pause()


class _Batch:
    """A batch as the client parses it, read by the bounded parser where that cannot or must not take it."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch = batch
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        if self._data[_FORMAT_AT] != _FORMAT:
            yield from self._batch
            return
        batch, size = self._batch, len(self._data)
        if codec_of(self._data):
            whole = unpacked(self._data)
            if whole is None:
                yield from (_PAUSE if record is None else record for record in records_of(self._data, SLICE_SECONDS))
                return
            batch, size = DefaultRecordBatch(whole), len(whole)
        given = 0
        try:
            for record in batch if size <= VALUE_BYTES_MAX else map(_bounded, batch):
                given += 1
                yield record
        except UnicodeDecodeError:
            yield from islice(records_of(self._data), given, None)


def _bounded(record: Any) -> Any:
    """Return a record of a large batch, cut where it is larger than an event may be."""
    if len(record.key or b"") <= VALUE_BYTES_MAX and len(record.value or b"") <= VALUE_BYTES_MAX:
        return record
    key, value = bounded(record.key, record.value)
    return BatchRecord(record.offset, record.timestamp, record.timestamp_type, key, value, record.headers, 0)


class BoundedRecords:
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


class _BoundedResult(fetcher.FetchResult):  # type: ignore[misc]  # aiokafka's classes are untyped
    """A topic's records of one answer, handed out as many at a time as can be held, and within a slice of time."""

    def getall(self, max_records: int | None = None) -> list[Any]:
        """Return the next records; none where all were handed out, or where the next one takes longer to unpack.

        Raises:
            DamagedTopicError: the next one lies in a damaged batch; what lies before it was handed out.
        """
        if not self.check_assignment(self._topic_partition) or not self.has_more():
            return []
        found: list[Any] = []
        size = 0
        records: Any = self._partition_records  # type: ignore[has-type]  # aiokafka is untyped
        while len(found) != max_records and size < HANDED_BYTES_MAX:
            place = records.next_fetch_offset
            try:
                record = next(records, None)
            except (CorruptBatchError, CorruptRecordException) as error:
                if not found:
                    raise DamagedTopicError(self._topic_partition.topic, place, error) from error
                record = None
            if record is None:
                self._update_position()
                self._partition_records = None
                return found
            if record is _PAUSE:
                records.next_fetch_offset = place
                break
            found.append(record)
            size += len(record.key or b"") + len(record.value or b"")
        self._update_position()
        return found


def install() -> None:
    """Let this process's aiokafka consumers read so, and hand out records as parsed; calling it again changes nothing."""
    fetcher.MemoryRecords = BoundedRecords
    fetcher.PartitionRecords = _AsParsed
    fetcher.FetchResult = _BoundedResult
