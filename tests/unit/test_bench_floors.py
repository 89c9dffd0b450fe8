"""Floors are said in words and never decide an exit code; entries are written as the bench's readers expect them."""

import json

from tests.bench.floors import FLOORS, said
from tests.bench.measure import Measurement


def measured(name: str, per_second: float, **more: object) -> Measurement:
    """An entry of 1000 events at a pace."""
    return Measurement(name, 1000, 1000 / per_second, 100.0, more=dict(more))


def test_a_ratio_is_met_reached_or_missed_in_words() -> None:
    """The same floor speaks three ways, after the figures."""
    floor = next(floor for floor in FLOORS if floor.needs == ("views_durable", "peer_quix"))
    words = {
        pace: said(floor, {"views_durable": measured("views_durable", pace), "peer_quix": measured("peer_quix", 100)})
        for pace in (60, 80, 250)
    }
    assert "floor not met (≥ 0.7)" in str(words[60])
    assert "floor met (≥ 0.7), aim ≥ 2" in str(words[80])
    assert "aim reached" in str(words[250])


def test_a_time_must_not_be_above_its_floor() -> None:
    """For times less is more."""
    floor = next(floor for floor in FLOORS if floor.needs == ("freshness",))
    assert "floor met (≤ 500), aim reached" in str(said(floor, {"freshness": measured("freshness", 1000, p99_ms=150)}))
    assert "floor not met" in str(said(floor, {"freshness": measured("freshness", 1000, p99_ms=600)}))


def test_nothing_is_said_of_what_was_not_run() -> None:
    """A floor needs all its entries."""
    assert [words for floor in FLOORS if (words := said(floor, {})) is not None] == []


def test_an_entry_is_written_with_the_fields_that_were_agreed() -> None:
    """Events, seconds, pace, memory and workers stand in the file under their agreed names."""
    entry = json.loads(json.dumps(measured("x", 500).as_dict()))
    assert entry.items() >= {"events": 1000, "seconds": 2.0, "events_per_second": 500.0, "peak_rss_mb": 100.0, "workers": 1}.items()
