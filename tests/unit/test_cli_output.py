"""What people see in a terminal: tables that fit it, codes as names, sums that may be summed."""

import csv
import io
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click
import pytest
from rich.cells import cell_len

from exchange_hub.cli import output
from exchange_hub.console import export
from exchange_hub.views.lists import BY_NAME, LISTS
from exchange_hub.views.queries.answers import Selection
from exchange_hub.views.summing import grouped
from tests.console_rows import PLACE, MemorySource

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


@contextmanager
def files_of(kilobytes: int) -> Iterator[None]:
    """A disk that takes so much of a file and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_a_file_that_cannot_be_written_leaves_what_stood_there(tmp_path: Path, form: str) -> None:
    """On a full disk --out is a failure in words, and the file of before is there, whole, with nothing beside it."""
    out = tmp_path / f"清单.{form}"
    out.write_text("的清单", encoding="utf-8")
    rows = [project(number, name=str(hash(number)) * 20) for number in range(400)]
    with files_of(8), pytest.raises(click.ClickException, match=r"无法写入 .*清单.*File too large"):
        output.show("设备更新", rows, PROJECTS.columns, form, out)
    assert out.read_text(encoding="utf-8") == "的清单"
    assert list(tmp_path.iterdir()) == [out]
    output.show("设备更新", rows, PROJECTS.columns, form, out)
    assert out.stat().st_size > 8 * 1024
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_a_device_is_written_and_stays_one(tmp_path: Path, form: str) -> None:
    """--out /dev/full is a failure in words, and a device is never replaced by a file."""
    device = tmp_path / "full"
    device.symlink_to("/dev/full")
    with pytest.raises(click.ClickException, match="无法写入 /dev/full：No space left on device"):
        output.show("设备更新", [project(1)], PROJECTS.columns, form, device)
    assert Path("/dev/full").is_char_device()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A path in no folder is told in words, not in a traceback."""
    with pytest.raises(click.ClickException, match=r"无法写入 .*/none/清单.csv：No such file or directory"):
        output.show("设备更新", [project(1)], PROJECTS.columns, "csv", tmp_path / "none" / "清单.csv")


def test_console_and_command_write_one_csv(tmp_path: Path) -> None:
    """The same rows are the same bytes from both doors, guarded against formulas, with what steers a reader shown."""
    hostile = ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠1", "-3.5", "甲\u202e乙\x1b[2J"]
    source = MemorySource()
    source.lists["trade-in"] = [row("trade-in", f"D{number}", order_no=text, subsidy_returned=-5) for number, text in enumerate(hostile)]
    wish = export.Export("trade-in", Selection(), "csv", "", PLACE.bureaus)
    served, written = tmp_path / "served.csv", tmp_path / "written.csv"
    served.touch()
    assert export.make(source, wish, served) == len(hostile)
    view = BY_NAME["trade-in"]
    output.show(view.title, source.lists["trade-in"], view.columns, "csv", written, layout=output.Layout(names=PLACE.bureaus))
    assert served.read_bytes() == written.read_bytes()
    lines = list(csv.DictReader(io.StringIO(served.read_text(encoding="utf-8-sig"), newline="")))
    assert [line["订单号"] for line in lines] == [
        "'=1+1", "'+1", "'-2+3", "'@SUM(A1)", "'\t=1", "\\x0d=1", "'\n=1", "'＝1", "'＋1", "'－1", "'＠1", "-3.5", "甲\\u202e乙\\x1b[2J",
    ]  # fmt: skip
    assert {line["退回补贴（元）"] for line in lines} == {"-0.05"}


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    """A file stands where the folder would be: one message with the place."""
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(click.ClickException, match=f"无法建立目录 {place}"):
            output.folder(place)
    assert output.folder(tmp_path / "a" / "b").is_dir()
