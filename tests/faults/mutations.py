"""Guarantees switched off one by one, to prove that the suite notices: a pytest plugin and the table of mutations.

``python -m pytest -p tests.faults.mutations --mutation lock TEST`` runs a test against a core that lacks its lock.
Each mutation replaces a function of the product in this process alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

STORE = "tests/flow/test_core_store.py"


@dataclass(frozen=True)
class Mutation:
    """A guarantee that can be switched off, and the test that must turn red then."""

    off: Callable[[], None]
    test: str


def _no_duplicate_check() -> None:
    """Every record of the batch counts as new."""
    from exchange_hub.views.store import commit

    commit._part_lost = lambda flowing, _ids: (list(flowing), [])


def _no_compare_and_set() -> None:
    """A batch may begin anywhere; the epoch alone is compared."""
    _positions(compare_epoch=True, compare_offset=False)


def _no_epoch() -> None:
    """Any claim may move a position; the offset alone is compared."""
    _positions(compare_epoch=False, compare_offset=True)


def _positions(*, compare_epoch: bool, compare_offset: bool) -> None:
    from dataclasses import replace

    from exchange_hub.views.store import commit

    plain = commit.commit

    def lenient(conn: Any, batch: Any, context: Any) -> Any:
        rows = conn.execute(
            "SELECT topic_no, epoch, next_off FROM log.position WHERE topic_no = ANY(%s)", ([span.topic_no for span in batch.spans],)
        ).fetchall()
        stored = {row[0]: row[1:] for row in rows}
        spans = []
        for span in batch.spans:
            epoch, offset = stored[span.topic_no]
            spans.append(replace(span, epoch=span.epoch if compare_epoch else epoch, start=span.start if compare_offset else offset))
        return plain(conn, replace(batch, spans=spans), context)

    commit.commit = lenient


def _no_lock() -> None:
    """Batches of one district run at the same time."""
    from exchange_hub.views.store import commit

    commit.lock = lambda _cur, _district_no: None


def _no_revision_order() -> None:
    """Whatever came last wins a register."""
    from exchange_hub.views.store import planning

    planning._win = _last_wins


def _last_wins(accepted: Any, known: Any) -> Any:
    """What ``planning._win`` does, without comparing revisions."""
    changed: dict[Any, Any] = {}
    for each in accepted:
        known[each.statement.key][each.statement.register] = each.statement.fact
        changed[each.statement.key] = each
    return set(), changed


MUTATIONS: Mapping[str, Mutation] = {
    "duplicate check": Mutation(_no_duplicate_check, f"{STORE}::test_the_lowest_offset_owns_an_id_across_batches"),
    "compare-and-set": Mutation(_no_compare_and_set, f"{STORE}::test_a_stale_batch_changes_nothing"),
    "epoch": Mutation(_no_epoch, f"{STORE}::test_a_stale_batch_changes_nothing"),
    "lock": Mutation(_no_lock, f"{STORE}::test_two_workers_on_overlapping_entities_lose_no_claim"),
    "revision order": Mutation(_no_revision_order, f"{STORE}::test_the_highest_revision_wins_in_whatever_order"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the guarantee to switch off."""
    parser.addoption("--mutation", choices=tuple(MUTATIONS), default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Switch it off before any test module is imported."""
    name = config.getoption("--mutation")
    if name:
        MUTATIONS[name].off()
