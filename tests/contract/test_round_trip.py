"""An event comes back from its bytes as it was, whichever library reads them."""

import io
import json
from functools import cache
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_contracts import codec, codes, registry
from exchange_contracts.events import EVENTS
from exchange_contracts.model import Event
from exchange_contracts.registry import Contract
from tests.contract.event_strategies import events

CONTRACTS = registry.load().contracts()
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.event)
briefly = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FRAME = 5


@cache
def parsed(contract: Contract) -> Any:
    return fastavro.parse_schema(json.loads(json.dumps(contract.schema)), named_schemas={})


@each_contract
@briefly
@given(data=st.data())
def test_every_event_survives_encoding_and_decoding(contract: Contract, data: st.DataObject) -> None:
    """Decoding what was encoded gives an equal event, without a problem of code lists or formats."""
    event = data.draw(events(contract))
    value = codec.encode(event)
    read, facts = codec.decode_facts(value)
    assert read is contract
    assert codes.problem(contract, facts) == []
    assert codec.event_of(contract, facts) == event == codec.decode(value)


@each_contract
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_facts_are_written_like_their_event(contract: Contract, data: st.DataObject) -> None:
    """The quick way from facts to bytes gives, byte for byte, what the event of these facts is encoded as."""
    value = codec.encode(data.draw(events(contract)))
    assert codec.encode_facts(*codec.decode_facts(value)) == value


@each_contract
@briefly
@given(data=st.data())
def test_fastavro_and_the_hub_read_each_other(contract: Contract, data: st.DataObject) -> None:
    """With the full schema, logical types and all, fastavro reads our bytes, and we read what it writes."""
    event = data.draw(events(contract))
    value = codec.encode(event)
    record = fastavro.schemaless_reader(io.BytesIO(value[FRAME:]), parsed(contract), None)
    assert EVENTS[contract.event].model_validate(record) == event
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, parsed(contract), record)
    # Its decimals may be a byte longer (-1.28 in two bytes); the facts and their digest are the same.
    other = value[:FRAME] + stream.getvalue()
    assert codec.decode(other) == event
    assert codec.facts_digest(*codec.decode_facts(other)) == codec.facts_digest(*codec.decode_facts(value))


@each_contract
def test_the_reference_library_reads_our_bytes(contract: Contract) -> None:
    """The ``avro`` library, full schema, reads an event as it was meant."""
    schema = avro.schema.parse(json.dumps(contract.schema))

    @settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(event=events(contract))
    def check(event: Event) -> None:
        body = io.BytesIO(codec.encode(event)[FRAME:])
        record = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(body))
        assert body.read() == b""
        assert EVENTS[contract.event].model_validate(record) == event

    check()


def test_money_is_whole_fen_and_time_is_utc_in_facts() -> None:
    """Facts hold 1 234.50 yuan as 123 450 fen, dates as days and times as milliseconds since 1970 UTC."""
    event = EVENTS["SubsidyPaid"].model_validate(
        {
            "bureau": "finance", "source": "excel", "entity_key": "A-1", "revision": 3,
            "occurred_on": "2026-10-01", "recorded_at": "2026-10-01T00:30:00+08:00",
            "application_no": "A-1", "voucher_no": "V-9", "policy_no": "津财〔2026〕1号",
            "budget_year": 2026, "amount": "1234.5", "share_city": "-0.01", "on": "2026-10-01",
        }
    )  # fmt: skip
    _, facts = codec.decode_facts(codec.encode(event))
    assert facts["amount"] == 123_450
    assert facts["share_city"] == -1
    assert facts["share_central"] is None
    assert facts["on"] == 20_727  # 2026-10-01: 56 years of 365 days, 14 leap days, 273 days of 2026
    assert facts["recorded_at"] == (20_726 * 24 + 16) * 3_600_000 + 30 * 60_000  # still September in UTC
    assert facts["evidence"] == []


@pytest.mark.parametrize("amount", [0.1, 12.5, True, "1e5", "NaN", "Infinity", "1.234", "１２", 10**17, ""])
def test_money_that_is_not_exact_is_refused(amount: object) -> None:
    """Binary fractions, exponents, more than two places or 18 digits never become money."""
    facts = {
        "bureau": "finance", "source": "excel", "entity_key": "A-1", "revision": 1, "occurred_on": "2026-10-01",
        "recorded_at": "2026-10-02T00:00:00Z", "channel": "市级", "allocation_no": "津财〔2026〕1号", "budget_year": 2026,
        "level": "市级", "on": "2026-10-01",
    }  # fmt: skip
    assert EVENTS["FundsAllocated"].model_validate(facts | {"amount": "1.20"})
    with pytest.raises(ValueError, match="amount"):
        EVENTS["FundsAllocated"].model_validate(facts | {"amount": amount})
