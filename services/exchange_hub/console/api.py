"""The JSON API: the same snapshots as the pages, for other systems of the district.

Money is a decimal string in yuan, quantities are decimal strings, dates are ISO, times are UTC with ``Z``; ``null`` is
"nothing reported", never zero.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Any, TypeVar, cast

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import AfterValidator

from exchange_hub.console import boards, figures, models, query, sums, text_files, town_board, wording
from exchange_hub.console.wiring import Console
from exchange_hub.programme import check_sheet, matching
from exchange_hub.programme.period import MONTH_PATTERN
from exchange_hub.views import facts, values
from exchange_hub.views.attribution import Attribution
from exchange_hub.views.lists import BY_NAME, LISTS
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import Event, Finding, Row, Submission
from exchange_hub.views.resources import Resource

M = TypeVar("M", bound=models.Model)

PROBLEMS = {400: "请求有误", 404: "没有找到", 503: "数据库暂时无法读取"}
"""What every route may answer instead."""

ListPath = Annotated[str, Path(description="清单名称，见 /api/lists", examples=["equipment-projects"])]
MonthPath = Annotated[str, Path(description="月份", pattern=f"^{MONTH_PATTERN}$", examples=["2026-10"]), AfterValidator(query.month)]
Page = Annotated[int, Query(ge=1, le=query.PAGES_MAX, description="页码，从 1 起")]
Size = Annotated[int, Query(ge=1, le=query.PAGE_SIZES[-1], description="每页行数，最多 200")]
Words = Annotated[str, Query(max_length=query.TEXT_LENGTH_MAX, description="关键字：任一文本列包含即可")]
Sort = Annotated[str, Query(max_length=100, description="排序列，前加“-”为降序；多列以逗号分隔")]
Limit = Annotated[int, Query(ge=1, le=1000, description="最多返回的条数")]


_OF_TOWNS = "每个镇、街道、园区一行：应报和已报、任务、协调事项、宣传、申报（待主管部门确认的不计入任何数）、辖区内各清单的行数。`reports` 为 false 的未开通自行报送。"
_OF_SUMS = "`by` 为列名，例如 `?by=town`；其余列名可作为筛选条件。设备明细、前期手续、对上争取、供需对接和项目进度的 `town` 取自其项目。金额为元；没有一行填报的为 null，不是零。"


@dataclass(frozen=True, slots=True)
class Api:
    """The handlers, on one console."""

    console: Console

    def router(self) -> APIRouter:
        """Return the routes, as a table of path, handler, model of the answer and what it answers."""
        routes: tuple[tuple[str, Callable[..., object], Any, str, str], ...] = (
            ("/api/lists", self.lists, list[models.ListDescription], "全部清单及其列", "每张清单的名称、标题和列；`unit` 为金额时以元为单位。"),
            (
                "/api/lists/{name}", self.listing, models.Page, "一张清单的行（可筛选、排序、分页）",
                "除下列参数外，任一列名都可作为筛选条件，例如 `?domain=工业&build_state=在建`；同一列可重复给出，金额以元为单位。",
            ),
            ("/api/lists/{name}/sums", self.sums, models.Sums, "一张清单按一列汇总（如按镇街园区）", _OF_SUMS),
            (
                "/api/lists/{name}/row", self.row, models.RowTrace, "一行及其来源：各单位填报、事件、原表单元格",
                "各单位的填报并列给出；多个单位填报同一事项时，`taken_from` 说明每一栏取自哪个单位、其他单位怎样填报；每个事件带有原表的文件、工作表和行号。金额以元为单位。",
            ),
            (
                "/api/submissions/{month}", self.submissions, list[models.Submission], "某月报送情况",
                "`state`：confirmed 已确认，nil 零报告，late 迟报，silent 未报送（不以零计），pending 未到期。各委办局在前，镇街园区在后。",
            ),
            ("/api/towns/{month}", self.towns, list[models.TownLine], "某月镇街园区情况", _OF_TOWNS),
            (
                "/api/tasks/{month}", self.tasks, list[models.TaskLine], "某月任务推进情况",
                "工作方案的每项任务与所分单位各一行；`state` 为 未报送 的，是应报而当月没有填报的单位（不以零计，也不作未完成计），未到期 的尚在报送期内。",
            ),
            (
                "/api/findings", self.findings, list[models.Finding], "待核实线索（系统比对提示，不作为认定依据）",
                "未办结的在前。线索不影响任何数据的接收，也不自动处理；`compared` 为比对的数，金额以元为单位。",
            ),
            (
                "/api/rejections", self.rejections, list[models.Rejection], "退回和暂缓的记录及原因",
                "最近的在前；`topic` 与 `offset` 唯一确定一条记录。",
            ),
            (
                "/api/positions", self.positions, list[models.Position], "各主题的处理位置与收支平衡",
                "`outcomes` 为各结果的记录数：accepted 已接收，duplicate 重复，rejected 退回，held 暂缓。",
            ),
            ("/api/reports", self.reports, list[models.Report], "已结账月份及文件", "文件可按 `path` 下载。"),
            (
                "/api/reports/{month}/figures", self.figures, list[models.Figure], "某月专报的全部数字及其来源行",
                "`value` 以 `unit` 为单位；`rows_path` 打开数字背后的清单行或算出它的其他数字。",
            ),
            (
                "/api/reports/{month}/tables", self.tables, list[models.Table], "某月专报的各表",
                "正文各表和不在正文的附表（目标路径、指标报送责任）；`text` 为页面所示，`figure` 为其数字的编号，精确值见 figures。",
            ),
            (
                "/api/checks", self.checks, list[models.Check], "申报条件核对表",
                "未完工的设备更新项目对照各申报通知的条件，逐项答是、否或无法判断；`asked` 为申请、推荐、评审、下达金额（元）。只作提示，不代替审核。",
            ),
            (
                "/api/suggestions", self.suggestions, list[models.Suggestion], "供需对接建议",
                "尚未对接的新设备与清单内企业的产品按名称比对；`price` 为设备购置金额（元）。只作提示，不是推荐。",
            ),
            (
                "/api/catalogue", self.catalogue, list[models.Resource], "数据资源目录",
                "各清单和契约的资源代码、共享属性、更新周期、责任单位和字段字典；`required` 为填报时必填。ODCS 数据契约见 `/catalogue/{name}/odcs`。",
            ),
        )  # fmt: skip
        router = APIRouter()
        for path, handler, answer, summary, description in routes:
            router.add_api_route(
                path, handler, methods=["GET"], summary=summary, description=description, response_model=answer,
                responses={
                    200: {"content": {"application/json": {"example": models.example_of(answer)}}},
                    **{status: {"model": models.Problem, "description": words} for status, words in PROBLEMS.items()},
                },
            )  # fmt: skip
        return router

    def lists(self) -> Sequence[ListView]:
        """Every list with its columns."""
        return LISTS

    def listing(
        self, request: Request, name: ListPath, *, q: Words = "", sort: Sort = "", page: Page = 1, size: Size = query.PAGE_SIZE
    ) -> models.Page:
        """A page of the rows of a list."""
        del q, sort, page, size  # described for readers of the API; parsed together with the columns below
        view = _view(name)
        asked = query.parse(view, request.query_params.multi_items())
        with self.console.source.reading() as reading:
            total, rows = reading.page(view.name, asked.selection, limit=asked.size, offset=asked.offset)
        return models.Page(
            list=view.name, title=view.title, as_of=self.console.clock().astimezone(UTC), total=total, page=asked.page, size=asked.size,
            rows=[_cells(view, row) for row in rows],
        )  # fmt: skip

    def sums(self, request: Request, name: ListPath, *, by: Annotated[str, Query(max_length=100, description="按哪一列汇总")] = "") -> models.Sums:
        """The sums of a list by a column."""
        del by  # described for readers of the API; parsed together with the columns
        view = _view(name)
        with self.console.source.reading() as reading:
            found = sums.summed(reading, view, request.query_params.multi_items())
        return models.Sums(
            list=view.name, title=view.title, by=found.by.name, as_of=self.console.clock().astimezone(UTC),
            lines=[{column.name: _cell(column, line.get(column.name)) for column in found.columns} for line in found.lines],
        )  # fmt: skip

    def row(
        self, name: ListPath, key: Annotated[str, Query(max_length=500, description="行的主键 row_key")]
    ) -> models.RowTrace:
        """A row with whose each column is, its claims and events."""
        view = _view(name)
        with self.console.source.reading() as reading:
            trace = reading.trace_row(view.name, key)
        if trace is None:
            raise HTTPException(404, "没有这一行。")
        return models.RowTrace(
            row=_cells(view, trace.row), taken_from=[_taken(view.column(each.column), each) for each in trace.taken],
            claims=[_stated(models.Claim, claim) for claim in trace.claims], events=[_stated(models.Event, event) for event in trace.events],
        )  # fmt: skip

    def submissions(self, month: MonthPath) -> Sequence[Submission]:
        """The submissions of a month, those that are owed and silent included."""
        with self.console.source.reading() as reading:
            found, returned = reading.submissions(month), reading.returned(month)
        both = [boards.matrix(month, found, self.console.place, self.console.today(), returned, towns=towns) for towns in (False, True)]
        return [cell for matrix in both for _, cells in matrix.lines for cell in cells if cell is not None]

    def towns(self, month: MonthPath) -> Sequence[models.TownLine]:
        """Every town, street and park in a month, those that do not report included."""
        with self.console.source.reading() as reading:
            found = town_board.lines(reading, self.console.place, month, self.console.today())
        return [_model(models.TownLine, line, silent=list(line.silent)) for line in found]

    def tasks(self, month: MonthPath) -> Sequence[models.TaskLine]:
        """Every task of the work plan in a month, bureau by bureau, those that are silent included."""
        with self.console.source.reading() as reading:
            lines = boards.task_lines(reading, self.console.place, month, self.console.today())
        return [models.TaskLine.model_validate(line) for line in lines]

    def findings(self, limit: Limit = 200) -> Sequence[models.Finding]:
        """The findings, open ones first."""
        with self.console.source.reading() as reading:
            return [_finding(finding) for finding in reading.look(limit=limit).first]

    def rejections(
        self, bureau: Annotated[str, Query(max_length=50, description="单位代码；空为全部")] = "", limit: Limit = 200
    ) -> Sequence[models.Rejection]:
        """Rejected and held records, the latest first."""
        with self.console.source.reading() as reading:
            query.reporter(bureau, (*self.console.place.bureaus, *(position.bureau for position in reading.positions())))
            found = reading.rejections(bureau or None, limit=limit)
        return [_model(models.Rejection, each, reason=wording.reason(each, self.console.place)) for each in found]

    def positions(self) -> Sequence[models.Position]:
        """Every topic's position and outcomes."""
        with self.console.source.reading() as reading:
            return [_model(models.Position, position) for position in reading.positions()]

    def reports(self) -> Sequence[models.Report]:
        """The closed months and their files."""
        archive = self.console.archive
        return [
            models.Report(month=month, files=[
                models.File(name=file.name, bytes=file.size_bytes, path=f"/reports/{month}/{file.name}") for file in archive.files(month)
            ])
            for month in archive.months()
        ]  # fmt: skip

    def figures(self, month: MonthPath) -> Sequence[models.Figure]:
        """Every figure of a closed month with the rows it opens."""
        closed = self.console.archive.closed(month)
        if closed is None:
            raise HTTPException(404, "该月尚未结账。")
        return [
            models.Figure(
                id=figure.id, value=None if figure.value is None else f"{figure.value:f}", absent=figure.absent, unit=figure.unit,
                period=figure.period, list=source.list, where=dict(source.where), measure=source.measure, meaning=figures.meaning(closed, figure),
                rows=source.rows, rows_path=figures.rows_link(month, figure),
            )
            for figure in closed.figures.values()
            for source in [figure.source]
        ]  # fmt: skip

    def checks(self) -> Sequence[models.Check]:
        """Every project beside every call."""
        with self.console.source.reading() as reading:
            rows = [reading.rows(name) for name in check_sheet.READ]
        return [
            _model(models.Check, each, asked=[values.exact_yuan(fen) for fen in each.asked])
            for each in check_sheet.checks(self.console.place.calls, *rows)
        ]

    def suggestions(self) -> Sequence[models.Suggestion]:
        """Every product beside every line that is like it."""
        with self.console.source.reading() as reading:
            rows = [reading.rows(name) for name in matching.READ]
        return [_model(models.Suggestion, each, price=values.exact_yuan(each.price)) for each in matching.suggestions(*rows)]

    def catalogue(self) -> Sequence[Resource]:
        """Every list and contract with its dictionary of fields."""
        return self.console.place.catalogue

    def tables(self, month: MonthPath) -> Sequence[models.Table]:
        """Every table of a closed month, as it reads."""
        closed = self.console.archive.closed(month)
        if closed is None:
            raise HTTPException(404, "该月尚未结账。")
        shown = [*(table for section in closed.sections for table in section.tables), *closed.further]
        return [
            models.Table(id=table.id, title=table.title, money_unit=table.money_unit, columns=list(table.columns), rows=[
                [models.TableCell(text=figures.cell(table, row, n).text, figure=cell.figure.id if cell.figure else None) for n, cell in enumerate(row)]
                for row in table.rows
            ])
            for table in shown
        ]  # fmt: skip


