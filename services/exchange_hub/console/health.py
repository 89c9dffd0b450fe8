"""Whether the console lives, whether it can be trusted now, and what its metrics read from the store."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from exchange_hub.console import boards, wording
from exchange_hub.console.wiring import Console
from exchange_hub.programme.period import Period
from exchange_hub.reports.queries import Queries
from exchange_hub.runtime import metrics
from exchange_hub.views.queries.answers import Position, StoreUnavailableError

PROBES_MAX = 2
"""Probes and scrapes that ask the store at the same time, in threads of their own: no page and no download can delay them."""

WORKER_SILENT_SECONDS_MAX = 120
"""Workers poll every few seconds; one that was not heard of for this long is stopped or stuck."""


@dataclass(frozen=True, slots=True)
class Health:
    """The handlers, on one console."""

    console: Console
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(PROBES_MAX))

    def router(self) -> APIRouter:
        """Return the routes, as a table."""
        routes: tuple[tuple[str, Callable[[], Awaitable[Response]], str, str], ...] = (
            ("/livez", self.alive, "进程在运行", "进程能够应答；不查询数据库。"),
            (
                "/readyz",
                self.ready,
                "数据库可读且处理进程在工作；否则 503",
                "`database`：能否读取；`workers`：最近一次心跳是否在 120 秒内（没有心跳记录时为 unknown，不判为故障）。",
            ),
        )
        router = APIRouter()
        for path, handler, summary, description in routes:
            router.add_api_route(
                path, handler, methods=["GET"], summary=summary, description=description, response_class=Response
            )
        return router

    async def alive(self) -> Response:
        """Answer as long as the process runs; asks no database."""
        return JSONResponse({"status": "ok"})

    async def ready(self) -> Response:
        """Tell whether the store answers and a worker was heard of lately."""
        return await to_thread.run_sync(self._ready, limiter=self.threads)

    def _ready(self) -> Response:
        try:
            with self.console.source.reading() as reading:
                positions = reading.positions()
        except StoreUnavailableError:
            return JSONResponse({"status": "unavailable", "database": "down", "workers": "unknown"}, 503)
        workers = workers_state(positions, self.console.clock())
        answer = {"status": "ok" if workers != "silent" else "unavailable", "database": "up", "workers": workers}
        return JSONResponse(answer, 503 if workers == "silent" else 200)

    def refresh(self) -> None:
        """Set the metrics that are read from the store; their own port asks for it before each answer."""
        meters = self.console.meters
        try:
            closed = self.console.archive.months()
            with self.console.source.reading() as reading:
                self._refresh(reading)
            if closed:
                self._refresh_close(closed[0])
            meters.set(metrics.DATABASE_UP, 1)
        except StoreUnavailableError:
            meters.set(metrics.DATABASE_UP, 0)

    def _refresh(self, reading: Queries) -> None:
        """Set what only the console knows, at the moment of the scrape; positions and balance are the relay's to measure."""
        meters = self.console.meters
        month = reading.month_under_review(self.console.clock().astimezone(wording.SHANGHAI).date())
        matrix = boards.matrix(month, reading.submissions(month), self.console.place)
        tally: dict[metrics.Series, float] = {}
        for bureau, cells in matrix.lines:
            for state in metrics.SUBMISSION_STATES:
                tally[bureau, state] = sum(cell is not None and cell.state == state for cell in cells)
        meters.replace(metrics.SUBMISSIONS, tally)
        back: dict[metrics.Series, float] = dict.fromkeys(((bureau,) for bureau in self.console.place.bureaus), 0)
        for each in reading.returned(month):
            back[each.bureau,] = back.get((each.bureau,), 0) + each.rows_returned
        meters.replace(metrics.ROWS_RETURNED, back)
        if matrix.due_on is not None:
            # Due by the end of that day in Shanghai.
            end_of_day = datetime.combine(matrix.due_on + timedelta(days=1), time(), wording.SHANGHAI)
            meters.set(metrics.SUBMISSIONS_DUE, end_of_day.timestamp())
        meters.set(metrics.FINDINGS_OPEN, reading.look(limit=0).open)

    def _refresh_close(self, month: str) -> None:
        meters = self.console.meters
        end = datetime.combine(Period(month).after.first_day, time(), wording.SHANGHAI)
        meters.set(metrics.CLOSE_MONTH_END, end.timestamp())
        report = self.console.archive.closed(month)
        if report is not None and report.closed_at:
            meters.set(metrics.CLOSE_LAST, datetime.fromisoformat(report.closed_at).timestamp())


def workers_state(positions: Sequence[Position], now: datetime) -> str:
    """Return ``fresh``, ``silent``, or ``unknown`` where no heartbeat is kept."""
    seen = [position.seen_at for position in positions if position.seen_at is not None]
    if not seen:
        return "unknown"
    return "fresh" if now - max(seen) <= timedelta(seconds=WORKER_SILENT_SECONDS_MAX) else "silent"
