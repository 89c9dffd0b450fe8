"""Guards switched off one by one, to prove that the suite notices: a pytest plugin and the table of mutations.

``python -m pytest -p tests.faults.mutations --mutation lock`` runs the test of that mutation against a core that lacks its
lock; the option may be given several times. A mutation rewrites functions of the product in this process alone, one passage
of each, for as long as its own test runs; a passage that is not there any more fails the run, so that no mutation can fall
asleep.
"""

import importlib
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

import pytest

STORE = "tests/flow/test_core_store.py"
GUARDS = "tests/flow/test_core_guards.py"
_COMMIT = "exchange_hub.views.store.commit"
_PLANNING = "exchange_hub.views.store.planning"


class Edit(NamedTuple):
    """A passage of a function, and what stands there instead."""

    module: str
    function: str
    passage: str
    instead: str

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the function the code with the other passage, for all who have imported it, until the block ends."""
        module: ModuleType = importlib.import_module(self.module)
        plain = getattr(module, self.function)
        assert isinstance(plain, FunctionType)
        source = textwrap.dedent(inspect.getsource(plain))
        if source.count(self.passage) != 1:
            raise pytest.UsageError(f"{self.module}.{self.function} holds {self.passage!r} {source.count(self.passage)} times, once is needed")
        names = dict(vars(module))
        exec(compile(source.replace(self.passage, self.instead), module.__file__ or self.module, "exec"), names)
        function, other = inspect.unwrap(plain), inspect.unwrap(names[self.function])
        kept = function.__code__
        function.__code__ = other.__code__
        try:
            yield
        finally:
            function.__code__ = kept


@dataclass(frozen=True)
class Mutation:
    """A guard that can be switched off, and the test that must turn red then."""

    edits: tuple[Edit, ...]
    test: str

    @property
    def file(self) -> str:
        """The module of the product whose functions are rewritten."""
        [file] = {edit.module for edit in self.edits}
        return file


def _one(module: str, function: str, passage: str, instead: str, test: str) -> Mutation:
    return Mutation((Edit(module, function, passage, instead),), test)


_STALE = f"{STORE}::test_a_stale_batch_changes_nothing"

MUTATIONS: Mapping[str, Mutation] = {
    "duplicate check": _one(
        _COMMIT, "_part_lost", "owner = owners.get(key)", "owner = None", f"{STORE}::test_the_lowest_offset_owns_an_id_across_batches"
    ),
    # The offset is compared wherever positions are; the epoch still is.
    "compare-and-set": Mutation((
        Edit(_COMMIT, "check_positions", "[:2] != (span.epoch, span.start)", "[:1] != (span.epoch,)"),
        Edit(_COMMIT, "_move_positions", " AND p.next_off = b.start", ""),
    ), _STALE),
    # The epoch is compared nowhere; the offset still is.
    "epoch": Mutation((
        Edit(_COMMIT, "check_positions", "[:2] != (span.epoch, span.start)", "[1:2] != (span.start,)"),
        Edit(_COMMIT, "_move_positions", " AND p.epoch = b.epoch", ""),
    ), f"{GUARDS}::test_a_claim_between_reading_and_writing_fences_the_batch"),
    # Both are compared before the lock, and again only where positions move.
    "check under the lock": _one(
        _COMMIT, "commit", 'if check_positions(cur, batch.spans, "FOR UPDATE") != seen:', "if False:",
        f"{GUARDS}::test_a_replay_between_reading_and_writing_is_seen",
    ),
    # The database's own constraint stays.
    "outcomes add up": _one(
        _COMMIT, "refuse_unbalanced", "    if wrong:", "    if False:",
        "tests/flow/test_core_pairs.py::test_a_batch_whose_outcomes_do_not_add_up_is_not_written[lost]",
    ),
    "lock": _one(
        _COMMIT, "lock", 'cur.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_SPACE, district_no))', "pass",
        f"{STORE}::test_two_workers_on_overlapping_entities_lose_no_claim",
    ),
    "end of a stuck worker": _one(
        _COMMIT, "end_stuck", "pg_terminate_backend(l.pid)", "l.pid",
        "tests/flow/test_core_store_bounds.py::test_a_worker_stopped_inside_a_copy_frees_the_lock",
    ),
    "revision order": _one(
        _PLANNING, "_win", "outranks(present, fact)", "False", f"{STORE}::test_the_highest_revision_wins_in_whatever_order"
    ),
    "held followers": _one(
        _COMMIT, "_part_held", "if key in waiting:", "if False:",
        "tests/flow/test_core_replay.py::test_a_replay_after_a_mend_is_as_if_nothing_had_been_held[20]",
    ),
    "synchronous claim of receipts": _one(
        "exchange_hub.views.relay", "claim", "synchronous_commit = on", "synchronous_commit = off",
        "tests/flow/test_core_receipts.py::test_what_a_bureau_was_told_is_in_the_store_after_a_crash",
    ),
}  # fmt: skip


#: Test that failed in this process → what it failed by.
FAILURES: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the guards to switch off, and the file that takes what became of their tests."""
    parser.addoption("--mutation", choices=tuple(MUTATIONS), action="append", default=[])
    parser.addoption("--mutation-report", type=Path, default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Run the tests of these mutations, and no others."""
    tests = [MUTATIONS[name].test for name in config.getoption("--mutation")]
    if len(set(tests)) < len(tests):
        raise pytest.UsageError("Two mutations have the same test: one run shows only one of them.")
    config.args[:] = tests


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Switch the guard off while its test runs."""
    [name] = [each for each in item.config.getoption("--mutation") if MUTATIONS[each].test == item.nodeid]
    with ExitStack() as applied:
        for edit in MUTATIONS[name].edits:
            applied.enter_context(edit.applied())
        return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep the failures, by test."""
    if report.failed:
        FAILURES[report.nodeid] = report.longreprtext


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what the tests of the mutations failed by."""
    path = session.config.getoption("--mutation-report")
    if path is not None:
        path.write_text(json.dumps(FAILURES))
