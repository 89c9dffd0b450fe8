"""How values read on a screen: pure functions from a typed value to words.

Three things must never be confused: nothing reported (``—``), a reported zero (``0``), and a number too small for
the unit. Money is shown in 万元 with the full yuan beside it; times are Shanghai times and say so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from exchange_hub.console.source import Place
from exchange_hub.views.lists import BY_NAME
from exchange_hub.views.lists.model import Column

SHANGHAI = ZoneInfo("Asia/Shanghai")
EMPTY = "—"
# The first millisecond of September 2001; no counter of versions comes there.
_MILLISECONDS_MIN = 10**12
_CODE = re.compile(r"[a-z][a-z-]*[a-z]")

_COLUMNS = [column for view in BY_NAME.values() for column in view.columns]
_BUREAU_COLUMNS = frozenset({"bureaus", *(column.name for column in _COLUMNS if column.bureau)})
_LISTS = {"设备更新": "设备更新", "回收循环": "回收循环", **{name: view.title for name, view in BY_NAME.items()}}

STATES = {"confirmed": "已确认", "nil": "零报告", "late": "迟报", "silent": "未报送"}
"""States of a submission, as people read them. 未报送 is not 0."""

OUTCOMES = {
    "accepted": "已接收",
    "duplicate": "重复",
    "rejected": "退回",
    "held": "暂缓",
    "superseded": "已被新版本取代",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A value ready for a cell: its words, the full form for a tooltip, and how to set it."""

    text: str
    full: str = ""
    style: str = ""


def yuan(fen: int) -> Decimal:
    """Return *fen* in yuan, exactly two places."""
    return Decimal(fen).scaleb(-2)


def money(fen: int | None) -> Shown:
    """Show *fen* in 万元 with the full yuan as tooltip.

    Two places, four below one 万元, and as many as it takes where an amount that is not zero would read as zero.

    >>> money(123456789).text, money(123456789).full
    ('123.46', '1,234,567.89 元')
    >>> money(0).text, money(None).text, money(1).text
    ('0.00', '—', '0.000001')
    """
    if fen is None:
        return Shown(EMPTY, "未填报", "empty")
    exact = Decimal(fen).scaleb(-6)
    places = 2 if abs(exact) >= 1 or fen == 0 else 4
    if fen != 0 and abs(exact) < Decimal("0.0001"):
        places = 6
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return Shown(f"{rounded:,}", f"{yuan(fen):,} 元", "number")


def number(value: int | Decimal | None) -> Shown:
    """Show a count or a quantity with thousands separators and without idle zeros."""
    if value is None:
        return Shown(EMPTY, "未填报", "empty")
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        return Shown(text.rstrip("0").rstrip(".") if "." in text else text, style="number")
    return Shown(f"{value:,}", style="number")


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


def month(text: str) -> str:
    """Show ``2026-10`` as ``2026年10月``; anything else as it is."""
    year, _, rest = text.partition("-")
    return f"{year}年{int(rest)}月" if year.isdigit() and rest.isdigit() else text


def shanghai_month(now: datetime) -> str:
    """Return the month of *now* in Shanghai: 00:30 on the 1st there is still the last day of the month in UTC."""
    return f"{now.astimezone(SHANGHAI):%Y-%m}"


def value(column: Column, raw: object, place: Place) -> Shown:
    """Show a cell of a list as its column's type asks."""
    if raw is None or raw in ("", [], {}):
        return Shown(EMPTY, "未填报", "empty")
    match column.type:
        case "money":
            return money(int(str(raw)))
        case "count" if column.year:
            return Shown(str(raw), style="nowrap")
        case "count":
            return number(int(str(raw)))
        case "quantity":
            return number(Decimal(str(raw)))
        case "month":
            return Shown(month(str(raw)), style="nowrap")
        case "date":
            return Shown(str(raw), style="nowrap")
        case "flag":
            return Shown("是" if raw else "否")
        case "texts":
            return Shown("、".join(named(column.name, item, place) for item in _items(raw)))
        case "money_map":
            return _money_map(raw)
        case _:
            return Shown(named(column.name, raw, place), style="nowrap" if column.code else "")


def named(column: str, raw: object, place: Place) -> str:
    """Return the words for a code: bureaus, lists and submission states by name, everything else as it is."""
    if column in _BUREAU_COLUMNS:
        return place.bureau(raw)
    if column == "list":
        return _LISTS.get(str(raw), str(raw))
    if column == "state":
        return STATES.get(str(raw), str(raw))
    return str(raw)


def plain_words(raw: object, place: Place) -> str:
    """Return a text in which the codes of bureaus are their names.

    >>> plain_words("commerce 家电 2026-09", Place(bureaus={"commerce": "区商务局"}))
    '区商务局 家电 2026-09'
    """
    return _CODE.sub(lambda found: place.bureaus.get(found.group(), found.group()), str(raw))


def heading(column: Column) -> str:
    """Return a heading with its unit; money is shown in 万元 on the screen."""
    unit = unit_shown(column)
    return f"{column.title}（{unit}）" if unit else column.title


def unit_shown(column: Column) -> str:
    """Return the unit of a heading: 万元 for money, nothing where the title already says it."""
    unit = "万元" if column.type in ("money", "money_map") else column.unit
    return "" if unit in column.title else unit


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


def _items(raw: object) -> list[object]:
    return list(raw) if isinstance(raw, list | tuple) else [raw]


def _money_map(raw: object) -> Shown:
    if not isinstance(raw, Mapping):
        return Shown(str(raw))
    parts = [(str(key), money(int(str(fen)))) for key, fen in sorted(raw.items())]
    return Shown("；".join(f"{key} {shown.text}" for key, shown in parts),
                 "；".join(f"{key} {shown.full}" for key, shown in parts))  # fmt: skip
