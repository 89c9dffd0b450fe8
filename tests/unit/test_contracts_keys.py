"""The normal form of a business key: what folds, what does not, and who compares by it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exchange_connectors.kit import Publisher
from exchange_connectors.kit.double import RecordingBroker
from exchange_connectors.kit.ledger import Statement, Verdict
from exchange_connectors.settings import KafkaSettings
from exchange_contracts import codec, registry
from exchange_contracts.keys import OWN_CODES, normal_key, normal_text
from exchange_hub.views import fold
from exchange_hub.views.reading import checked
from exchange_hub.views.statement import Claim, Record
from exchange_hub.views.statement import Statement as Told
from tests.contract.event_strategies import plain_event

SPELLINGS = ("a-1001", "A-1001", "ａ－1001", "A−1001", "A–1001", " A-1001 ", "A -1001", "A-10\u200b01", "\ufeffA-1001", "A-1001\u2060",
             "A-\u00ad1001", "\u202aA-1001\u202c", "A-1001\u00a0", "\u3000A-1001", "Ａ‐１００１")  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spellings_of_one_number_have_one_normal_form(spelling: str) -> None:
    """Width, case, hyphens, blanks and what nobody sees tell no two orders apart."""
    assert normal_key("trade_in", spelling) == "A-1001"


@pytest.mark.parametrize("number", ["津发改〔2025〕12号", "津发改[2025]12号", "津发改（2025）12号", "津发改【2025】 12号", "津发改〔２０２５〕12号"])
def test_a_document_number_has_one_normal_form(number: str) -> None:
    """The year's brackets and blanks tell no two documents apart."""
    assert normal_key("document", number) == "津发改〔2025〕12号"


@pytest.mark.parametrize("kind", sorted(OWN_CODES))
def test_codes_of_the_hub_keep_their_case(kind: str) -> None:
    """The key of a confirmation is ``list@month`` as it stands in the code list."""
    assert normal_key(kind, "equipment-projects@2026-10") == "equipment-projects@2026-10"


@example("R\u00b8")
@example("\u0390")
@given(st.text(max_size=30))
def test_a_normal_form_is_its_own(text: str) -> None:
    """Applied again it changes nothing; numbers that differ in a digit or a letter stay different."""
    once = normal_text(text)
    assert normal_text(once) == once
    assert normal_text(f"A{text}1") != normal_text(f"A{text}2")


def offered(publisher: Publisher, key: str, **facts: Any) -> Verdict:
    """Offer an order under a key."""
    body: dict[str, Any] = {"category": "家电", "sale_amount": "100.00", "subsidy": "15.00", "occurred_on": date(2026, 10, 1)}
    return publisher.offer(Statement("TradeInCompleted", key, body | facts), "erp").verdict


def test_one_order_in_many_spellings_is_one_order(tmp_path: Path) -> None:
    """The first spelling's normal form is the key; the others are the same statement, and a change is its revision."""
    broker = RecordingBroker()
    now = datetime(2026, 10, 8, tzinfo=UTC).timestamp()
    with Publisher(KafkaSettings(), "wuqing", "commerce", tmp_path / "s.sqlite", broker=broker, clock=lambda: now) as publisher:
        verdicts = [offered(publisher, spelling) for spelling in SPELLINGS]
        assert verdicts == [Verdict.NEW, *[Verdict.UNCHANGED] * (len(SPELLINGS) - 1)]
        assert offered(publisher, "ａ1001") is Verdict.NEW, "without its hyphen it is another number"
        assert offered(publisher, "a–1001", subsidy="16.00") is Verdict.CHANGED
    said = [codec.decode(record.value) for record in broker.topics["hub.wuqing.commerce.events"]]
    assert [event.entity_key for event in said] == ["A-1001", "A1001", "A-1001"]


def identities(name: str, **facts: Any) -> list[str]:
    """The identity values that a claim of one event states."""
    event = plain_event(registry.load().latest(name), **facts)
    found = checked(Record(1, 0, 0, None, codec.encode(event), []), event.bureau)
    assert isinstance(found, tuple)
    statement = found[0]
    assert isinstance(statement, Told)
    return fold.identities(Claim(statement.key, {statement.register: statement.fact}))


@pytest.mark.parametrize(
    ("name", "field", "spellings"),
    [
        ("EquipmentScrapped", "identifier", ("LSVAA4187E2184841", "lsvaa4187e2184841", "ＬＳＶＡＡ4187Ｅ2184841", "LSVAA4187E2184841\u200b")),
        ("MeasureIssued", "document_no", ("津发改〔2025〕12号", "津发改[2025]12号", "津发改(2025) 12号")),
        ("PolicyListed", "document_no", ("津财规〔2026〕3号", "津财规【2026】3号")),
    ],
)
def test_identities_compare_by_their_normal_form(name: str, field: str, spellings: tuple[str, ...]) -> None:
    """Two bureaus that write one VIN or 文号 differently speak of one thing."""
    assert len({tuple(identities(name, **{field: spelling})) for spelling in spellings}) == 1
