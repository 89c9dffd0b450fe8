"""The annex of a closed month is read from the frozen lists, one after the other."""

from pathlib import Path

import psycopg
import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.closed.close import close
from exchange_hub.reports.render.xlsx_report import write_xlsx
from exchange_hub.views.lists import LISTS
from exchange_hub.views.queries import lists as queries
from tests.closing.rows import Lists, row
from tests.closing.store import refill
from tests.flow.test_close import SEPTEMBER, district, engine, server

__all__ = ["district", "engine", "server"]


def test_an_annex_reads_one_list_after_the_other(engine: sa.Engine, district: District, tmp_path: Path) -> None:
    """However many lists it has, one connection is enough: each list is read to its end, which frees it for the next."""
    close(engine, district, SEPTEMBER)
    with engine.connect() as conn:
        info = conn.connection.driver_connection.info  # type: ignore[union-attr]  # psycopg's
        dsn = f"{info.dsn} password={info.password}"
    only = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), pool_size=1, max_overflow=0, pool_timeout=5)
    report = snapshot.load(only, "2026-09")
    assert sum(isinstance(annex.rows, snapshot.Frozen) and annex.rows.frozen > 0 for annex in report.annexes) > 1
    write_xlsx(report, tmp_path / "annex.xlsx")
    only.dispose()


def test_a_cumulative_of_another_year_is_empty_in_the_annex_and_in_lists(engine: sa.Engine, district: District) -> None:
    """自年初累计 that December told is empty beside one of this year, wherever the rows are read; alone it is the list's own year."""
    lists: Lists = {view.name: [] for view in LISTS}
    told = {"lead_bureau": "industry", "domain": "工业", "invested_year_to_date": 867_030_000}
    lists["equipment-projects"] = [row("equipment-projects", key, "industry", latest_month=month, **told) for key, month in (("old", "2025-12"), ("new", "2026-09"))]
    refill(engine, lists)
    close(engine, district, SEPTEMBER)
    annex = next(annex for annex in snapshot.load(engine, "2026-09").annexes if annex.list == "equipment-projects")
    expected = {"old": None, "new": 867_030_000}
    assert annex.printed is not None
    for rows in (annex.rows, annex.rows[0:2], annex.printed):
        assert {each["row_key"]: each["invested_year_to_date"] for each in rows} == expected
    columns = [column for column in annex.view.columns if column.name == "invested_year_to_date"]
    assert sorted(annex.rows.lines(columns)) == [b"\n", b"867030000\n"]  # type: ignore[attr-defined]  # frozen rows
    with engine.connect() as conn:
        live = queries.rows(conn, annex.view)
        assert {each["row_key"]: each["invested_year_to_date"] for each in live} == expected
        assert [each["invested_year_to_date"] for each in queries.rows(conn, annex.view, year="2025")] == [None, 867_030_000]
