"""What ``make faults`` keeps: a fault is done for one seed and one code, and only where it held."""

from pathlib import Path

import pytest

from tests.faults.reckoning import ZEROES, Acknowledged, Record, gone
from tests.faults.run import Results, code_digest
from tests.faults.table import broken, insist

RIGHT = dict.fromkeys(ZEROES, 0) | {"ended": 0, "kills": 6, "cuts": 30, "retried": 9}


def test_done_is_what_held_with_this_very_code(tmp_path: Path) -> None:
    """A fault that did not hold is kept and done again, and so is one that held with other code."""
    path = tmp_path / "7.json"
    results = Results(path, "one")
    results.keep("postgres", {"lost": 1}, ["lost is 1"])
    assert results.done("postgres") is None
    assert Results(path, "one").faults["postgres"]["measures"] == {"lost": 1}
    results.keep("postgres", {"lost": 0}, [])
    assert Results(path, "one").done("postgres") == {"lost": 0}
    assert Results(path, "two").done("postgres") is None


def test_the_digest_sees_every_source(tmp_path: Path) -> None:
    """A changed line, a new file and another name are another code; what Python compiles beside them is not."""
    source = tmp_path / "services/a.py"
    source.parent.mkdir()
    found = set()
    for name, text in (("a.py", "1"), ("a.py", "2"), ("b.py", "2")):
        (source.parent / name).write_text(text)
        found.add(code_digest(tmp_path))
    (source.parent / "__pycache__").mkdir()
    (source.parent / "__pycache__/a.pyc").write_bytes(b"x")
    assert len(found) == 3
    assert code_digest(tmp_path) in found


def test_what_was_not_measured_does_not_hold() -> None:
    """A measure that is missing, too high or too low is named; a skipped fault names nothing."""
    assert broken("postgres", RIGHT) == []
    assert broken("postgres", RIGHT | {"lost": 1, "kills": 5}) == ["lost is 1, at most 0 is right", "kills is 5, at least 6 is needed"]
    assert "doubled was not measured" in broken("postgres", {name: 0 for name in RIGHT if name != "doubled"})
    assert broken("disk", {"skipped": "no right"}) == []
    with pytest.raises(AssertionError, match="ended is 1"):
        insist("postgres", RIGHT | {"ended": 1})


def test_an_acknowledged_record_is_missed_wherever_it_is_not() -> None:
    """Gone from Kafka, replaced there, or not in the store: each is said; one without an offset may lie anywhere."""
    record, other = Record(b"k", b"v", ()), Record(b"k", b"w", ())
    lying = {("t", 0): record, ("t", 1): other}
    stored = set(lying)
    assert gone([Acknowledged("t", 0, record), Acknowledged("t", -1, other)], lying, stored) == []
    assert len(gone([Acknowledged("t", 2, record)], lying, stored)) == 1
    assert len(gone([Acknowledged("t", 1, record)], lying, stored)) == 1
    assert len(gone([Acknowledged("t", 0, record)], lying, {("t", 1)})) == 1
    assert len(gone([Acknowledged("t", -1, other), Acknowledged("t", 1, other)], lying, stored)) == 1
