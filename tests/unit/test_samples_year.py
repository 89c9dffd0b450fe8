"""The sample year: one model of twelve months, plain, repeatable, with something in every list, that the connectors take."""

import importlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from exchange_connectors.kit.double import RecordingBroker
from exchange_contracts import codec, registry, topics
from exchange_hub.programme.district import District
from exchange_hub.views.lists import LISTS, kinds_of
from tests.unit.test_samples_connectors import CONNECTORS, DISTRICT, take

SOME = 0.05
"""This part of the orders is enough to try the connectors; everything else is whole."""


class Generator:
    """The modules of the generator; its folder is a plain script folder, not a package."""

    def __init__(self) -> None:
        self.year, self.expected, self.sheets, self.base = (importlib.import_module(name) for name in ("year", "expected", "sheets", "year_base"))
        self.projects = importlib.import_module("year_projects")

    def content(self, seed: int = 2026, part: float = SOME) -> Any:
        return self.year.Year(seed, part).declare()

    def ledger(self, content: Any, months: Sequence[str]) -> dict[str, Any]:
        """What must come out, with the figures of some months."""
        found: dict[str, Any] = self.expected.ledger_of(content, 2026, {month: self.year.CLOSED_ON[month] for month in months}, {}, self.year.SILENT, self.year.towns.DUTIES)
        return found


@pytest.fixture(scope="module")
def generator() -> Iterator[Generator]:
    sys.path.insert(0, str(DISTRICT / "samples"))
    yield Generator()
    sys.path.remove(str(DISTRICT / "samples"))


@pytest.fixture(scope="module")
def some(generator: Generator) -> Any:
    return generator.content()


@pytest.fixture(scope="module")
def whole(generator: Generator) -> dict[str, Any]:
    """The ledger of the whole year with the figures of three months."""
    return generator.ledger(generator.content(part=1), ("2025-12", "2026-06", "2026-10"))


@pytest.fixture(scope="module")
def ledger(generator: Generator, some: Any) -> dict[str, Any]:
    """What some of the year publishes."""
    return generator.ledger(some, ())


def test_the_year_is_twelve_months_of_every_bureau(generator: Generator, some: Any, ledger: dict[str, Any]) -> None:
    """From November 2025 to October 2026 every bureau that publishes and all 34 towns send their workbooks, but for a few silences."""
    publishers = {*CONNECTORS, *generator.year.towns.TOWNS}
    assert (ledger["steps"][0], ledger["steps"][-1], len(ledger["steps"])) == ("2025-11", "2026-10", 12)
    dropped = {(book.step, book.bureau) for book in some.books}
    # In January the official series is not published.
    assert {(step, bureau) for step in ledger["steps"] for bureau in publishers} - dropped == {*generator.year.SILENT, ("2026-01", "statistics")}


def test_the_year_holds_sixty_thousand_events(whole: dict[str, Any]) -> None:
    """With all its orders the year publishes at least 60 000 events, in every month more than 4 000."""
    assert whole["events"] > 60_000
    assert min(sum(sum(events.values()) for events in by.values()) for by in whole["published"].values()) > 4_000


def test_something_is_told_of_every_list(some: Any) -> None:
    """Of each list of the hub the year states something, in most of its months, and some workbook stays returned."""
    kinds = Counter(registry.load().latest(fact.event).kind for fact in some.facts)
    told = {view.name for view in LISTS if any(kinds[kind] > 10 for kind in kinds_of(view.name))}
    assert {view.name for view in LISTS} - told == {"returns"}
    assert {step for step, *_ in some.returned} == {"2026-09", "2026-10"}


def test_a_seed_decides_the_year(generator: Generator, some: Any, tmp_path: Path) -> None:
    """The same seed gives the same facts and the same bytes; another seed gives another year."""
    again, other = generator.content(), generator.content(seed=7)
    assert again.facts == some.facts
    assert other.facts != some.facts
    n = next(n for n, book in enumerate(some.books) if book.bureau == "housing" and book.step == "2026-05")
    written = [generator.sheets.write(content.books[n], tmp_path / name).read_bytes() for name, content in (("a", some), ("b", again))]
    assert written[0] == written[1]


