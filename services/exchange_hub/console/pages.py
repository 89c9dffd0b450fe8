"""The pages: thin handlers that read a snapshot and fill a template."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, get_args
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from exchange_contracts import vocabulary
from exchange_hub.console import boards, export, figures, query, sums, text_files, town_board, wording
from exchange_hub.console.archive import FILES
from exchange_hub.console.downloads import digest_of
from exchange_hub.console.wiring import Console
from exchange_hub.programme import check_sheet, deadlines, matching, policy_map, task_progress
from exchange_hub.programme.deadlines import Deadline
from exchange_hub.programme.list_figures import EXPIRING_DAYS
from exchange_hub.programme.period import Period
from exchange_hub.reports.catalogue import PLAN_BOARD, POLICY_MAP, TASK_BOARD
from exchange_hub.reports.queries import Queries
from exchange_hub.views import odcs, values
from exchange_hub.views.lists import BY_NAME, LISTS
from exchange_hub.views.lists.model import ListView
from exchange_hub.views.queries.answers import CAUSE_GONE, TO_VERIFY
from exchange_hub.views.resources import Resource

#: The lists that answer a check sheet: projects, their equipment, their procedures, what was sought.
_FINDINGS_SHOWN_MAX = 500
_REJECTIONS_SHOWN_MAX = 500
_FIGURE_ROWS_A_PAGE = 200
_PLANS_MAX = 200


@dataclass(frozen=True, slots=True)
class Pages:
    """The handlers, on one console."""

    console: Console

    def router(self) -> APIRouter:
        """Return the routes, as a table of path and handler."""
        routes: tuple[tuple[str, Callable[..., Response | Awaitable[Response]]], ...] = (
            ("/", self.overview),
            ("/lists/{name}", self.listing),
            ("/lists/{name}/row", self.row),
            ("/lists/{name}/download", self.download),
            ("/lists/{name}/sums", self.sums),
            ("/submissions", self.submissions),
            ("/towns", self.towns),
            ("/deadlines", self.deadlines),
            ("/tasks", self.tasks),
            ("/policies", self.policies),
            ("/policies/card", self.policy_card),
            ("/goals", self.goals),
            ("/checks", self.checks),
            ("/suggestions", self.suggestions),
            ("/catalogue", self.catalogue),
            ("/catalogue/{name}", self.resource),
            ("/catalogue/{name}/odcs", self.contract),
            ("/findings", self.findings),
            ("/receipts", self.receipts),
            ("/reports", self.reports),
            ("/reports/{month}", self.report),
            ("/reports/{month}/figure", self.figure),
            ("/reports/{month}/{name}", self.report_file),
            ("/docs", self.docs),
        )
        router = APIRouter(include_in_schema=False)
        for path, handler in routes:
            router.add_api_route(path, handler, methods=["GET"], response_class=HTMLResponse)
        return router

    def overview(self, request: Request) -> Response:
        """总览: where the month stands, how many rows each list has, how fresh each bureau's data are."""
        now = self.console.clock()
        closed = self.console.archive.months()
        with self.console.source.reading() as reading:
            month = reading.month_under_review(self.console.today())
            positions = reading.positions()
            returned = reading.returned(month)
            context: dict[str, object] = {
                "counts": [(view, reading.count(view.name)) for view in LISTS],
                "matrix": boards.matrix(month, reading.submissions(month), self.console.place, self.console.today(), returned),
                "rows_returned": sum(back.rows_returned for back in returned),
                "gaps": self._gaps(reading, Period(month).before.month),
                "open_findings": reading.look(limit=0).open,
                "deadlines": self._deadlines(reading),
            }
        latest = self.console.archive.closed(closed[0]) if closed else None
        return self.console.page(
            request, "overview.html", "总览", **context, month=month, positions=positions, now=now,
            outcomes=boards.outcome_totals(positions), closed=closed[0] if closed else None,
            charts=figures.charts(latest)[:2] if latest else [],
        )  # fmt: skip

    def listing(self, request: Request, name: str) -> Response:
        """A list: filter, sort, page."""
        view = _view(name)
        asked = query.parse(view, request.query_params.multi_items())
        filters = [column for column in (*view.columns, *view.derived) if column.filter]
        with self.console.source.reading() as reading:
            total, rows = reading.page(view.name, asked.selection, limit=asked.size, offset=asked.offset)
            choices = reading.choices(view.name, [column.name for column in filters])
        return self.console.page(
            request, "listing.html", view.title, view=view, asked=asked, total=total, rows=rows, filters=filters,
            choices=choices, pages=_pages(total, asked.size), sizes=query.PAGE_SIZES,
            turn=lambda number: wording.link(f"/lists/{name}", asked.parameters(page=str(number) if number > 1 else None)),
            export_max=query.EXPORT_ROWS_MAX, other=[name for name in asked.raw if name not in {column.name for column in filters}],
        )  # fmt: skip

    def row(self, request: Request, name: str, key: str) -> Response:
        """A row with what each bureau says of it, the events behind that and the cells they came from."""
        view = _view(name)
        with self.console.source.reading() as reading:
            trace = reading.trace_row(view.name, key)
        if trace is None:
            raise HTTPException(404, "没有这一行，可能已被合并或撤回；请返回清单重新查找。")
        main = [claim for claim in trace.claims if boards.is_main(claim)]
        rest = [claim for claim in trace.claims if not boards.is_main(claim)]
        return self.console.page(
            request, "row.html", f"{view.title} · 明细", view=view, key=key, trace=trace, main=main, rest=rest,
            comparisons=boards.compare(main, self.console.place), taken=boards.taken(view, trace, self.console.place),
            parts_of={claim.event_id: boards.compare([claim], self.console.place) for claim in rest},
            stated={event.event_id: boards.compare([event], self.console.place) for event in trace.events},
        )  # fmt: skip

    async def download(self, request: Request, name: str) -> Response:
        """The filtered list as a file, every column, money in yuan; the answer says how many rows it holds and the digest of its bytes."""
        view = _view(name)
        wanted = request.query_params.get("format", "xlsx")
        if wanted not in export.MEDIA_TYPES:
            raise query.QueryError("下载格式应为 xlsx、csv 或 json。")
        asked = query.parse(view, request.query_params.multi_items())
        now = self.console.clock().astimezone(wording.SHANGHAI)
        title = f"{self.console.place.district}{view.title} 截至 {now:%Y-%m-%d %H:%M} 北京时间"
        wish = export.Export(view.name, asked.selection, wanted, title, self.console.place.bureaus)
        filename = quote(f"{view.title}-{now:%Y%m%d-%H%M}.{wanted}")
        disposition = f"attachment; filename=\"{view.name}.{wanted}\"; filename*=UTF-8''{filename}"
        return await self.console.downloads.answer(request, wish, export.MEDIA_TYPES[wanted], disposition)

    def sums(self, request: Request, name: str) -> Response:
        """A list summed by a column, as a page or as CSV."""
        view = _view(name)
        form, pairs = request.query_params.get("format", ""), request.query_params.multi_items()
        with self.console.source.reading() as reading:
            found = sums.summed(reading, view, pairs)
        if form == "csv":
            lines = (text_files.cells(found.columns, line, self.console.place.bureaus) for line in found.lines)
            made = b"".join(text_files.csv_lines(text_files.headings(found.columns), lines))
            return Response(made, media_type=export.MEDIA_TYPES["csv"], headers={"Content-Disposition": f'attachment; filename="{view.name}-by-{found.by.name}.csv"'})
        if form:
            raise query.QueryError("汇总的下载格式应为 csv；json 见接口。")
        choosable = [column for column in (*view.columns, *view.derived) if column.filter]
        return self.console.page(request, "sums.html", f"{view.title}，按{found.by.title}", view=view, found=found, choosable=choosable)

    def submissions(self, request: Request, month: str = "") -> Response:
        """报送情况: bureaus × lists of a month."""
        closed = self.console.archive.months()
        with self.console.source.reading() as reading:
            present = reading.month_under_review(self.console.today())
            month = query.month(month or present)
            months = set(reading.choices("submissions", ["month"]).get("month", []))
            returned = reading.returned(month)
            board = boards.matrix(month, reading.submissions(month), self.console.place, self.console.today(), returned)
        months |= {month, present}
        return self.console.page(
            request, "submissions.html", "报送情况", month=month, months=sorted(months, reverse=True), matrix=board,
            closed=month in closed, silent=boards.silent(board), returned=returned,
        )  # fmt: skip

    def towns(self, request: Request, month: str = "") -> Response:
        """镇街园区: what each town owes and told, and what it claims."""
        with self.console.source.reading() as reading:
            present = reading.month_under_review(self.console.today())
            month = query.month(month or present)
            months = {month, present, *reading.choices("submissions", ["month"]).get("month", [])}
            lines = town_board.lines(reading, self.console.place, month, self.console.today())
        return self.console.page(
            request, "towns.html", "镇街园区", month=month, months=sorted(months, reverse=True), lines=lines, ground=town_board.GROUND,
            reporting=sum(line.reports for line in lines), missing=sum(bool(line.silent) for line in lines), waiting=sum(line.claims_open for line in lines),
        )  # fmt: skip

    def deadlines(self, request: Request, all: str = "") -> Response:  # noqa: A002 - the word in the address
        """文件时限: what must still be issued, the overdue first."""
        with self.console.source.reading() as reading:
            lines = self._deadlines(reading)
            plans = deadlines.plan_lines(self.console.place.plans, reading.rows("plans", limit=_PLANS_MAX), self.console.today())
        shown = lines if all else [line for line in lines if line.is_open]
        return self.console.page(
            request, "deadlines.html", "文件时限", lines=shown, total=len(lines), everything=bool(all), day=self.console.today(),
            tally=boards.tally(line.state for line in lines), board=PLAN_BOARD, plans=[line for line in plans if all or line["state"] == deadlines.MISSING_PLAN],
            missing=sum(line["state"] == deadlines.MISSING_PLAN for line in plans), expected=len(plans),
        )  # fmt: skip

    def findings(self, request: Request, state: str = "") -> Response:
        """待核实线索."""
        with self.console.source.reading() as reading:
            looked = reading.look(state, _FINDINGS_SHOWN_MAX)
        if state and state not in {TO_VERIFY, CAUSE_GONE, *get_args(vocabulary.FindingDecision), *looked.tally}:
            raise query.QueryError("没有这种状态，请从筛选框中选择。")
        total = looked.tally.get(state, 0) if state else sum(looked.tally.values())
        return self.console.page(
            request, "findings.html", "待核实线索", findings=looked.first, total=total, states=sorted(looked.tally), state=state,
            open_findings=looked.open, compared_at=looked.compared_at, boards=boards,
        )  # fmt: skip

    def receipts(self, request: Request, bureau: str = "") -> Response:
        """回执: what was returned to the bureaus, with the reason."""
        with self.console.source.reading() as reading:
            positions = reading.positions()
            query.reporter(bureau, (*self.console.place.bureaus, *(position.bureau for position in positions)))
            rejections = reading.rejections(bureau or None, limit=_REJECTIONS_SHOWN_MAX)
        return self.console.page(
            request, "receipts.html", "回执", rejections=rejections, bureau=bureau, positions=positions,
            outcomes=boards.outcome_totals(positions), shown_max=_REJECTIONS_SHOWN_MAX, now=self.console.clock(),
        )  # fmt: skip

    def reports(self, request: Request) -> Response:
        """月报: the closed months and their files."""
        archive = self.console.archive
        months = [(month, archive.files(month), archive.closed(month)) for month in archive.months()]
        return self.console.page(request, "reports.html", "月报", months=months)

    def report(self, request: Request, month: str) -> Response:
        """One closed month: its tables, whose figures open the rows behind them."""
        files, closed = self.console.archive.files(month), self.console.archive.closed(month)
        if not files and closed is None:
            raise HTTPException(404, f"{values.month(month[:7])}尚未结账，没有专报。")
        return self.console.page(
            request, "report.html", f"{values.month(month)}专报", month=month, files=files, closed=closed,
            charts=figures.charts(closed) if closed else [], groups=figures.by_table(closed) if closed else {},
        )  # fmt: skip

    def figure(self, request: Request, month: str, id: str, page: Annotated[int, Query(ge=1, le=query.PAGES_MAX)] = 1) -> Response:  # noqa: A002 - the word in the address
        """One figure of a closed month with the figures that it was made of, or with its rows, a page of them at a time."""
        closed = self.console.archive.closed(month)
        figure = closed.figures.get(id) if closed else None
        if closed is None or figure is None:
            raise HTTPException(404, "专报中没有这个数字。")
        source = figure.source
        view, found = closed.catalogue.view(source.list), None
        if view is not None:
            with self.console.source.reading() as reading:
                found = reading.figure_rows(month, source, limit=_FIGURE_ROWS_A_PAGE, offset=(page - 1) * _FIGURE_ROWS_A_PAGE)
        return self.console.page(
            request, "figure.html", "数字来源", month=month, closed=closed, figure=figure, view=view, found=found,
            terms=figures.terms(closed, figure), page=page, pages=_pages(source.rows, _FIGURE_ROWS_A_PAGE),
            turn=lambda number: figures.rows_link(month, figure, number),
            columns=query.parse(view, []).columns if view else (), listed=source.list in BY_NAME,
        )  # fmt: skip

    def report_file(self, month: str, name: str) -> Response:
        """A file of a closed month, with the digest of its bytes."""
        file = self.console.archive.file(month, name)
        if file is None:
            raise HTTPException(404, f"没有这个文件；可下载的是 {'、'.join(FILES)}。")
        with file.path.open("rb") as opened:
            headers = {"Repr-Digest": digest_of(opened)}
        return FileResponse(file.path, media_type=file.media_type, filename=f"{month}-{file.name}", headers=headers)

    def docs(self, request: Request) -> Response:
        """接口说明: the OpenAPI description as a page that needs no script."""
        return self.console.page(request, "docs.html", "接口说明", api=request.app.openapi())

    def _gaps(self, reading: Queries, month: str) -> tuple[str, int]:
        """Return the month before and what is still missing of it: a new month's start does not hide it."""
        return month, boards.matrix(month, reading.submissions(month), self.console.place, self.console.today()).tally["silent"]

    def tasks(self, request: Request, month: str = "") -> Response:
        """任务推进情况: every task of the work plan with the bureaus that it names, and who is silent."""
        with self.console.source.reading() as reading:
            present = reading.month_under_review(self.console.today())
            month = query.month(month or present)
            months = {month, present, *reading.choices("tasks", ["month"]).get("month", [])}
            lines = boards.task_lines(reading, self.console.place, month, self.console.today())
        return self.console.page(
            request, "tasks.html", TASK_BOARD.title, month=month, months=sorted(months, reverse=True), board=TASK_BOARD, lines=lines,
            tally=task_progress.tally(lines),
        )  # fmt: skip

    def policies(self, request: Request) -> Response:
        """资金政策图谱: the matrix of the policies in force, and a card of each with all its fields, those that end soon first."""
        day = self.console.today()
        with self.console.source.reading() as reading:
            rows = reading.rows("funding-policies")
        cards = sorted(
            (row for row in rows if policy_map.is_in_force(row, day)),
            key=lambda row: (row.get("valid_to") or date.max, str(row.get("document_no"))),
        )
        domains, since = (*get_args(vocabulary.Domain), *get_args(vocabulary.ConsumerDomain)), day.replace(day=1)
        lines = list(policy_map.matrix(rows, day, since, domains, get_args(vocabulary.SupportKind)))
        return self.console.page(
            request, "policies.html", POLICY_MAP.title, day=day, view=_view("funding-policies"), map=POLICY_MAP, lines=lines, cards=cards,
            expiring=sum(policy_map.ends_soon(row, day) for row in cards), days=EXPIRING_DAYS, changes=list(policy_map.changes(rows, day, since)),
        )  # fmt: skip

    def policy_card(self, request: Request, key: str) -> Response:
        """政策卡片: one policy with all its fields on a page to print, in force or not."""
        with self.console.source.reading() as reading:
            row = reading.row("funding-policies", key)
        if row is None:
            raise HTTPException(404, "没有这项政策，可能已被合并或撤回；请返回图谱重新查找。")
        return self.console.page(request, "policy_card.html", "政策卡片", view=_view("funding-policies"), row=row, day=self.console.today(), in_force=policy_map.is_in_force(row, self.console.today()))

    def goals(self, request: Request) -> Response:
        """目标路径: the goals of the month closed last, the way to their targets, and who owes which indicator when."""
        month = next(iter(self.console.archive.months()), "")
        closed = self.console.archive.closed(month)
        tables = [*(table for section in closed.sections for table in section.tables if table.id == "goals"), *closed.further] if closed else []
        return self.console.page(request, "goals.html", "目标路径", month=month, closed=closed, tables=tables)

    def checks(self, request: Request) -> Response:
        """申报条件核对表: each project that is not finished beside the conditions of each call."""
        with self.console.source.reading() as reading:
            rows = [reading.rows(name) for name in check_sheet.READ]
        sheets = [(call, list(check_sheet.checks([call], *rows))) for call in self.console.place.calls]
        return self.console.page(request, "checks.html", "申报条件核对表", sheets=sheets)

    def suggestions(self, request: Request) -> Response:
        """供需对接建议: products of listed enterprises beside lines of new equipment that nobody has matched."""
        with self.console.source.reading() as reading:
            rows = [reading.rows(name) for name in matching.READ]
        return self.console.page(request, "suggestions.html", "供需对接建议", found=list(matching.suggestions(*rows)))

    def catalogue(self, request: Request) -> Response:
        """数据资源目录: every list and contract with its code, sharing class, cycle of update and bureaus."""
        return self.console.page(request, "catalogue.html", "数据资源目录", resources=self.console.place.catalogue, confirmed=self.console.place.catalogue_confirmed)

    def resource(self, request: Request, name: str) -> Response:
        """The dictionary of fields of one resource."""
        each = self._resource(name)
        return self.console.page(request, "resource.html", each.title, each=each, confirmed=self.console.place.catalogue_confirmed)

    def contract(self, name: str) -> Response:
        """One resource as an ODCS data contract."""
        each, place = self._resource(name), self.console.place
        made = odcs.yaml(odcs.document(each, place.district, confirmed=place.catalogue_confirmed))
        return Response(made, media_type="application/yaml", headers={"Content-Disposition": f'attachment; filename="{each.name}.odcs.yaml"'})

    def _resource(self, name: str) -> Resource:
        found = next((each for each in self.console.place.catalogue if each.name == name), None)
        if found is None:
            raise HTTPException(404, "目录中没有这项资源；请从数据资源目录中选择。")
        return found

    def _deadlines(self, reading: Queries) -> list[Deadline]:
        return deadlines.document_deadlines(reading.rows("documents"), self.console.place.calendar, self.console.today())


def _pages(rows: int, size: int) -> int:
    """Return how many pages of *size* rows there are; nothing has one page."""
    return max(1, -(-rows // size))


def _view(name: str) -> ListView:
    view = BY_NAME.get(name)
    if view is None:
        raise HTTPException(404, "没有这张清单；请从左侧目录中选择。")
    return view
