"""The sample workbooks and their ledger: plain, repeatable, and equal to what was worked out by hand."""

import importlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from exchange_contracts.personal import holds_personal_number
from tests.golden import hand_worked

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "deploy/districts/wuqing/samples"


@pytest.fixture(scope="module")
def generate() -> Iterator[Any]:
    """The generator as a module; its folder is a plain script folder, not a package."""
    sys.path.insert(0, str(SAMPLES))
    yield importlib.import_module("generate")
    sys.path.remove(str(SAMPLES))


@pytest.fixture(scope="module")
def content(generate: Any) -> Any:
    return generate.declare()


@pytest.fixture(scope="module")
def ledger(generate: Any, content: Any) -> dict[str, Any]:
    found: dict[str, Any] = generate.expected_ledger(content, 2026)
    return found


HAND = [
    *((("closed", "2026-09"), item) for item in hand_worked.SEPTEMBER.items()),
    *((("closed", "2026-10"), item) for item in hand_worked.OCTOBER.items()),
    *((("restated", "2026-09", "2026-09-late"), item) for item in hand_worked.RESTATED_SEPTEMBER.items()),
]


@pytest.mark.parametrize(("place", "item"), HAND, ids=lambda value: value[-1] if len(value) > 2 else value[0])
def test_the_ledger_says_what_was_worked_out_by_hand(
    ledger: dict[str, Any], place: tuple[str, ...], item: tuple[str, str | None]
) -> None:
    """Every figure worked out by hand from the declared numbers stands in the ledger."""
    found: Any = ledger
    for step in place:
        found = found[step]
    id_, by_hand = item
    value = found[id_]
    assert hand_worked.number(None if value is None else str(value)) == hand_worked.number(by_hand)


def test_there_is_enough_of_everything(ledger: dict[str, Any], content: Any) -> None:
    """At least 12 bureaus, two months, 5 000 events, returned rows, a repeated file, a silent bureau."""
    assert ledger["events"] >= 5000
    assert len({book.bureau for book in content.books}) >= 12
    assert set(ledger["published"]) == {"2026-09", "2026-09-late", "2026-10"}
    assert ledger["files_repeated"]
    assert {error["error"] for rows in ledger["returned"]["2026-09"].values() for error in rows} >= {
        1,
        3,
        12,
        18,
        44,
        45,
    }
    assert "2026-10/water" in ledger["silent"]


def test_a_late_fact_changes_the_closed_month_only_when_restated(ledger: dict[str, Any]) -> None:
    """What arrives after the close stands in the restated figures and never in the closed ones."""
    closed, again = ledger["closed"]["2026-09"], ledger["restated"]["2026-09"]["2026-09-late"]
    different = {id_ for id_, value in again.items() if closed[id_] != value}
    assert "equipment.工业.month" in different
    assert "tradein.家电.sales" in different
    assert not {id_ for id_ in different if id_.startswith(("recovery.", "goals.", "documents."))}


def test_the_ledger_s_totals_add_up(ledger: dict[str, Any]) -> None:
    """The total row of each table is the sum of its rows."""
    for figures in ledger["closed"].values():
        for start, names in (
            ("equipment", ("projects", "total_investment", "ytd")),
            ("tradein", ("applied", "subsidy")),
            ("funds", ("allocated", "paid", "balance")),
        ):
            for name in names:
                rows = [float(v) for k, v in figures.items() if k.startswith(start) and k.endswith(f".{name}") and k.count(".") == 2]
                total = float(figures[f"{start}.合计.{name}"])
                assert sum(rows) == pytest.approx(2 * total)


def test_projects_are_sound(generate: Any) -> None:
    """Sources of funds and years add up to the total, nothing is negative, codes are unique."""
    table = importlib.import_module("content_projects")
    codes = [table.code_of(p) for p in table.PROJECTS]
    assert len(codes) == len(set(codes))
    for project in table.PROJECTS:
        for month in (9, 10):
            row = table.statement(project, month)
            parts = ("超长期特别国债", "中央预算内投资", "市级", "区级", "银行贷款", "企业自筹")
            assert sum(row[name] for name in parts) == row["total_investment"], project.id
            assert row["plan2025"] + row["plan2026"] + row["plan2027"] == row["total_investment"], project.id
            assert min(row[name] for name in (*parts, "plan2027")) >= 0, project.id
            assert row["equipment_investment"] <= row["total_investment"], project.id
    assert generate.STEPS[0] == "2026-09"


def test_no_personal_number_stands_in_a_sample_but_the_one_that_must_come_back(content: Any) -> None:
    """The only personal number of the sample is the one whose row the connector returns."""
    found = Counter(
        book.name
        for book in content.books
        for sheet in book.sheets
        for row in sheet.rows
        for key, value in row.items()
        if isinstance(value, str) and not key.startswith("_") and holds_personal_number(value)
    )
    assert list(found.values()) == [1]
    assert next(iter(found)).startswith("03_家电明细补充")


def test_the_term_of_ten_working_days_is_the_district_s(generate: Any) -> None:
    """The generator's own counting of working days agrees with the dates that were counted by hand."""
    due = importlib.import_module("signing").due_days()
    assert due[date(2026, 8, 31)] == date(2026, 9, 14)
    assert due[date(2026, 9, 7)] == date(2026, 9, 20)
    assert due[date(2026, 10, 12)] == date(2026, 10, 26)


def test_the_generator_imports_nothing_of_the_product() -> None:
    """The ledger shares no code with what it checks."""
    for file in SAMPLES.glob("*.py"):
        assert "exchange_" not in file.read_text(encoding="utf-8"), file.name


def test_the_same_seed_gives_the_same_bytes(generate: Any, tmp_path: Path) -> None:
    """Two declarations write the same files; another seed only re-sorts October's order lists."""
    first, second = generate.declare(), generate.declare()
    assert json.dumps(generate.expected_ledger(first, 2026)) == json.dumps(generate.expected_ledger(second, 2026))
    chosen = [n for n, book in enumerate(first.books) if book.bureau in ("education", "industry") and not book.copy_of]
    for n in chosen:
        written = [
            generate.write(c.books[n], tmp_path / name).read_bytes() for name, c in (("a", first), ("b", second))
        ]
        assert written[0] == written[1]