def test_the_projects_of_the_year_are_sound(generator: Generator) -> None:
    """Money since the start never falls and never passes the total, sources add up to it, codes are unique, paid is at most arrived."""
    made = generator.projects.Projects(2026)
    assert len({project.code for project in made.all}) == len(made.all) > 120
    for project in made.all:
        rows = [generator.projects._statement(project, generator.base.index(month)) for month in generator.base.MONTHS]
        for row in rows:
            assert sum(amount for _, amount in project.sources) == row["total_investment"] >= row["equipment_investment"]
            assert 0 <= row["funds_paid"] <= row["funds_arrived"] <= row["total_investment"]
            assert min(row[f"plan{year}"] for year in (2025, 2026, 2027)) >= 0
        for before, after in pairwise(rows):
            assert before["funds_paid"] <= after["funds_paid"]
            assert before["units_done"] <= after["units_done"] <= after["units_planned"]


def test_the_figures_of_the_year_are_believable(whole: dict[str, Any]) -> None:
    """Less is paid than there is, no plan is far outrun, sums of the year grow from month to month."""
    for month, figures in whole["closed"].items():
        number = {name: float(value) for name, value in figures.items() if value is not None}
        assert all(value < 100 for name, value in number.items() if name.startswith("funds.") and name.endswith(".pay_rate")), month
        assert all(value >= 0 for name, value in number.items() if name.endswith(".balance")), month
        assert number["equipment.合计.plan_rate"] < 100
        assert all(value < 104 for name, value in number.items() if name.startswith("equipment.") and name.endswith(".plan_rate")), month
    _, before, after = whole["closed"].values()
    growing = [name for name in before if name.endswith((".ytd", ".applied", ".used", ".delivered", ".paid_gross")) and None not in (before[name], after[name])]
    assert len(growing) > 40
    assert [name for name in growing if float(after[name]) <= float(before[name]) > 0] == []


def test_the_connectors_take_the_year(generator: Generator, some: Any, ledger: dict[str, Any], tmp_path: Path) -> None:
    """The first month with its history, and where lists are repeated the second: every bureau publishes what the ledger expects and nothing comes back."""
    for bureau in dict.fromkeys((*CONNECTORS, *list(generator.year.towns.TOWNS)[:3])):
        steps = ledger["steps"][: 2 if bureau in ("industry", "finance") else 1]
        for book in some.books:
            if book.bureau == bureau and book.step in steps:
                generator.sheets.write(book, tmp_path / book.step / bureau)
        events = topics.events_topic("wuqing", bureau)
        broker = RecordingBroker(events, topics.receipts_topic("wuqing", bureau))
        for step in steps:
            before = len(broker.topics[events])
            assert take(tmp_path / step / bureau, bureau, tmp_path / f"{bureau}.sqlite", broker) == [], (step, bureau)
            published = Counter(codec.decode_facts(record.value)[0].event for record in broker.topics[events][before:])
            assert published == ledger["published"][step][bureau], (step, bureau)


def test_the_district_of_the_year_owes_from_its_first_month(generator: Generator, tmp_path: Path) -> None:
    """Beside its workbooks stands the district with the same duties of bureaus, owed since November 2025, in which every town reports."""
    generator.year.write_district(tmp_path / "district")
    mine, plain = District.load(tmp_path / "district"), District.load(DISTRICT)
    assert mine.first_month == "2025-11"
    owed = [{(duty.list, bureau) for duty in of.duties for bureau in duty.bureaus} for of in (mine, plain)]
    assert owed[0] >= owed[1]
    assert [town.name for town in mine.towns if not town.reports] == []
    assert len([town for town in mine.towns if town.code in mine.publishers()]) == 34
