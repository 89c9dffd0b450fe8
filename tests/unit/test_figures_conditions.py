"""The condition language and the cells of cubes."""

import pytest

from exchange_hub.programme.cells import Cell, Cells, Cube
from exchange_hub.programme.conditions import Compare, DetailsFirst, Latest, Member, conditions, expression


@pytest.mark.parametrize(
    ("key", "value", "operator", "values"),
    [
        ("domain", "工业", "=", ("工业",)),
        ("domain", None, "=", (None,)),
        ("month", ("2026-01", "2026-02"), "=", ("2026-01", "2026-02")),
        ("month", ["2026-01"], "=", ("2026-01",)),
        ("admin_state!=", "退出", "!=", ("退出",)),
        ("on_date<=", "2026-10-01", "<=", ("2026-10-01",)),
        ("measure_on not <=", "2026-10-31", "not <=", ("2026-10-31",)),
        ("extended_until|due_on not <", "2026-10-31", "not <", ("2026-10-31",)),
    ],
)
def test_a_condition_is_read_from_its_key(key: str, value: object, operator: str, values: tuple[object, ...]) -> None:
    """The key names the column and the operator; lists read from JSON mean what tuples mean."""
    (condition,) = conditions({key: value})
    assert isinstance(condition, Compare)
    assert (condition.operator, condition.values) == (operator, values)


def test_conditions_across_rows_are_read() -> None:
    """Membership in another list, the latest row and 明细 before 汇总 each have their own form."""
    where = {
        "a not in funds.b": {"step": "支付"},
        "latest": {"of": "project_key", "by": "month", "among": {"month": "2026-10"}},
        "details_first": ["category", "on_date:month"],
    }
    member, first, latest = conditions(where)
    assert isinstance(member, Member)
    assert (member.negated, member.list, member.column) == (True, "funds", "b")
    assert isinstance(latest, Latest)
    assert isinstance(first, DetailsFirst)
    assert first.by[1].terms[0].month


@pytest.mark.parametrize(
    "where",
    [
        {"a b": 1},
        {"a<=": None},
        {"a<=": ("1", "2")},
        {"a; drop": 1},
        {"a in funds.b": 3},
        {"a": {"b": 1}},
        {"latest": "month"},
        {"a[": 1},
    ],
)
def test_what_is_not_of_the_language_is_refused(where: dict[str, object]) -> None:
    """A key or value that means nothing raises instead of selecting something."""
    with pytest.raises(ValueError, match=r"."):
        conditions(where)


def test_an_expression_may_be_a_month_an_entry_or_the_first_that_is_not_empty() -> None:
    """The forms that dimensions use."""
    assert expression("returned_on:month|month").terms[0].month
    assert expression("planned_by_year[2026]").terms[0].entry == "2026"


def cells() -> Cells:
    cube = Cube("c", "trade-in", {}, ("bureaus", "category", "kind", "month", "granularity"), ("subsidy",))
    return Cells(cube, (
        Cell(("commerce", "家电", None, "2026-09", "明细"), 2, (300,)),
        Cell(("commerce", "家电", None, "2026-09", "汇总"), 1, (999,)),
        Cell(("commerce", "家电", None, "2026-10", "汇总"), 1, (50,)),
        Cell(("commerce", None, None, "2026-10", "明细"), 1, (None,)),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("select", "measure", "expected"),
    [
        ({}, "count", (5, 5)),
        ({"category": "家电"}, "sum(subsidy)", (1349, 4)),
        ({"category": "家电", "details_first": ("category", "month")}, "sum(subsidy)", (350, 3)),
        ({"category": None}, "sum(subsidy)", (None, 1)),
        ({"category!=": None}, "count", (4, 4)),
        ({"month": ("2026-10", "2026-11")}, "distinct(category)", (1, 2)),
        ({"category": "家装厨卫"}, "sum(subsidy)", (None, 0)),
    ],
)
def test_a_selection_counts_and_sums_cells(
    select: dict[str, object], measure: str, expected: tuple[int | None, int]
) -> None:
    """Rows and sums of the selected cells; a sum without any value is none, not zero."""
    assert cells().measure(select, measure) == expected


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        pytest.param([("a", "冰箱", "明细", 93), ("a", "空调", "汇总", 100)], 193, id="a summary of one kind stays beside details of another"),
        pytest.param([("a", "冰箱", "明细", 93), ("a", None, "汇总", 100)], 93, id="a summary of all kinds goes where there are details"),
        pytest.param([("a", "空调", "汇总", 40), ("a", None, "汇总", 100)], 40, id="summaries nested in one another never add"),
        pytest.param([("a", "空调", "明细", 40), ("b", "空调", "汇总", 100)], 140, id="another bureau's summary is its own"),
        pytest.param([("a,b", "空调", "明细", 40), ("b", "空调", "汇总", 40)], 40, id="a row that two told is a detail of both"),
    ],
)
def test_details_stand_where_the_very_cell_has_details(rows: list[tuple[str, str | None, str, int]], counted: int) -> None:
    """The cell of a summary is its bureau and the finest category that it names."""
    cube = Cube("c", "trade-in", {}, ("bureaus", "kind", "granularity"), ("count",))
    cells = Cells(cube, tuple(Cell((bureaus, kind, granularity), 1, (count,)) for bureaus, kind, granularity, count in rows))
    assert cells.measure({"details_first": ("kind?",)}, "sum(count)")[0] == counted


def test_a_selection_asks_only_for_dimensions() -> None:
    """A range cannot be answered from cells, nor a column that is no dimension, nor one the cube already conditions."""
    with pytest.raises(ValueError, match="equality"):
        cells().measure({"month<=": "2026-10"}, "count")
    with pytest.raises(ValueError, match="not in tuple"):
        cells().measure({"serial_no": "1"}, "count")
    conditioned = Cells(Cube("c", "trade-in", {"month": "2026-10"}, ("month",)), ())
    with pytest.raises(ValueError, match="twice"):
        conditioned.where({"month": "2026-09"})
