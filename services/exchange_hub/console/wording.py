"""What stands on a screen beside the values: times, versions, states and addresses; times are Shanghai times and say so."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from exchange_hub.console.source import Place
from exchange_hub.runtime.terminal import visible
from exchange_hub.views.queries.answers import Rejection
from exchange_hub.views.values import EMPTY, Shown, list_title

SHANGHAI = ZoneInfo("Asia/Shanghai")
# The first millisecond of September 2001; no counter of versions comes there.
_MILLISECONDS_MIN = 10**12
_CODE = re.compile(r"[a-z][a-z-]*[a-z]")

STATES = {"confirmed": "已确认", "unsigned": "已填报未审签", "nil": "零报告", "late": "迟报", "silent": "未报送", "pending": "未到期"}
"""States of a submission, as people read them. 未报送 is not 0; 未到期 is owed, but not yet."""

OUTCOMES = {
    "accepted": "已接收",
    "duplicate": "重复",
    "rejected": "退回",
    "held": "暂缓",
    "superseded": "已被新版本取代",
}


def moment(at: datetime | None) -> Shown:
    """Show a stored time (UTC) in Shanghai time with its zone; a time without zone is taken as UTC."""
    if at is None:
        return Shown(EMPTY, style="empty")
    local = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo("UTC"))).astimezone(SHANGHAI)
    return Shown(f"{local:%Y-%m-%d %H:%M:%S} 北京时间", local.isoformat(), "nowrap")


def version(revision: int) -> str:
    """Say which version of a statement this is: a revision that counts milliseconds is the time of its reporting.

    >>> version(3), version(1_795_501_733_823)
    ('第 3 版', '2026-11-24 14:28 填报')
    """
    if revision < _MILLISECONDS_MIN:
        return f"第 {revision} 版"
    local = datetime.fromtimestamp(revision / 1000, SHANGHAI)
    return f"{local:%Y-%m-%d %H:%M} 填报"


def age(since: datetime | None, now: datetime) -> str:
    """Say how long ago *since* was, in the largest fitting unit.

    >>> from datetime import UTC
    >>> age(datetime(2026, 1, 1, 0, 0, tzinfo=UTC), datetime(2026, 1, 1, 0, 5, tzinfo=UTC))
    '5 分钟前'
    """
    if since is None:
        return "尚无数据"
    passed = max(now - since, timedelta(0))
    seconds = int(passed.total_seconds())
    for size, unit in ((86400, "天"), (3600, "小时"), (60, "分钟")):
        if seconds >= size:
            return f"{seconds // size} {unit}前"
    return f"{seconds} 秒前"


def plain_words(raw: object, place: Place) -> str:
    """Return a text in which the codes of bureaus are their names.

    >>> plain_words("commerce 家电 2026-09", Place(bureaus={"commerce": "区商务局"}))
    '区商务局 家电 2026-09'
    """
    return visible(_CODE.sub(lambda found: place.bureaus.get(found.group(), found.group()), str(raw)))


def subject_words(subject: str, place: Place) -> str:
    """Return what a finding is about, or the key of a row, with bureaus and lists by their names.

    >>> subject_words("commerce:trade-in@2026-09", Place(bureaus={"commerce": "区商务局"}))
    '区商务局:以旧换新台账@2026-09'
    """
    return visible(_CODE.sub(lambda found: place.bureaus.get(found.group()) or list_title(found.group()), subject))


def reason(rejection: Rejection, place: Place) -> str:
    """Say to a bureau why a record was not taken; why an event is held is said in English, to operators: the bureau has nothing to do."""
    return "事件已保存，待系统处理后自动计入，无须重报。" if rejection.outcome == "held" else plain_words(rejection.reason, place)


def closed_time(stated: str) -> str:
    """Show the UTC time of a close as it stands in ``report.json``."""
    try:
        return moment(datetime.fromisoformat(stated)).text
    except ValueError:
        return stated or EMPTY


def size(size_bytes: int) -> str:
    """Show the size of a file.

    >>> size(2_500_000)
    '2.4 MB'
    """
    return f"{size_bytes / 1_048_576:.1f} MB" if size_bytes >= 1_048_576 else f"{max(1, size_bytes // 1024)} KB"


def link(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return *path* with a query string; values are percent-encoded."""
    query = urlencode(list(parameters))
    return f"{path}?{query}" if query else path
