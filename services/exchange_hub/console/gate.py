"""Who gets in: which names the console answers to, who is logged in, and what that allows.

A request passes here before any route sees it. Its Host must be one of the console's names, else a page of another site
could read this one under a name of its own that leads here (DNS rebinding). What changes anything must come from the console's
own pages. Where a login is needed, everything but the login itself, the pages' files and the two health checks is
behind it.
"""

import asyncio
import base64
import ipaddress
import logging
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

from fastapi import HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from exchange_hub.console import listening
from exchange_hub.console.accounts import NAME, Account, Accounts, Right
from exchange_hub.console.sessions import Attempts, Session, Sessions
from exchange_hub.runtime.settings import ConsoleSettings

audit = logging.getLogger("exchange_hub.console.audit")

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
OPEN = ("/login", "/livez", "/readyz", "/static/")
"""What is seen without a login."""

NEEDS: tuple[tuple[str, Right], ...] = (("/sessions", Right.OPERATE),)
"""Beginning of an address → the right that it needs; all others need `Right.READ`."""

ATTEMPTS_MAX = 5
"""Wrong passwords for one name from one address in a quarter of an hour."""

ATTEMPTS_OF_ADDRESS_MAX = 50
ATTEMPTS_OF_NAME_MAX = 100
_VERIFYING_MAX = 2
_WAITING_MAX = 16
"""A password takes 64 MiB and 50 ms to verify: at most two at once, and no more than these wait."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let through."""

    status: int
    words: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Gate:
    """The gate of one console.

    Args:
        hosts: names by which the console is reached, without port.
        accounts: its users; without any, it has no login.
        idle_seconds: silence after which a login ends.
        secure: whether it is reached by TLS.
    """

    def __init__(
        self, hosts: frozenset[str] = frozenset(LOOPBACK_NAMES), accounts: Accounts | None = None,
        idle_seconds: float = 3600.0, *, secure: bool = False,
    ) -> None:  # fmt: skip
        self.secure = secure
        self.cookie = "__Host-hub" if secure else "hub_session"
        self.accounts = accounts
        self.sessions = Sessions(idle_seconds, time.monotonic)
        self._hosts = hosts
        self._had_users = bool(self.users())
        self._attempts = Attempts(time.monotonic)
        self._salt = secrets.token_bytes(32)
        self._verifiers = ThreadPoolExecutor(_VERIFYING_MAX, thread_name_prefix="verify")
        self._waiting = 0

    def users(self) -> Mapping[str, Account]:
        """Return the users as they are now."""
        return self.accounts.read() if self.accounts is not None else {}

    async def refusal(self, request: Request) -> Refusal | Response | None:
        """Return why a request is not let through, or where it is sent instead; None lets it pass."""
        request.state.session = None
        host = request.headers.get("host", "")
        if _without_port(host) not in self._hosts:
            audit.warning("refused: host=%s from=%s", ascii(host[:100]), _address(request))
            return Refusal(400, "不接受以这个主机名访问；如确需使用，请运维人员将其加入 HUB_CONSOLE__ALLOWED_HOSTS。")
        users = self.users()
        self._had_users = self._had_users or bool(users)
        path = request.url.path
        if not self._had_users:  # a console on loopback without users; one that lost its last user stays shut
            return None
        request.state.session = session = self.sessions.find(request.cookies.get(self.cookie, ""), users) or await self._by_header(request)
        if isinstance(session, Refusal):
            return session
        if any(path == each or (each.endswith("/") and path.startswith(each)) for each in OPEN):
            return None
        if session is None:
            return _to_login(request)
        needed = next((right for start, right in NEEDS if path == start or path.startswith(f"{start}/")), Right.READ)
        if not session.may(needed):
            audit.warning("denied: user=%s role=%s %s from=%s", session.name, session.role, ascii(path[:100]), _address(request))
            return Refusal(403, "您的角色没有查看此页的权限。")
        return None

    async def login(self, request: Request, name: str, password: str, *, key: str | None = None) -> Session | Refusal:
        """Verify a name and password and open a login; ``session.secret`` is what the browser keeps."""
        address = _address(request)
        said = name if NAME.fullmatch(name) and name in self.users() else "(unknown)"  # people type passwords into the wrong field
        own = f"{address} {name}"
        wait = self._attempts.wait_seconds(((own, ATTEMPTS_MAX), (address, ATTEMPTS_OF_ADDRESS_MAX), (f"* {name}", ATTEMPTS_OF_NAME_MAX)))
        if wait or self._waiting >= _WAITING_MAX:
            audit.warning("login held off: user=%s from=%s", said, address)
            return Refusal(429, f"登录尝试过于频繁，请在 {max(1, -(-wait // 60))} 分钟后重试。", {"Retry-After": str(wait or 5)})
        self._waiting += 1
        try:
            accounts = self.accounts
            account = await asyncio.get_running_loop().run_in_executor(self._verifiers, accounts.verified, name, password) if accounts else None
        finally:
            self._waiting -= 1
        if account is None:
            audit.warning("login failed: user=%s from=%s", said, address)
            return Refusal(401, "用户名或密码不正确。")
        self._attempts.forget(own)
        audit.info("login: user=%s role=%s from=%s", name, account.role, address)
        return self.sessions.begin(name, account, address, datetime.now(UTC), key)

    def end(self, request: Request) -> None:
        """End the login of a request."""
        session = request.state.session
        if session is not None:
            self.sessions.end(session.secret)
            audit.info("logout: user=%s from=%s", session.name, _address(request))

    async def _by_header(self, request: Request) -> Session | Refusal | None:
        """Return the login of a program that sends name and password with each call of the API; verified once, then remembered."""
        header = request.headers.get("authorization", "")
        if not request.url.path.startswith("/api/") or header[:6].lower() != "basic ":
            return None
        key = sha256(self._salt + header.encode()).hexdigest()
        known = self.sessions.find(key, self.users())
        if known is not None:
            return known
        try:
            name, _, password = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except ValueError:
            return Refusal(401, "用户名或密码不正确。")
        return await self.login(request, name, password, key=key)


