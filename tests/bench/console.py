"""Pages and files of the console on a filled store, each beside plain SQL of the same question in the same run."""

import io
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg
from fastapi.testclient import TestClient

from exchange_hub.console import export
from exchange_hub.console.app import create_app
from exchange_hub.console.database import DatabaseSource
from exchange_hub.console.source import Place
from exchange_hub.processes.compose import Hub
from exchange_hub.views.lists import BY_NAME, LISTS
from exchange_hub.views.queries.answers import Selection
from exchange_hub.views.store.setup import connect
from tests.bench.measure import Measurement, load, own_peak_rss_mb, using
from tests.bench.monthly import list_rows
from tests.bench.stage import Stage

REPEATS = 7
_LIST = BY_NAME["trade-in"]
_PAGE = 200
_COUNTS = " UNION ALL ".join(f"SELECT count(*) FROM live.{view.table}" for view in LISTS)
#: What is asked → the same question in SQL.
_ASKED = {
    "overview": _COUNTS,
    "findings": "SELECT * FROM live.finding ORDER BY rule, subject LIMIT 500",
    "metrics": "SELECT count(*) FROM live.finding",
    "last page": f"SELECT * FROM live.{_LIST.table} ORDER BY row_key DESC LIMIT {_PAGE}",
    "rare search": f"SELECT * FROM live.{_LIST.table} WHERE order_no ILIKE '%00000123%' LIMIT 50",
    "csv": "COPY (SELECT * FROM live.{table} WHERE {where} ORDER BY row_key) TO STDOUT",
    "xlsx": "COPY (SELECT * FROM live.{table} WHERE {where} ORDER BY row_key) TO STDOUT",
}


def console(stage: Stage, district: str, url: str) -> Measurement:
    """Ask the console, and plain SQL the same; each the median of some runs after a first one."""
    hub = Hub.load(stage.settings(district, url))
    source = DatabaseSource(url, hub.rules())
    app = create_app(source, Path(stage.folder / "none"), lambda: datetime.now(UTC), place=Place.of(hub.district))
    with connect(url) as conn, TestClient(app, base_url="http://localhost") as client, using(stage.servers, own=True) as usage:
        with source.reading() as reading:
            last = max(1, -(-reading.count(_LIST.name) // _PAGE))
        asked: dict[str, Callable[[], object]] = {
            "overview": lambda: client.get("/"),
            "findings": lambda: client.get("/findings"),
            "metrics": app.state.health.refresh,
            "last page": lambda: client.get(f"/lists/{_LIST.name}?size={_PAGE}&page={min(last, 20_000)}"),
            "rare search": lambda: client.get(f"/lists/{_LIST.name}?q=00000123"),
            **{form: lambda form=form: _file(source, form) for form in ("csv", "xlsx")},  # type: ignore[misc]  # bound as it stands
        }
        more = {}
        for name, ask in asked.items():
            plain = _ASKED[name].format(table=_LIST.table, where="category = '家电'")
            took, beside = _median(ask), _median(lambda plain=plain: _plain(conn, plain))  # type: ignore[misc]  # as above
            more[name] = {"ms": round(took * 1000, 1), "sql_ms": round(beside * 1000, 1), "ratio": round(took / beside, 1)}
    source.close()
    return Measurement("console", list_rows(url), usage.seconds, own_peak_rss_mb(), 1, usage.cores, load(), more)


def _median(ask: Callable[[], object]) -> float:
    ask()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _file(source: DatabaseSource, form: str) -> int:
    with NamedTemporaryFile() as file:
        return export.make(source, export.Export(_LIST.name, Selection({"category": ("家电",)}), form, "", {}), Path(file.name))


def _plain(conn: psycopg.Connection, query: str) -> int:
    if not query.startswith("COPY"):
        return len(conn.execute(query.encode()).fetchall())
    kept = io.BytesIO()
    with conn.cursor() as cursor, cursor.copy(query.encode()) as copied:
        for piece in copied:
            kept.write(piece)
    return kept.tell()
