"""Rows as lines of text."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from exchange_hub.reports.lines import read, written
from exchange_hub.views.lists.model import Column


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_whatever_a_text_holds_it_comes_back(texts: list[str]) -> None:
    """Tabs, newlines and backslashes end no field and are no others when they are read."""
    columns = [Column(f"c{number}", "") for number, _ in enumerate(texts)]
    (line,) = written([{column.name: text for column, text in zip(columns, texts, strict=True)}], columns)
    assert line.endswith(b"\n")
    assert [read(field) for field in line[:-1].split(b"\t")] == texts


def test_values_are_written_as_the_database_writes_them() -> None:
    """Numbers and dates as they are read by people, lists, maps and flags as JSON, nothing where there is nothing."""
    columns = [
        Column("a", "", "money"), Column("b", "", "quantity"), Column("c", "", "date"), Column("d", "", "texts"),
        Column("e", "", "money_map"), Column("f", "", "flag"), Column("g", ""), Column("h", "", "texts"),
    ]  # fmt: skip
    row = {"a": 1, "b": Decimal("2.5000"), "c": date(2026, 10, 1), "d": ("甲", "乙\t"), "e": {"年": 3}, "f": False, "g": ""}
    assert list(written([row], columns)) == ['1\t2.5000\t2026-10-01\t["甲", "乙\\\\t"]\t{"年": 3}\tfalse\t\t\n'.encode()]
