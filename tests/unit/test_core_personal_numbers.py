"""Identity and mobile numbers in an event: refused, and what is kept of it holds no such bytes (invariants 7 and 11)."""

from typing import Any

import pytest

from exchange_contracts import codec, envelope, registry
from exchange_contracts.personal import kind_in_number, kind_in_text
from exchange_hub.views.reading import checked
from exchange_hub.views.statement import Record, Rejection, Statement
from tests.contract.event_strategies import plain_event

IDENTITY, OLD_IDENTITY, MOBILE = "120114199003074518", "120114900307451", "13812345678"


def outcome(name: str, /, **facts: Any) -> Rejection | Statement:
    """Read an event as the hub does."""
    event = plain_event(registry.load().latest(name), **facts)
    record = Record(1, 7, 0, event.entity_key.encode(), codec.encode(event), envelope.headers(event))
    found = checked(record, event.bureau)
    return found if isinstance(found, Rejection) else found[0]


def kept(rejection: Rejection) -> str:
    """Everything of a rejection that is stored or told, as one text."""
    record = rejection.record
    parts = [record.key, record.value, *(part for header in record.headers for part in header)]
    texts = [part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part) for part in parts]
    return "\n".join([*texts, rejection.reason, str(rejection.entity), str(rejection.event_id)])


@pytest.mark.parametrize(
    ("name", "facts", "kind"),
    [
        ("ProjectAdded", {"name": f"改造（{IDENTITY}）"}, "身份证号"),
        ("ProjectAdded", {"contact_office": f"规划科 {MOBILE}"}, "手机号"),
        ("ProjectAdded", {"problems": f"证号{OLD_IDENTITY}"}, "身份证号"),
        ("ProjectAdded", {"problems": "电话１３８ １２３４ ５６７８"}, "手机号"),
        ("ProjectAdded", {"problems": "电话138\u200b1234\u200b5678"}, "手机号"),
        ("ProjectAdded", {"problems": "1201141990****451X"}, "身份证号"),
        ("ProjectAdded", {"origin": {"file": f"张{MOBILE}.xlsx", "sheet": "表", "row": 1, "unit": None}}, "手机号"),
        ("ProjectAdded", {"evidence": ({"kind": "身份证", "number": IDENTITY},)}, "身份证号"),
        ("ProjectAdded", {"reason": f"联系{MOBILE}"}, "手机号"),
        ("ProjectAdded", {"entity_key": IDENTITY}, "身份证号"),
        ("SubsidyPaid", {"entity_key": MOBILE, "application_no": "A-1"}, "手机号"),
        ("SubsidyPaid", {"application_no": IDENTITY}, "身份证号"),
        ("SubsidyPaid", {"voucher_no": IDENTITY}, "身份证号"),
        ("SubsidyPaid", {"related_key": f"家电@{MOBILE}"}, "手机号"),
        ("TradeInCompleted", {"source": f"erp-{MOBILE}"}, "手机号"),
        ("ProblemRaised", {"asks_of": ("区商务局", MOBILE)}, "手机号"),
        ("SubmissionConfirmed", {"list": "funds", "entity_key": "funds@2026-10", "totals": {MOBILE: 1}}, "手机号"),
    ],
)  # fmt: skip
def test_a_personal_number_is_refused_and_not_kept(name: str, facts: dict[str, Any], kind: str) -> None:
    """Wherever it stands: place, length, digest and kind of number are kept, neither bytes nor a quotation."""
    found = outcome(name, **facts)
    assert isinstance(found, Rejection)
    assert (found.code, found.record.off) == ("personal_number", 7)
    assert (found.record.key, found.record.value, list(found.record.headers)) == (None, None, [])
    assert kind in found.reason
    assert "SHA-256" in found.reason
    assert kind_in_text(kept(found)) is None
    for number in (IDENTITY, OLD_IDENTITY, MOBILE, "1201141990"):
        assert number not in kept(found)


@pytest.mark.parametrize("facts", [{"entity_key": IDENTITY}, {"source": f"erp {MOBILE}"}])
def test_an_id_made_of_a_number_is_not_kept(facts: dict[str, Any]) -> None:
    """An event id is worked out from source and key: who knows all numbers could find the one; else the id stays."""
    found = outcome("ProjectAdded", **facts)
    assert isinstance(found, Rejection)
    assert (found.event_id, found.entity) == (None, None)
    other = outcome("ProjectAdded", problems=MOBILE)
    assert isinstance(other, Rejection)
    assert other.event_id is not None
    assert other.entity == "2509-120114-89-01-544060"


@pytest.mark.parametrize(
    "facts",
    [
        {"order_no": "13800138000"},
        {"order_no": "202610310001138123456781"},
        {"serial_no": "120114199003074511"},
        {"invoice_no": "12011490030745100001"},
        {"entity_key": "DD13812345678"},
        {"old_item": "旧空调1台，热线022-82171234"},
        {"merchant_uscc": "91120222MA05XKQW9F"},
    ],
)
def test_numbers_of_business_pass(facts: dict[str, Any]) -> None:
    """Orders, invoices, serials and codes are made of digits; only what is certain counts there."""
    assert isinstance(outcome("TradeInCompleted", **facts), Statement), facts


def test_codes_of_projects_and_vehicles_pass() -> None:
    """Neither a project code nor a VIN nor a credit code is a person's number."""
    assert isinstance(outcome("ProjectAdded", owner_uscc="91120222MA05XKQW9F", approval_no="津武审批〔2025〕120114号"), Statement)
    assert isinstance(outcome("EquipmentScrapped", identifier="LSVAA4187E2184841"), Statement)
    assert kind_in_number("2509-120114-89-01-544060", key=True) is None


@pytest.mark.parametrize("value", [f'{{"name": "张三", "tel": "{MOBILE}"}}', f"身份证 {IDENTITY}"])
def test_a_value_that_is_no_event_is_not_kept_either(value: str) -> None:
    """JSON or text with such a number is refused as unreadable, without its bytes."""
    found = checked(Record(1, 7, 0, IDENTITY.encode(), value.encode(), [("x", MOBILE.encode())]), "industry")
    assert isinstance(found, Rejection)
    assert found.code == "unreadable"
    assert kind_in_text(kept(found)) is None
    plain = checked(Record(1, 7, 0, b"k", b"no event", []), "industry")
    assert isinstance(plain, Rejection)
    assert plain.record.value == b"no event"


def test_other_problems_are_told_beside_it_unless_they_quote_it() -> None:
    """What else is wrong is said at once, but no words repeat the number."""
    found = outcome("SubsidyPaid", application_no=IDENTITY, budget_year=-1)
    assert isinstance(found, Rejection)
    assert "budget_year" in found.reason
    assert IDENTITY not in found.reason
