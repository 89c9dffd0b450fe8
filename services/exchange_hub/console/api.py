"""The JSON API: the same snapshots as the pages, for other systems of the district.

Money is a decimal string in yuan, quantities are decimal strings, dates are ISO, times are UTC with ``Z``; ``null`` is
"nothing reported", never zero.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse

from exchange_hub.console import boards, export, figures, query, vocabulary, wording
from exchange_hub.console.examples import EXAMPLES
from exchange_hub.console.rims import Console
from exchange_hub.console.source import Claim, Event
from exchange_hub.reports.model import Figure
from exchange_hub.views.lists import BY_NAME, LISTS
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.taken import Taken

ListPath = Annotated[str, Path(description="清单名称，见 /api/lists", examples=["equipment-projects"])]
MonthPath = Annotated[str, Path(description="月份", pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2026-10"])]
Page = Annotated[int, Query(ge=1, le=query.PAGES_MAX, description="页码，从 1 起")]
Size = Annotated[int, Query(ge=1, le=query.PAGE_SIZES[-1], description="每页行数，最多 200")]
Words = Annotated[str, Query(max_length=query.TEXT_LENGTH_MAX, description="关键字：任一文本列包含即可")]
Sort = Annotated[str, Query(max_length=100, description="排序列，前加“-”为降序；多列以逗号分隔")]
Limit = Annotated[int, Query(ge=1, le=1000, description="最多返回的条数")]


@dataclass(frozen=True, slots=True)
class Api:
    """The handlers, on one console."""

    console: Console

    def router(self) -> APIRouter:
        """Return the routes, as a table of path, handler and what it answers."""
        routes: tuple[tuple[str, Callable[..., JSONResponse], str, str], ...] = (
            ("/api/lists", self.lists, "全部清单及其列", "每张清单的名称、标题和列；`unit` 为金额时以元为单位。"),
            (
                "/api/lists/{name}",
                self.listing,
                "一张清单的行（可筛选、排序、分页）",
                "除下列参数外，任一列名都可作为筛选条件，例如 `?domain=工业&build_state=在建`；同一列可重复给出。",
            ),
            (
                "/api/lists/{name}/row",
                self.row,
                "一行及其来源：各单位填报、事件、原表单元格",
                "各单位的填报并列给出；多个单位填报同一事项时，`taken_from` 说明每一栏取自哪个单位、其他单位怎样填报；每个事件带有原表的文件、工作表和行号。金额以元为单位。",
            ),
            (
                "/api/submissions/{month}",
                self.submissions,
                "某月报送情况",
                "`state`：confirmed 已确认，nil 零报告，late 迟报，silent 未报送（不以零计）。",
            ),
            (
                "/api/findings",
                self.findings,
                "待核实线索（系统比对提示，不作为认定依据）",
                "未办结的在前。线索不影响任何数据的接收，也不自动处理。",
            ),
            (
                "/api/rejections",
                self.rejections,
                "退回和暂缓的记录及原因",
                "最近的在前；`topic` 与 `offset` 唯一确定一条记录。",
            ),
            (
                "/api/positions",
                self.positions,
                "各主题的处理位置与收支平衡",
                "`outcomes` 为各结果的记录数：accepted 已接收，duplicate 重复，rejected 退回，held 暂缓。",
            ),
            ("/api/reports", self.reports, "已结账月份及文件", "文件可按 `path` 下载。"),
            (
                "/api/reports/{month}/figures",
                self.figures,
                "某月专报的全部数字及其来源行",
                "`rows_path` 打开数字背后的清单行或算出它的其他数字。",
            ),
        )
        router = APIRouter()
        for path, handler, summary, description in routes:
            router.add_api_route(
                path, handler, methods=["GET"], summary=summary, description=description,
                response_class=JSONResponse,
                responses={200: {"content": {"application/json": {"example": EXAMPLES[path]}}}},
            )  # fmt: skip
        return router

    def lists(self) -> JSONResponse:
        """Every list with its columns."""
        return _answer([_described(view) for view in LISTS])

    def listing(
        self, request: Request, name: ListPath, *, q: Words = "", sort: Sort = "", page: Page = 1, size: Size = 50
    ) -> JSONResponse:
        """A page of the rows of a list."""
        del q, sort, page, size  # described for readers of the API; parsed together with the columns below
        view = _view(name)
        asked = query.parse(view, request.query_params.multi_items())
        with self.console.source.reading() as reading:
            total = reading.count(view.name, asked.selection)
            rows = reading.rows(view.name, asked.selection, limit=asked.size, offset=asked.offset)
        return _answer({
            "list": view.name,
            "title": view.title,
            "as_of": self.console.clock().astimezone(UTC),
            "total": total,
            "page": asked.page,
            "size": asked.size,
            "rows": [export.jsonable(view, row) for row in rows],
        })  # fmt: skip

    def row(
        self, name: ListPath, key: Annotated[str, Query(max_length=500, description="行的主键 row_key")]
    ) -> JSONResponse:
        """A row with whose each column is, its claims and events."""
        view = _view(name)
        with self.console.source.reading() as reading:
            trace = reading.trace_row(view.name, key)
        if trace is None:
            raise HTTPException(404, "没有这一行。")
        return _answer({
            "row": export.jsonable(view, trace.row),
            "taken_from": [_taken(view.column(each.column), each) for each in trace.taken],
            "claims": [_stated(claim) for claim in trace.claims],
            "events": [_stated(event) for event in trace.events],
        })  # fmt: skip

    def submissions(self, month: MonthPath) -> JSONResponse:
        """The submissions of a month, those that are owed and silent included."""
        with self.console.source.reading() as reading:
            found = reading.submissions(month)
        matrix = boards.matrix(month, found, self.console.place)
        return _answer([cell for _, cells in matrix.lines for cell in cells if cell is not None])

    def findings(self, limit: Limit = 200) -> JSONResponse:
        """The findings, open ones first."""
        with self.console.source.reading() as reading:
            return _answer(reading.findings()[:limit])

    def rejections(
        self, bureau: Annotated[str, Query(max_length=50, description="单位代码；空为全部")] = "", limit: Limit = 200
    ) -> JSONResponse:
        """Rejected and held records, the latest first."""
        with self.console.source.reading() as reading:
            return _answer(reading.rejections(bureau or None, limit=limit))

    def positions(self) -> JSONResponse:
        """Every topic's position and outcomes."""
        with self.console.source.reading() as reading:
            return _answer(reading.positions())

    def reports(self) -> JSONResponse:
        """The closed months and their files."""
        archive = self.console.archive
        return _answer([
            {
                "month": month,
                "files": [
                    {"name": file.name, "bytes": file.size_bytes, "path": f"/reports/{month}/{file.name}"}
                    for file in archive.files(month)
                ],
            }
            for month in archive.months()
        ])  # fmt: skip

    def figures(self, month: MonthPath) -> JSONResponse:
        """Every figure of a closed month with the rows it opens."""
        closed = self.console.archive.closed(month)
        if closed is None:
            raise HTTPException(404, "该月尚未结账。")
        return _answer([_figure(month, figure) for figure in closed.figures.values()])


