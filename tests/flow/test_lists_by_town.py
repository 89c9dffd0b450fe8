"""Lists by the town of the project that their rows name, on a real store."""

import pytest
import sqlalchemy as sa

from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.queries import lists
from exchange_hub.views.queries.answers import Selection
from exchange_hub.views.store.commit import commit
from tests.flow.test_core_store import Opened, begin, opened, take
from tests.strategies.history import History
from tests.strategies.planting import event, project
from tests.strategies.store import emptied
from tests.strategies.universe import TOWN

__all__ = ["opened"]

CODE = "2509-120114-89-01-544060"


@pytest.fixture(scope="module")
def store(opened: Opened) -> sa.Engine:
    """Two projects in two towns, one with a code and one with its bureau's number, each with a line; and a line of no known project."""
    conn, context, url = opened
    emptied(conn)

    def line(no: str, of: str, bureau: str, units: int) -> object:
        return event("EquipmentLineListed", bureau, no, line_no=no, project_no=of, side="新设备", name="泵", units=units, price="100.00")

    progress = {"month": "2026-10", "invested_this_month": "5.00", "invested_year_to_date": "5.00"}
    commit(conn, take(opened, begin(opened), History.of([
        project("甲", project_code=CODE, town="梅厂镇"), project("乙", "transport", internal_no="乙", town="杨村街道"),
        event("ProjectProgressReported", "transport", "乙-p", on="2026-10-28", **progress),
        line("1", CODE, "industry", 2), line("2", CODE, "transport", 3), line("3", "乙", "transport", 5), line("4", "乙", "industry", 7), line("5", "无", "industry", 9),
        event("OutletListed", "commerce", "g", outlet_no="g", name="一站", operator_name="某", state="营业", town="梅厂镇"),
        event("OutletListed", TOWN, "g", outlet_no="h", name="二站", operator_name="某", state="营业"),
    ])), context)  # fmt: skip
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def by_town(conn: sa.Connection, name: str, summed: tuple[str, ...] = (), where: dict[str, tuple[object, ...]] | None = None) -> dict[str | None, tuple[object, ...]]:
    """Town → rows and sums."""
    found = lists.sums(conn, BY_NAME[name], ("town",), summed, Selection(where=where or {}))
    return {row["town"]: (row["row_count"], *(row[each] for each in summed)) for row in found}  # type: ignore[misc]


def test_rows_have_the_town_of_the_project_they_name(store: sa.Engine) -> None:
    """By its code whoever says it, by a bureau's number for that bureau alone; who names no known project has no town."""
    with store.connect() as conn:
        assert by_town(conn, "equipment-lines", ("units", "price")) == {"梅厂镇": (2, 5, 200_00), "杨村街道": (1, 5, 100_00), None: (2, 16, 200_00)}
        assert by_town(conn, "project-progress") == {"杨村街道": (1,)}
        assert by_town(conn, "outlets") == {"梅厂镇": (1,)}
        assert by_town(conn, "outlet-claims") == {"梅厂镇": (1,)}


def test_rows_are_chosen_and_sorted_by_it(store: sa.Engine) -> None:
    """A condition on the town chooses rows, pages and drop-downs, and rows keep the columns that they have."""
    view = BY_NAME["equipment-lines"]
    with store.connect() as conn:
        where = Selection(where={"town": ("梅厂镇",)}, order=("-town",))
        total, rows = lists.page(conn, view, where, limit=10, offset=0)
        assert (total, sorted(str(row["line_no"]) for row in rows), "town" in rows[0]) == (2, ["1", "2"], False)
        assert lists.count(conn, view, Selection(where={"town": (None,)})) == 2
        assert lists.choices(conn, view, ["town", "side"]) == {"town": ["杨村街道", "梅厂镇"], "side": ["新设备"]}
        assert by_town(conn, "equipment-lines", (), {"lead_bureau": ("industry",)}) == {"梅厂镇": (1,), None: (2,)}
