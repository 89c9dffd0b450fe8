"""What stands around a value (headers, key, topic) and the receipt that answers it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from exchange_contracts import codec, codes, envelope, events, registry
from exchange_contracts.receipts import Receipt, ReceiptException

EVENT = events.SubsidyPaid.model_validate(
    {
        "bureau": "finance",
        "source": "支付系统",
        "entity_key": "申-1",
        "revision": 1,
        "occurred_on": "2026-10-01",
        "recorded_at": datetime(2026, 10, 1, 8, 30, 0, 250_999, tzinfo=UTC),
        "application_no": "申-1",
        "voucher_no": "V-9",
        "policy_no": "津财〔2026〕1号",
        "budget_year": 2026,
        "amount": "1234.50",
        "on": "2026-10-01",
    }
)
CONTRACT, FACTS = codec.decode_facts(codec.encode(EVENT))
HEADERS = dict(envelope.headers(EVENT, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))


def test_headers_are_cloud_events_in_the_binary_binding() -> None:
    """The required attributes, the time in RFC 3339 and the content type are there; the source is a URI."""
    assert HEADERS["ce_specversion"] == b"1.0"
    assert HEADERS["ce_id"] == str(EVENT.event_id).encode()
    assert HEADERS["ce_type"] == b"cn.exchange.SubsidyPaid"
    assert HEADERS["ce_source"] == b"/finance/%E6%94%AF%E4%BB%98%E7%B3%BB%E7%BB%9F"
    assert HEADERS["ce_time"] == b"2026-10-01T08:30:00.250Z"
    assert HEADERS["content-type"] == b"application/avro"
    assert HEADERS["traceparent"].startswith(b"00-")
    assert "traceparent" not in dict(envelope.headers(EVENT))


def judged(changes: dict[str, Any], **around: Any) -> str | None:
    """Return what the envelope says against the event with some headers changed."""
    return envelope.disagreement(list((HEADERS | changes).items()), FACTS, CONTRACT, **around)


def test_an_envelope_that_agrees_or_is_silent_passes() -> None:
    """Own headers, no headers, unknown headers and another way to write the same time all agree."""
    assert judged({}, key="申-1".encode(), bureau="finance") is None
    assert envelope.disagreement([], FACTS, CONTRACT) is None
    assert judged({"x-anything": b"\xff", "ce_time": b"2026-10-01T16:30:00.250+08:00"}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_id", b"6f0a5f0e-6a0e-5d55-9a3b-3d1f2c7c1e64"),
        ("ce_type", b"cn.exchange.SubsidyReversed"),
        ("ce_source", b"/industry/excel"),
        ("ce_subject", b"other"),
        ("ce_specversion", b"0.3"),
        ("ce_time", b"2026-10-01T08:30:00.251Z"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-10-01T08:30:00.250"),
        ("ce_time", b"\xff\xfe"),
        ("ce_id", None),
    ],
)
def test_a_header_that_disagrees_is_named(name: str, value: bytes | None) -> None:
    """The value is authoritative: a header that says something else is the reason of the rejection."""
    said = judged({name: value})
    assert said is not None
    assert name in said


def test_a_key_or_topic_that_disagrees_is_named() -> None:
    """A bureau speaks only on its own topic, under the entity's own key."""
    assert "entity_key" in (judged({}, key=b"other") or "")
    assert "finance" in (judged({}, bureau="industry") or "")


def problems(**changes: Any) -> list[str]:
    """Return the code problems of the payment's facts with some changed."""
    return [each.said() for each in codes.problem(CONTRACT, FACTS | changes)]


def test_all_code_and_format_problems_are_told_at_once() -> None:
    """Every wrong field is named in one answer, with the allowed values or the way to write it."""
    assert problems() == []
    found = problems(granularity="小计", channel="中央", payee_uscc="123", payee_token="张三", revision=0)
    assert len(found) == 5
    text = "\n".join(found)
    for field in ("granularity", "channel", "payee_uscc", "payee_token", "revision"):
        assert f"字段 {field}" in text
    assert "明细、汇总" in text


def test_codes_inside_arrays_maps_and_records_are_checked() -> None:
    """Map keys, array items and nested fields are held to their lists too."""
    project = registry.load().latest("ProjectAdded")
    facts = dict(project.defaults) | {"revision": 1, "list": "设备更新", "domain": "工业", "build_state": "在建"}
    facts |= {"construction_nature": "新建", "bureau": "industry", "source": "excel", "entity_key": "k"}
    assert codes.problem(project, facts) == []
    found = codes.problem(
        project,
        facts | {"funding": {"市级": 1, "捐赠": 2}, "planned_by_year": {"26": 1}, "evidence": [{"sha256": "AB"}]},
    )
    assert sorted(each.fields[0] for each in found) == ["evidence", "funding", "planned_by_year"]
    assert any("捐赠" in each.words for each in found)


def test_a_withdrawal_needs_its_reason() -> None:
    """Some events must say why: an exemption without a reason is a problem."""
    contract = registry.load().latest("MeasureExempted")
    facts = dict(contract.defaults) | {"revision": 1, "bureau": "industry", "source": "excel", "entity_key": "k"}
    assert any("reason" in each.fields for each in codes.problem(contract, facts))
    assert codes.problem(contract, facts | {"reason": "已有措施覆盖"}) == []


def test_a_receipt_survives_its_topic() -> None:
    """A receipt read back from JSON is the same receipt; the wire names are those of the interface."""
    receipt = Receipt(
        topic="hub.wuqing.finance.events",
        first=10,
        next=14,
        accepted=3,
        exceptions=(
            ReceiptException(
                offset=12,
                event_id=None,
                entity_key=None,
                outcome="rejected",
                code="unreadable",
                reason="消息正文不完整",
            ),
        ),
        batch=7,
        at=datetime(2026, 10, 1, tzinfo=UTC),
    )
    value = receipt.to_bytes()
    assert Receipt.from_bytes(value) == receipt
    assert b'"next":14' in value
    with pytest.raises(ValueError, match="outcome"):
        Receipt.from_bytes(value.replace(b'"rejected"', b'"lost"'))
