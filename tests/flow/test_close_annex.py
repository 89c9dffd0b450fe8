"""The annex of a closed month is read from the frozen lists, one after the other."""

from pathlib import Path

import psycopg
import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import snapshot
from exchange_hub.reports.closed.close import close
from exchange_hub.reports.render.xlsx_report import write_xlsx
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
