"""The bench's data set is real: the hub takes it as it takes a bureau's events, and it is the same bytes each time."""

from collections import Counter

import pytest

from exchange_contracts import codec
from exchange_hub.views.reading import read
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Record, Rejection, Statement
from tests.bench.dataset import SHARES, messages, parts
from tests.bench.peer_work import told

SLICE = 4000


def outcomes(slice_no: int = 0) -> tuple[list[Statement], list[Rejection]]:
    """Read a whole slice as workers do."""
    statements, rejections = [], []
    for bureau in SHARES:
        for off, message in enumerate(messages(bureau, slice_no, SLICE)):
            result = read(Record(1, off, 0, message.key, message.value, message.headers), bureau, FoldRules())
            if isinstance(result, Rejection):
                rejections.append(result)
            else:
                assert result[1].failure is None
                statements.append(result[0])
    return statements, rejections


def test_a_slice_has_six_types_of_twelve_bureaus_and_few_rejections() -> None:
    """The mixture is wide, nearly all of it is sound, and what is not cannot be decoded at all."""
    statements, rejections = outcomes()
    assert len(statements) + len(rejections) == SLICE
    assert len({statement.fact.event for statement in statements}) >= 6
    assert len({statement.fact.facts["bureau"] for statement in statements}) >= 12
    assert 0 < len(rejections) < SLICE / 200
    assert {rejection.code for rejection in rejections} <= {"unreadable", "unknown_schema"}
    assert all(statement.fact.facts["origin"] is not None for statement in statements)


def test_a_slice_repeats_and_revises() -> None:
    """Some events come twice byte by byte, some are later revisions, some machines are told of by two bureaus."""
    statements, _ = outcomes()
    ids = Counter((statement.fact.facts["bureau"], statement.fact.facts["event_id"]) for statement in statements)
    assert any(count > 1 for count in ids.values())
    assert any(statement.fact.revision > 1 for statement in statements)
    tellers: dict[str, set[str]] = {}
    for statement in statements:
        if statement.key.kind == "scrappage":
            tellers.setdefault(statement.fact.facts["identifier"], set()).add(statement.fact.facts["bureau"])
    assert any(len(bureaus) == 2 for bureaus in tellers.values())


@pytest.mark.parametrize("bureau", ["commerce", "industry", "tax"])
def test_the_same_place_gives_the_same_bytes(bureau: str) -> None:
    """A slice is a function of its number, and another slice says something else."""
    once, again, other = (list(messages(bureau, slice_no, SLICE)) for slice_no in (1, 1, 2))
    assert once == again
    assert once != other
    assert len(once) == parts(SLICE)[bureau]


def test_peers_and_hub_read_the_same() -> None:
    """What fastavro reads for the peers is what the hub's decoder reads: register, revision and amount of each event."""
    for bureau in SHARES:
        for message in messages(bureau, 0, SLICE):
            event = told(message.value)
            try:
                contract, facts = codec.decode_facts(message.value)
            except codec.DecodeError:
                assert event is None
                continue
            assert event is not None
            assert (event.bureau, event.revision) == (facts["bureau"], facts["revision"])
            assert event.family == f"{contract.kind}:{contract.register}"
            assert event.register.partition(":")[0] == contract.register


def test_parts_add_up() -> None:
    """No event is lost or added by rounding."""
    for events in (100, 4000, 123_457):
        assert sum(parts(events).values()) == events