def _view(name: str) -> ListView:
    view = BY_NAME.get(name)
    if view is None:
        raise HTTPException(404, "没有这张清单；名称见 /api/lists。")
    return view


def _model(model: type[M], answer: object, **told: object) -> M:
    """Return an answer of the store as the API gives it; *told* replaces or adds what it says in another form."""
    names = (field.alias or name for name, field in model.model_fields.items())
    own = {name: getattr(answer, name) for name in names if name not in told}
    return model.model_validate(own | told)


def _cells(view: ListView, row: Row) -> dict[str, models.Cell]:
    return cast("dict[str, models.Cell]", text_files.jsonable(view.columns, row))


def _cell(column: Column, raw: object) -> models.Cell:
    return cast("models.Cell", values.plain(column, raw))


def _taken(column: Column, each: Attribution) -> models.TakenFrom:
    """Return whose a column's value is, with the values as a list's JSON has them."""
    others = [models.Said(bureau=bureau, value=_cell(column, said)) for bureau, said in each.others]
    return models.TakenFrom(column=column.name, value=_cell(column, each.value), bureau=each.bureau, others=others)


def _stated(model: type[M], event: Event) -> M:
    """Return an event with its facts as JSON holds them: money in yuan, days as dates."""
    return _model(model, event, facts=facts.plain(event.type, event.facts))


def _finding(finding: Finding) -> models.Finding:
    compared = {each.name: _cell(each.column, each.value) for each in finding.compared}
    return _model(models.Finding, finding, bureaus=list(finding.bureaus), compared=compared, rows=list(finding.rows))
