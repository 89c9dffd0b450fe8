"""Planted problems and their sound neighbours: each kind that FIGURES names raises its finding, and nothing else raises any."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from exchange_hub.console import boards, wording
from exchange_hub.console.source import Place
from exchange_hub.views.lists import RULES
from exchange_hub.views.queries import findings
from exchange_hub.views.queries.answers import Finding
from exchange_hub.views.store.commit import commit
from tests.flow.test_core_store import Opened, begin, opened, take
from tests.oracle.compare import verdict
from tests.strategies.history import History
from tests.strategies.planted import CASES, DUTIES, Case, tagged
from tests.strategies.store import ORACLE_RULES, emptied

__all__ = ["opened"]


@dataclass(frozen=True)
class Raised:
    """What a store raises, with how it is counted, and what its oracle says."""

    found: list[Finding]
    counted: int
    wrong: str


def _raised(opened: Opened, history: History) -> Raised:
    conn, context, url = opened
    emptied(conn)
    commit(conn, take(opened, begin(opened), history), context)
    right = verdict(conn, history.said(), ORACLE_RULES)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as reader:
        return Raised(findings.findings(reader, DUTIES), findings.count(reader, DUTIES), "" if right.right else str(right))


@pytest.fixture(scope="module")
def planted(opened: Opened) -> Raised:
    """A store with every problem once."""
    return _raised(opened, History.of([item for tag, case in tagged("Q") for item in case.planted(tag)]))


@pytest.fixture(scope="module")
def sound(opened: Opened, planted: Raised) -> Raised:
    """A store with the sound neighbour of every problem."""
    return _raised(opened, History.of([item for tag, case in tagged("Z") for item in case.sound(tag)]))


@pytest.mark.parametrize(("tag", "case"), [pytest.param(tag, case, id=case.name.replace(" ", "-")) for tag, case in tagged("Q")])
def test_a_planted_problem_is_found(planted: Raised, tag: str, case: Case) -> None:
    """By its own rule, once, with the month or what else it is about, and with who can answer."""
    told = [each for each in planted.found if each.rule == case.rule]
    # Operators have numbers alone; what speaks of a bureau's submission or summary names no entity.
    names = (tag, f"{tag.strip('Q').zfill(4)}X")
    found = [each for each in told if any(name in f"{each.subject}{each.component}{each.rows}" for name in names)]
    found = found or [each for each in told if case.says in each.text]
    assert len(found) == 1, (case.rule, told)
    assert case.says in found[0].text
    assert found[0].bureaus == case.bureaus


def test_a_sound_neighbour_raises_none(sound: Raised) -> None:
    """What looks alike and is right is no matter for anybody."""
    assert [(each.rule, each.subject, each.text) for each in sound.found] == []


def test_the_oracle_finds_the_same(planted: Raised, sound: Raised) -> None:
    """Of single entities, in rows and findings alike."""
    assert planted.wrong + sound.wrong == ""


def test_the_count_is_that_of_the_findings(planted: Raised, sound: Raised) -> None:
    """Counted where they are found, they are as many as are shown."""
    assert (planted.counted, sound.counted) == (len(planted.found), 0)


def test_every_kind_of_finding_is_planted(planted: Raised) -> None:
    """Else a rule could die unseen; the older ones have tests of their own."""
    older = {
        "funding-sum", "over-total", "not-started", "year-to-date-sum", "two-bureaus-total_investment", "two-bureaus-equipment_investment",
        "two-bureaus-owner_uscc", "reversed-over-paid", "subsidy-over-sale", "returned-over-subsidy", "serial-twice", "invoice-twice",
        "certificate-twice", "support-decided-unasked", "granted-over-asked",
    }  # fmt: skip
    assert set(RULES) - {each.rule for each in planted.found} <= older
    assert {case.rule for case in CASES} <= set(RULES)


def test_words_ask_and_judge_nothing(planted: Raised) -> None:
    """Neutral words in one form of punctuation, and values that pages can show."""
    for each in planted.found:
        assert not any(word in each.text for word in ("骗", "虚假", "违规", ",", "None")), each.text
        assert each.text.endswith("请核对") or "请核对" in each.text, each.text
        assert boards.compared(each, Place("district", {})) is not None
        assert wording.plain_words(each.text, Place("district", {}))


def test_a_reason_that_is_given_is_not_asked_for(opened: Opened) -> None:
    """The cumulative still falls in sight; nobody is asked why."""
    from tests.strategies.planted import _of_months

    history = History.of(_of_months("Q900Q", ("2026-09", "100.00", "900.00"), ("2026-10", "0.00", "800.00"), reason="核减"))
    [found] = _raised(opened, history).found
    assert (found.rule, found.text) == ("year-to-date-falls", "2026-10自年初累计小于2026-09，申报已注明原因")