@dataclass(frozen=True, slots=True)
class _Fields:
    """A value with further fields beside its own."""

    value: object
    more: Mapping[str, object]


def _view(name: str) -> ListView:
    view = BY_NAME.get(name)
    if view is None:
        raise HTTPException(404, "没有这张清单；名称见 /api/lists。")
    return view


def _described(view: ListView) -> dict[str, object]:
    columns = [
        {"name": column.name, "title": column.title, "type": column.type, "unit": column.unit}
        for column in view.columns
    ]
    return {"name": view.name, "title": view.title, "columns": columns}


def _figure(month: str, figure: Figure) -> dict[str, object]:
    source = figure.source
    return {
        "id": figure.id, "value": figure.value, "absent": figure.absent, "unit": figure.unit, "period": figure.period,
        "list": source.list, "where": source.where, "measure": source.measure, "rows": source.rows,
        "rows_path": figures.rows_link(month, figure),
    }  # fmt: skip


def _taken(column: Column, each: Taken) -> dict[str, object]:
    """Return whose a column's value is, with the values as a list's JSON has them."""
    others = [{"bureau": bureau, "value": export.json_value(column, said)} for bureau, said in each.others]
    return {"column": column.name, "value": export.json_value(column, each.value), "bureau": each.bureau, "others": others}


def _stated(statement: Claim | Event) -> _Fields:
    """Return a claim or an event with its facts as JSON holds them (money in yuan)."""
    facts = {name: _fact(name, raw) for name, raw in statement.facts.items()}
    return _Fields(statement, {"facts": facts})


def _fact(name: str, raw: object) -> object:
    if not vocabulary.is_money(name):
        return raw
    if isinstance(raw, Mapping):
        return {key: wording.yuan(int(str(fen))) for key, fen in raw.items()}
    return None if raw is None else wording.yuan(int(str(raw)))


def _answer(content: object) -> JSONResponse:
    return JSONResponse(_jsonable(content))


def _jsonable(raw: object) -> object:
    """Return *raw* as plain JSON: dataclasses as objects, times UTC with ``Z``, decimals as strings."""
    if isinstance(raw, _Fields):
        own = _jsonable(raw.value)
        return {**(own if isinstance(own, dict) else {}), **{name: _jsonable(item) for name, item in raw.more.items()}}
    if is_dataclass(raw) and not isinstance(raw, type):
        return {field.name: _jsonable(getattr(raw, field.name)) for field in fields(raw)}
    if isinstance(raw, datetime):
        return raw.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, Decimal):
        return f"{raw:f}"
    if isinstance(raw, Mapping):
        return {str(key): _jsonable(item) for key, item in raw.items()}
    if isinstance(raw, list | tuple | set):
        return [_jsonable(item) for item in raw]
    return raw if isinstance(raw, str | int | float | bool | None) else str(raw)
