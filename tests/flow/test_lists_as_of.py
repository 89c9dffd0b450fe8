"""Lists are asked as of a date, by all that is known or by what was known at a close; an open month is opened as of its last day."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.faults.stage import Stage, staged
from tests.flow.test_close_dated import project

Hub = Callable[..., Result]
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def stage(servers: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A project of September that grew on 6 November, and one of 5 November."""
    with staged(*servers, tmp_path_factory.mktemp("dated")) as made:
        worker = made.worker()
        made.send([
            project("ProjectAdded", "A", 1, date(2026, 9, 3), "1000000.00"),
            project("ProjectChanged", "A", 2, date(2026, 11, 6), "9000000.00"),
            project("ProjectAdded", "B", 1, date(2026, 11, 5), "2000000.00"),
        ])  # fmt: skip
        made.caught_up()
        yield made
        worker.end()


def amounts(hub: Hub, *asked: str) -> dict[str, str]:
    """Return each project's amount as a list shows it."""
    done = hub("list", "equipment-projects", *asked, "--format", "json")
    assert done.exit_code == 0, done.output
    return {row["name"]: row["total_investment"] for row in map(json.loads, done.stdout.splitlines())}


def opened(hub: Hub, *asked: str) -> dict[str, Any]:
    """Return a figure opened down to its events."""
    done = hub("trace", "equipment.合计.total_investment", *asked, "--format", "json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_list_shows_what_was_said_up_to_a_date(hub: Hub, stage: Stage) -> None:
    """Of later days nothing is in it, without a date everything is; two dates and no date are refused in words."""
    assert amounts(hub) == {"项目A": "9000000.00", "项目B": "2000000.00"}
    assert amounts(hub, "--as-of", "2026-10-31") == {"项目A": "1000000.00"}
    assert amounts(hub, "--as-of", "2026-11-05") == {"项目A": "1000000.00", "项目B": "2000000.00"}
    assert amounts(hub, "--as-of", "2026-09-02") == {}
    summed = hub("list", "equipment-projects", "--as-of", "2026-10-31", "--by", "domain", "--format", "json")
    assert [json.loads(line)["total_investment"] for line in summed.stdout.splitlines()] == ["1000000.00"]
    for wrong in (("--as-of", "2026-02-30"), ("--as-of", "2026-10-31", "--as-of", "2026-11-30")):
        assert hub("list", "equipment-projects", *wrong).exit_code == 2


def test_an_open_month_is_opened_as_of_its_last_day(hub: Hub) -> None:
    """Figure, rows, their share and the events below them speak of the month; the words tell what is counted."""
    figure = opened(hub, "--month", "2026-10")
    assert (figure["closed"], figure["value"], figure["rows_counted"]) == (False, "1000000.00", 1)
    (row,) = figure["rows"]
    assert row["measured"] == "1000000.00"
    assert [event["occurred_on"] for event in row["events"]] == ["2026-09-03"]
    assert figure["meaning"].startswith("截至2026年10月31日：《设备更新项目清单》中“总投资”的合计，单位：元。")
    assert opened(hub, "--month", "2026-11")["value"] == "11000000.00"


def test_an_open_month_is_exported_as_of_its_last_day(hub: Hub, tmp_path: Path) -> None:
    """Lists and figures of the package speak of the same day, and the manifest says that the month is not closed."""
    out = tmp_path / "october.zip"
    done = hub("export", "--month", "2026-10", "--out", str(out), "--without-xlsx")
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(out) as package:
        rows = list(csv.DictReader(io.StringIO(package.read("lists/equipment-projects.csv").decode("utf-8-sig"))))
        figures, manifest = json.loads(package.read("figures.json")), json.loads(package.read("manifest.json"))
    assert [row["总投资（元）"] for row in rows] == ["1000000.00"]
    assert (figures["as_of"], figures["figures"]["equipment.合计.total_investment"]["value"]) == ("2026-10-31", "1000000.00")
    assert (manifest["closed"], manifest["rows"]["equipment-projects"]) == (False, 1)


def test_a_date_is_asked_together_with_a_close(hub: Hub, stage: Stage) -> None:
    """What came after the close is not in it, whatever day it is of; with the date alone it is; the closed figure stays, and reads anew beside it."""
    closed = hub("close", "2026-10", "--yes")
    assert closed.exit_code == 0, closed.output
    stage.caught_up()
    stage.send([project("ProjectAdded", "C", 1, date(2026, 10, 20), "500000.00")])
    stage.caught_up()
    assert amounts(hub, "--as-of", "2026-10") == {"项目A": "1000000.00"}
    assert amounts(hub, "--as-of", "2026-10", "--as-of", "2026-11-30") == {"项目A": "9000000.00", "项目B": "2000000.00"}
    assert amounts(hub, "--as-of", "2026-10-31") == {"项目A": "1000000.00", "项目C": "500000.00"}
    assert opened(hub, "--month", "2026-10")["value"] == "1000000.00"
    assert opened(hub, "--month", "2026-10", "--live")["value"] == "1500000.00"
