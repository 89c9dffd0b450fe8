"""Rebuild, close and report on a filled store, as an operator runs them."""

import tempfile
import time
from pathlib import Path

from exchange_hub.views.lists import LISTS
from exchange_hub.views.store.setup import connect
from tests.bench.measure import Measurement, cpu_seconds, family_rss_mb, load, using
from tests.bench.stage import Stage, hub_process

MONTH = "2026-10"


def _timed(stage: Stage, district: str, url: str, *arguments: str) -> tuple[float, float, dict[str, float]]:
    """Run a `hub` command; return seconds with its start, peak memory and core-seconds."""
    with using(stage.servers) as usage:
        process = hub_process(stage, district, url, *arguments)
        rss = cpu = 0.0
        while process.poll() is None:
            rss, cpu = max(rss, family_rss_mb(process.pid)), max(cpu, cpu_seconds(process.pid, children=True))
            time.sleep(0.02)
    if process.returncode:
        said = (stage.folder / f"{arguments[0]}.log").read_text()[-1000:]
        raise RuntimeError(f"hub {' '.join(arguments)} ended with code {process.returncode}: {said}")
    return usage.seconds, rss, {**usage.cores, "worker": cpu}


def rebuild(stage: Stage, district: str, url: str) -> Measurement:
    """Fill shadow views from the event log, compare and swap."""
    with connect(url) as conn:
        row = conn.execute("SELECT count(*) FROM log.event_log").fetchone()
    seconds, rss, cores = _timed(stage, district, url, "rebuild")
    return Measurement("rebuild", row[0] if row else 0, seconds, rss, 1, cores, load())


def list_rows(url: str) -> int:
    """Rows of all lists."""
    with connect(url) as conn:
        counts = [conn.execute(f"SELECT count(*) FROM live.{view.table}".encode()).fetchone() for view in LISTS]
    return sum(row[0] for row in counts if row)


def cut_down(url: str, rows: int) -> None:
    """Remove rows of the longest lists until about *rows* are left, so that closes of different sets compare."""
    surplus = list_rows(url) - rows
    with connect(url) as conn:
        for table in ("trade_in", "fund", "scrappage"):
            row = conn.execute(f"SELECT count(*) FROM live.{table}".encode()).fetchone()
            take = min(max(surplus, 0), (row[0] if row else 0) // 2)
            conn.execute(f"DELETE FROM live.{table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM live.{table} LIMIT {take}))".encode())
            surplus -= take
        conn.execute(b"VACUUM ANALYZE")


def close_and_report(stage: Stage, district: str, url: str, rows: int) -> Measurement:
    """Close a month over *rows* list rows and render its three artefacts."""
    cut_down(url, rows)
    held = list_rows(url)
    closing, rss, cores = _timed(stage, district, url, "close", MONTH, "--yes", "--reason", "bench")
    with tempfile.TemporaryDirectory() as folder:
        reporting, rss_report, cores_report = _timed(stage, district, url, "report", MONTH, "--out", folder)
        sizes = {path.name: path.stat().st_size for path in Path(folder).iterdir()}
    total = {name: cores[name] + cores_report[name] for name in cores}
    more = {"close_seconds": round(closing, 2), "report_seconds": round(reporting, 2), "bytes": sizes}
    return Measurement("close_and_report", held, closing + reporting, max(rss, rss_report), 1, total, load(), more)
