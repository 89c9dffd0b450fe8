"""What people see in a terminal: tables that fit it, codes as names, sums that may be summed."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from rich.cells import cell_len

from exchange_hub.cli import output
from exchange_hub.cli.lists import grouped
from exchange_hub.views.lists import BY_NAME, LISTS

Shown = Callable[[], list[str]]
PROJECTS = BY_NAME["equipment-projects"]
NAMES = {"industry": "区工业和信息化局"}


def row(view: str, key: str, **values: Any) -> dict[str, Any]:
    return {column.name: None for column in BY_NAME[view].columns} | {"row_key": key, "bureaus": ["industry"]} | values


def project(number: int, **values: Any) -> dict[str, Any]:
    filled = {column.name: "内容" for column in PROJECTS.columns if column.type == "text"}
    return row(
        "equipment-projects", f"k{number}",
        **{**filled, "name": f"某某公司数字化生产线设备更新改造项目{number}", "lead_bureau": "industry", "domain": "工业",
           "total_investment": 123_456_789, "starts_on_planned": date(2026, 3, 1), "units_done": 0, **values},
    )  # fmt: skip


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[int], Shown]:
    """Sets the width of the terminal and returns what was shown."""

    def of(width: int) -> Shown:
        monkeypatch.setenv("COLUMNS", str(width))
        return lambda: str(capsys.readouterr().out).splitlines()

    return of


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.name)
def test_a_list_fits_the_terminal(terminal: Callable[[int], Shown], width: int, view: Any) -> None:
    """No line is wider than the terminal, and no heading or number of a table is cut."""
    shown = terminal(width)
    values = {"money": 1_234_567_890_12, "count": 12_345, "quantity": 12, "date": date(2026, 10, 31), "month": "2026-10"}
    filled = {c.name: values.get(c.type, ["industry"] if c.type == "texts" else {"市级": 1} if c.type == "money_map" else "某内容很长的文字说明而且没有空格可以换行" * 2) for c in view.columns}
    output.show(view.title, [row(view.name, "k", **filled)], view.columns, "table", None, layout=output.Layout())
    lines = shown()
    assert max(cell_len(line) for line in lines) <= width
    assert not any("…" in line for line in lines)


def test_people_see_names_and_wan_and_what_is_left_out(
    terminal: Callable[[int], Shown], capsys: pytest.CaptureFixture[str]
) -> None:
    """Money in 万元, bureaus by name, a reported zero as 0, an empty cell empty; hidden columns are counted."""
    terminal(100)
    layout = output.Layout(("name", "lead_bureau", "total_investment", "units_done", "equipment_investment"), names=NAMES)
    output.show("清单", [project(1)], PROJECTS.columns, "table", None, layout=layout)
    told = capsys.readouterr()
    assert "区工业和信息化局" in told.out
    assert "123.46" in told.out
    assert "│            0 │" in told.out
    assert "列未显示" in told.err


def test_all_columns_stand_row_by_row(terminal: Callable[[int], Shown]) -> None:
    """With --columns all every filled column of a row has a line, empty ones none."""
    shown = terminal(80)
    output.show("清单", [project(1), project(2)], PROJECTS.columns, "table", None, layout=output.Layout(whole=True, names=NAMES))
    lines = shown()
    assert [line for line in lines if line.startswith("──")] == ["── 1 ──", "── 2 ──"]
    assert sum(line.startswith("总投资（万元）") for line in lines) == 2
    assert not any(line.startswith("实际开工") for line in lines)


def test_text_in_brackets_is_no_markup(terminal: Callable[[int], Shown]) -> None:
    """What a bureau wrote in square brackets is shown as written."""
    shown = terminal(80)
    output.table("表", ["内容"], [["[bold]甲[/bold] [注]"]])
    assert any("[bold]甲[/bold] [注]" in line for line in shown())


def test_sums_by_a_column_have_their_rows_and_a_total() -> None:
    """Per value the number of rows and the sums; what nobody stated is absent, not zero; the last line is the total."""
    rows = [
        project(1, total_investment=100), project(2, total_investment=50), project(3, domain="农业", total_investment=None),
    ]  # fmt: skip
    columns, lines = grouped(PROJECTS, rows, "domain", by_month=False)
    assert [column.name for column in columns][:3] == ["domain", "row_count", "total_investment"]
    assert [(line["domain"], line["row_count"], line["total_investment"]) for line in lines] == [
        ("农业", 1, None), ("工业", 2, 150), ("合计", 3, 150),
    ]  # fmt: skip


def test_details_and_summaries_are_never_added() -> None:
    """A list with both is split by 粒度 and has no total; year-to-date amounts are summed within one month only."""
    orders = [
        row("trade-in", "a", category="家电", granularity="明细", count=1, subsidy=10),
        row("trade-in", "b", category="家电", granularity="汇总", count=9, subsidy=90),
    ]
    _, lines = grouped(BY_NAME["trade-in"], orders, "category", by_month=False)
    assert [(line["category"], line["granularity"], line["subsidy"]) for line in lines] == [("家电", "明细", 10), ("家电", "汇总", 90)]
    months = [row("project-progress", m, domain="工业", month=m, invested_year_to_date=5, invested_this_month=1) for m in ("2026-09", "2026-10")]
    progress = BY_NAME["project-progress"]
    columns, lines = grouped(progress, months, "domain", by_month=False)
    assert [column.name for column in columns] == ["domain", "row_count", "invested_this_month"]
    columns, _ = grouped(progress, months, "month", by_month=True)
    assert "invested_year_to_date" in [column.name for column in columns]
