"""登录: the pages by which people come in, go out, and by which an operator sees who is in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from secrets import compare_digest
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from exchange_hub.console.gate import Refusal, audit, from_own_page
from exchange_hub.console.wiring import Console

_FORM_BYTES_MAX = 8_192
ROLES = {"reader": "查看", "operator": "运维"}


@dataclass(frozen=True, slots=True)
class Login:
    """The handlers, on one console."""

    console: Console

    def router(self) -> APIRouter:
        """Return the routes, as a table of method, path and handler."""
        routes: tuple[tuple[str, str, Callable[..., Awaitable[Response] | Response]], ...] = (
            ("GET", "/login", self.form),
            ("POST", "/login", self.login),
            ("POST", "/logout", self.logout),
            ("GET", "/sessions", self.sessions),
            ("POST", "/sessions/end", self.end),
        )
        router = APIRouter(include_in_schema=False, dependencies=[Depends(from_own_page)])
        for method, path, handler in routes:
            router.add_api_route(path, handler, methods=[method], response_class=HTMLResponse)
        return router

    def form(self, request: Request, next: str = "/") -> Response:  # noqa: A002 - the word in the address
        """Ask for name and password."""
        return self._form(request, _own_path(next))

    async def login(self, request: Request) -> Response:
        """Verify them, and lead to the page that was asked for."""
        fields = await _fields(request)
        name, target = fields.get("name", "").strip(), _own_path(fields.get("next", "/"))
        opened = await self.console.gate.login(request, name, fields.get("password", ""))
        if isinstance(opened, Refusal):
            return self._form(request, target, opened)
        self.console.gate.end(request)
        answer = RedirectResponse(target, HTTPStatus.SEE_OTHER)
        # Lax, not strict: a link in a message leads to its page; what changes anything is asked for its origin and token.
        answer.set_cookie(self.console.gate.cookie, opened.secret, httponly=True, samesite="lax", secure=self.console.gate.secure)
        return answer

    async def logout(self, request: Request) -> Response:
        """End this login."""
        await _checked(request)
        self.console.gate.end(request)
        answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
        answer.delete_cookie(self.console.gate.cookie, httponly=True, samesite="lax", secure=self.console.gate.secure)
        return answer

    def sessions(self, request: Request) -> Response:
        """登录情况: who is in, for operators."""
        gate = self.console.gate
        return self.console.page(request, "sessions.html", "登录情况", opened=gate.sessions.all(gate.users()), roles=ROLES)

    async def end(self, request: Request) -> Response:
        """End somebody's login; whoever should stay out is removed from the users."""
        fields = await _checked(request)
        ended = self.console.gate.sessions.end_numbered(fields.get("number", ""))
        if ended is not None:
            audit.info("login ended: user=%s by=%s", ended.name, request.state.session.name)
        return RedirectResponse("/sessions", HTTPStatus.SEE_OTHER)

    def _form(self, request: Request, target: str, refused: Refusal | None = None) -> Response:
        answer = self.console.page(request, "login.html", "登录", target=target, refused=refused)
        if refused is not None:
            answer.status_code = refused.status
            answer.headers.update(refused.headers)
        return answer


def _own_path(asked: str) -> str:
    """Return a path of this console, the overview for anything else: a login leads nowhere else."""
    sound = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable() and "\\" not in asked
    return asked if sound and not asked.startswith(("/login", "/logout")) else "/"


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of a small form.

    Raises:
        HTTPException: it is not small, or not a form.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _FORM_BYTES_MAX:
            raise HTTPException(413, "提交的内容过长。")
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10).items()}
    except ValueError as error:
        raise HTTPException(400, "提交的内容无法读取，请刷新页面后重试。") from error


async def _checked(request: Request) -> dict[str, str]:
    """Return the fields of a form that one of this login's own pages held.

    Raises:
        HTTPException: it holds another token, or there is no login.
    """
    fields, session = await _fields(request), request.state.session
    if session is None or not compare_digest(fields.get("token", "").encode(), session.token.encode()):
        raise HTTPException(403, "页面已过期，请返回刷新后重试。")
    return fields
