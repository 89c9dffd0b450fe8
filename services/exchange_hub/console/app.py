"""The console as an application: parts in, FastAPI out; nothing connects until the first request."""

import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException as StarletteHTTPException

from exchange_hub.console import figures, security, wording
from exchange_hub.console.api import Api
from exchange_hub.console.archive import Archive
from exchange_hub.console.asking import Asking
from exchange_hub.console.compression import Compression
from exchange_hub.console.downloads import Downloads, Maker, maker_of
from exchange_hub.console.gate import Gate, Refusal
from exchange_hub.console.health import Health
from exchange_hub.console.login import Login
from exchange_hub.console.pages import Pages
from exchange_hub.console.query import QueryError
from exchange_hub.console.source import Place, Source
from exchange_hub.console.wiring import Clock, Console
from exchange_hub.runtime import metrics
from exchange_hub.views import facts, values
from exchange_hub.views.lists import LISTS
from exchange_hub.views.queries.answers import StoreUnavailableError

_HERE = Path(__file__).parent
_BUSY = "数据库暂时无法读取，请稍后刷新；如持续出现，请联系运维人员。"
_logger = logging.getLogger(__name__)


def create_app(
    source: Source, reports_dir: Path, clock: Clock, *, place: Place | None = None, meters: metrics.Meters | None = None,
    maker: Maker | None = None, probes: Source | None = None, gate: Gate | None = None,
) -> FastAPI:  # fmt: skip
    """Return the console.

    Args:
        source: where snapshots of the store come from.
        reports_dir: folder of the closed months, ``<month>/report.docx`` and its siblings.
        clock: returns the present time with its zone.
        place: the district's words; codes are shown where it is absent.
        meters: metrics of this process; by default a set of its own.
        maker: who makes downloads; by default this process, from *source*.
        probes: where snapshots for ``/readyz`` and ``/metrics`` come from; by default *source*.
        gate: who gets in; by default whoever names this machine by a loopback name.
    """
    place = place if place is not None else Place()
    console = Console(
        source=source,
        archive=Archive(reports_dir, source),
        clock=clock,
        place=place,
        meters=meters if meters is not None else metrics.Meters(),
        templates=_templates(place),
        downloads=Downloads(maker or maker_of(source)),
        gate=gate if gate is not None else Gate(),
    )
    probing = replace(console, source=probes, archive=Archive(reports_dir, probes)) if probes else console
    app = FastAPI(
        title="“两新”工作调度台", version="1", docs_url=None, redoc_url=None,
        description="只读接口。金额以元为单位的十进制字符串；时间为 UTC；null 表示未填报，不是零。",
    )  # fmt: skip
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    health = app.state.health = Health(probing)
    for routes in (health, Login(console), Api(console), Pages(console)):
        app.include_router(routes.router())
    _handle_errors(app, console)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # the documented way to change the description
    app.middleware("http")(_measured(console))
    app.middleware("http")(security.add_headers)
    app.add_middleware(Compression)
    app.add_middleware(Asking)
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI description; a parameter out of range is answered with 400 here, never with FastAPI's own 422."""
    if app.openapi_schema is None:
        described = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for operations in described["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            described["components"]["schemas"].pop(name, None)
        app.openapi_schema = described
    return app.openapi_schema


def _templates(place: Place) -> Jinja2Templates:
    templates = Jinja2Templates(directory=_HERE / "templates")
    environment = templates.env
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.globals.update(
        words=wording,
        figures=figures,
        values=values,
        facts=facts,
        marked=_marked,
        show=lambda column, raw: values.shown(column, raw, place.bureaus),
        named=lambda column, raw: values.named(column, raw, place.bureaus),
        size=wording.size,
        closed_time=lambda closed: wording.closed_time(closed.closed_at) if closed else values.EMPTY,
        pretty=lambda example: json.dumps(example, ensure_ascii=False, indent=2),
    )
    return templates


def _marked(words: str) -> Markup:
    """Set what stands between back quotes as code; everything is escaped first."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(words))))  # noqa: S704 - escaped above


def _measured(console: Console) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """Return the middleware that counts and times requests, and answers for an error that nobody expected."""

    async def measured(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        start = perf_counter()
        try:
            # No text of the store holds the byte 0, so no address that has one can mean anything.
            absurd = "\x00" in request.url.path or "\x00" in unquote(request.url.query)
            refused = Refusal(400, "地址中含有无效字符，请检查后重试。") if absurd else await console.gate.refusal(request)
            response = await call_next(request) if refused is None else _refused(console, request, refused)
        except Exception:
            _logger.exception("the console failed on %s", request.url.path)
            response = _problem(console, request, 500, "页面出错，已记录；请返回后重试，或联系运维人员。")
        # The pattern, never the path: keys in the address would make endless series.
        route = getattr(request.scope.get("route"), "path", "other")
        console.meters.add(metrics.CONSOLE_REQUESTS, route=route, status=str(response.status_code))
        console.meters.observe(metrics.CONSOLE_SECONDS, perf_counter() - start, route=route)
        return response

    return measured


def _handle_errors(app: FastAPI, console: Console) -> None:
    def refused(request: Request, error: Exception) -> Response:
        return _problem(console, request, 400, str(error))

    def invalid(request: Request, error: Exception) -> Response:
        del error
        return _problem(console, request, 400, "参数缺失或超出范围，请对照接口说明检查。")

    def unavailable(request: Request, error: Exception) -> Response:
        _logger.warning("the store does not answer: %s", error)
        return _problem(console, request, 503, _BUSY)

    def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, StarletteHTTPException) else 500
        words = "这个地址只能读取（GET）。" if status == 405 else "没有这个页面，请从左侧目录进入。"
        words = error.detail if isinstance(error, HTTPException) else words
        response = _problem(console, request, status, str(words))
        response.headers.update(getattr(error, "headers", None) or {})
        if response.headers.get("allow") == "GET":
            response.headers["allow"] = "GET, HEAD"
        return response

    app.add_exception_handler(QueryError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(StoreUnavailableError, unavailable)
    app.add_exception_handler(StarletteHTTPException, http)


def _refused(console: Console, request: Request, refused: Refusal | Response) -> Response:
    if isinstance(refused, Response):
        return refused
    response = _problem(console, request, refused.status, refused.words)
    response.headers.update(refused.headers)
    return response


def _problem(console: Console, request: Request, status: int, words: str) -> Response:
    """Answer in Chinese: as JSON to the API, as a page to people."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": words}, status)
    titles = {400: "请求有误", 401: "请先登录", 403: "没有权限", 404: "没有找到", 405: "不支持的方法", 429: "请稍后再试", 503: "暂时无法读取"}
    context = {
        "title": titles.get(status, HTTPStatus(status).phrase), "words_shown": words, "place": console.place,
        "lists": LISTS, "now": console.clock(),
    }  # fmt: skip
    return console.templates.TemplateResponse(request, "problem.html", context, status_code=status)
