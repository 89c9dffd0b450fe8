"""Logins that last a while, and the number of attempts at one. Both live in the console's memory: a restart ends every login."""

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange_hub.console.accounts import RIGHTS, Account, Right, Role

LIFETIME_SECONDS = 12 * 3600
"""However much it is used, a login ends after a working day."""

SESSIONS_MAX = 1_000
ATTEMPTS_SECONDS = 15 * 60
ATTEMPTS_KEYS_MAX = 10_000


@dataclass(slots=True)
class Session:
    """One login: *secret* is what the browser keeps, *token* stands in the forms of its pages, *number* names it to operators."""

    name: str
    account: Account
    address: str
    since: datetime
    number: str
    token: str
    secret: str
    began: float
    seen: float

    @property
    def role(self) -> Role:
        """The user's role."""
        return self.account.role

    def may(self, right: Right) -> bool:
        """Tell whether the user's role has a right."""
        return right in RIGHTS[self.account.role]


class Sessions:
    """The logins that are open.

    Args:
        idle_seconds: silence after which a login ends.
        clock: a time in seconds that never goes back.
    """

    def __init__(self, idle_seconds: float, clock: Callable[[], float]) -> None:
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._open: dict[str, Session] = {}

    def begin(self, name: str, account: Account, address: str, since: datetime, key: str | None = None) -> Session:
        """Open a login; where as many are open as may be, the one that is longest silent ends."""
        now = self._clock()
        if len(self._open) >= SESSIONS_MAX:
            del self._open[min(self._open, key=lambda each: self._open[each].seen)]
        secret = key or secrets.token_urlsafe(32)
        session = Session(name, account, address, since, secrets.token_hex(8), secrets.token_urlsafe(32), secret, now, now)
        self._open[secret] = session
        return session

    def find(self, secret: str, accounts: Mapping[str, Account]) -> Session | None:
        """Return the login of a secret, unless it has ended: by time, or because the user is not what it was."""
        session = self._open.get(secret)
        if session is None:
            return None
        now = self._clock()
        if not self._lives(session, now, accounts):
            self.end(secret)
            return None
        session.seen = now
        return session

    def all(self, accounts: Mapping[str, Account]) -> list[Session]:
        """Return the logins that are open, the latest first."""
        now = self._clock()
        return sorted((each for each in list(self._open.values()) if self._lives(each, now, accounts)), key=lambda each: -each.began)

    def end(self, secret: str) -> None:
        """End a login."""
        self._open.pop(secret, None)

    def end_numbered(self, number: str) -> Session | None:
        """End the login of a number, and return it."""
        for secret, session in list(self._open.items()):
            if session.number == number:
                self.end(secret)
                return session
        return None

    def _lives(self, session: Session, now: float, accounts: Mapping[str, Account]) -> bool:
        young = now - session.seen <= self._idle_seconds and now - session.began <= LIFETIME_SECONDS
        return young and accounts.get(session.name) == session.account


class Attempts:
    """How often something was tried of late, by key; bounded in number.

    Args:
        clock: a time in seconds that never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    def wait_seconds(self, limits: Iterable[tuple[str, int]]) -> int:
        """Return for how long no further attempt is let through, 0 if one is now; that one is counted."""
        now = self._clock()
        limits = list(limits)
        wait = 0.0
        for key, most in limits:
            times = self._times.get(key, deque())
            while times and now - times[0] > ATTEMPTS_SECONDS:
                times.popleft()
            if len(times) >= most:
                wait = max(wait, times[0] + ATTEMPTS_SECONDS - now)
        if wait:
            return int(wait) + 1
        for key, most in limits:
            self._times.setdefault(key, deque(maxlen=most)).append(now)
        if len(self._times) > ATTEMPTS_KEYS_MAX:  # the latest are at the end
            for key in list(self._times)[: ATTEMPTS_KEYS_MAX // 2]:
                del self._times[key]
        return 0

    def forget(self, key: str) -> None:
        """Forget what was tried with a key: it succeeded."""
        self._times.pop(key, None)
