"""A header name that is no text: Kafka allows it, some clients cannot read it, the hub must not stop for it."""

import time
from typing import Any

from tests.faults.stage import Stage
from tests.strategies.history import bulk

SEED = 20261124


class _Raw(str):
    """A header name that is no UTF-8, as a client of another language can send it."""

    __slots__ = ()

    def encode(self, *_given: Any) -> bytes:
        return b"\xff\xfe"


def test_a_header_name_that_is_no_text_stops_nothing(stage: Stage) -> None:
    """A record with a header name that is not UTF-8 is dealt with like any other; events behind it are processed."""
    for compression in (None, "gzip"):
        producer = stage.producer(compression_type=compression, linger_ms=200)
        for item in bulk(SEED + 1, 40):
            topic, record = stage.note(item)
            producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
        producer.send(stage.topic("industry"), key=b"x", value=b"noise", headers=[(_Raw("x"), b"1")])
        for item in bulk(SEED + 2, 40):
            topic, record = stage.note(item)
            producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
        producer.flush()
        producer.close()
    stage.worker()
    stage.caught_up(40)
    stage.workers[0].end()
    # The next worker looks at the last record of each topic before it goes on.
    worker = stage.worker()
    stage.send(bulk(SEED, 100))
    began = time.monotonic()
    stage.caught_up(40)
    stage.reckon()
    assert worker.exit_code is None, f"ended after {time.monotonic() - began:.0f} s: {worker.text()[-2000:]}"