def gate_of(settings: ConsoleSettings, accounts: Accounts) -> Gate:
    """Return the gate that the settings describe.

    Raises:
        RuntimeProblem: the console would be reached from other machines, and has no login.
    """
    listening.check(settings, accounts)
    hosts = {name.strip().lower() for name in settings.allowed_hosts.split(",") if name.strip()}
    if not _is_unspecified(settings.host):
        hosts.add(f"[{settings.host}]" if ":" in settings.host else settings.host.lower())
    return Gate(frozenset(hosts), accounts, settings.session_minutes * 60, secure=settings.tls_certfile is not None)


def _is_unspecified(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower().removesuffix(".")


async def from_own_page(request: Request) -> None:
    """Let a request that changes something through only from a page of this console; browsers say so, others must.

    Raises:
        HTTPException: it comes from another site, or does not say.
    """
    origin = request.headers.get("origin")
    if request.method in ("GET", "HEAD") or (origin is not None and urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()):
        return
    audit.warning("refused: %s %s of another site from=%s", request.method, ascii(request.url.path[:100]), _address(request))
    raise HTTPException(403, "请求不是由本系统页面发出的，已拒绝；请刷新页面后重试。")


def _address(request: Request) -> str:
    """Return whose attempts are counted together: an address, of IPv6 the network that one subscriber has."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 and not address.is_loopback else host


def _to_login(request: Request) -> Refusal | Response:
    path = request.url.path
    if path.startswith("/api/"):
        return Refusal(401, "请先登录；程序可用 HTTP Basic 方式提供用户名和密码。", {"WWW-Authenticate": 'Basic realm="hub", charset="UTF-8"'})
    if request.method not in ("GET", "HEAD"):
        return Refusal(401, "登录已结束，请重新登录。")
    asked = path + (f"?{request.url.query}" if request.url.query else "")
    answer = RedirectResponse(f"/login?next={quote(asked, safe='')}", 303)
    if request.headers.get("hx-request"):  # a part of a page: the page as a whole goes to the login
        answer = RedirectResponse("/login", 303)
        answer.headers["HX-Redirect"] = "/login"
        answer.status_code = 401
    return answer
