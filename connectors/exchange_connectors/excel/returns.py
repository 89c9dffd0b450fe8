"""What the hub is told of a workbook that goes back: how much of which list and month, and why; never what stands in a cell. Pure.

A statement covers one file, list and month. It is made where something goes back, and where something went back before and
does no longer: the last word counts.
"""

import hashlib
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from exchange_connectors.excel.inspection import Inspection
from exchange_connectors.excel.model import Finding, Level, SheetSeen
from exchange_connectors.excel.months import month_in
from exchange_connectors.kit.ledger import Entry, Statement
from exchange_contracts import personal
from exchange_contracts.vocabulary import ReturnCause

EVENT: Literal["WorkbookReturned"] = "WorkbookReturned"
REGISTER = "workbook:returned"
FILE_LENGTH_MAX = 120

_CAUSES: dict[ReturnCause, tuple[int, ...]] = {
    "编号和代码": (1, 2, 4, 5, 6, 7, 8, 10, 45, 47, 59),
    "金额和数量": (12, 13, 14, 15, 16, 41, 42, 43, 55, 56, 57),
    "日期和月份": (26, 27, 28, 35, 54),
    "前后矛盾": (11, 17, 18, 19, 20, 21, 22, 23, 29, 30, 31, 46, 48),
    "合计不符": (24, 25, 52),
    "取值不在可选范围": (32, 33, 34),
    "重复": (9, 44, 53, 60),
    "工作表和表头": (36, 37, 38),
    "公式": (39, 40),
    "零报告": (49, 50),
    "个人信息": (3,),
    "文件打不开": (51,),
}
"""Kind of problem → its numbers in the list of workbook errors."""

_CAUSE_OF = {number: cause for cause, numbers in _CAUSES.items() for number in numbers}


@dataclass(slots=True)
class _Told:
    """What is said of one list and month of a file."""

    rows_read: int = 0
    rows_returned: int = 0
    sheets_returned: int = 0
    to_verify: int = 0
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        return not (self.rows_returned or self.sheets_returned or self.causes)


def cause_of(finding: Finding) -> str:
    """Return the kind of problem that a finding is."""
    if finding.no == 0:
        return "缺项" if "必填" in finding.message else "其他"
    return _CAUSE_OF.get(finding.no, "其他")


def statements(inspection: Inspection, findings: Iterable[Finding], known: Iterable[Entry], today: date) -> Iterator[Statement]:
    """Yield what the hub is told of a workbook.

    Args:
        inspection: the workbook as looked at.
        findings: all that is said of it.
        known: what the ledger remembers of ``REGISTER``.
        today: stands for the month's last day where no month is known.
    """
    file = _name(inspection.file)
    told = _gathered(inspection, findings)
    months = {month for _, month in told}
    for entry in known:
        place = entry.fact("list"), entry.fact("month")
        if entry.fact("file") == file and (place[1] is None or place[1] in months):
            told.setdefault(place, _Told())
    went_back = {entry.slot.entity_key for entry in known if _went_back(entry)}
    for (list_, month), each in told.items():
        key = f"{list_ or 'file'}@{month or 'none'}@{hashlib.sha256(file.encode()).hexdigest()[:16]}"
        if each.clean and key not in went_back:
            continue
        facts: dict[str, Any] = {"file": file, "list": list_, "month": month, "causes": dict(sorted(each.causes.items()))}
        facts |= {name: getattr(each, name) for name in ("rows_read", "rows_returned", "sheets_returned", "to_verify")}
        year, number = map(int, (month or today.isoformat()[:7]).split("-"))
        day = date(year, number, monthrange(year, number)[1]) if month else today
        yield Statement(EVENT, key, facts | {"occurred_on": day})


def _went_back(entry: Entry) -> bool:
    return bool(entry.fact("rows_returned") or entry.fact("sheets_returned") or entry.fact("causes"))


def _gathered(inspection: Inspection, findings: Iterable[Finding]) -> dict[tuple[str | None, str | None], _Told]:
    """Gather sheets and findings by list and month; what belongs to no sheet of a list is said of the file as a whole."""
    months = {sheet.month for sheet in inspection.seen if sheet.month is not None}
    common = months.pop() if len(months) == 1 else month_in(inspection.file)
    places = {sheet.sheet: (sheet.list, sheet.month or common) for sheet in inspection.seen}
    told: dict[tuple[str | None, str | None], _Told] = {}
    for sheet in inspection.seen:
        _count(told.setdefault(places[sheet.sheet], _Told()), sheet)
    for finding in findings:
        place = places.get(finding.sheet, (None, common))
        if finding.level is Level.RETURNED:
            each = told.setdefault(place, _Told())
            each.causes[cause_of(finding)] += 1
            if place[0] is None and not inspection.seen:
                each.sheets_returned = 1
        elif finding.level is Level.VERIFY and place in told:
            told[place].to_verify += 1
    return told


def _count(told: _Told, sheet: SheetSeen) -> None:
    told.rows_read += sheet.taken
    told.rows_returned += sheet.returned
    told.sheets_returned += sheet.whole


def _name(file: str) -> str:
    """Return the file's name, or one made of its digest where the name holds a personal number."""
    if personal.kind_in_text(file) is None:
        return file[-FILE_LENGTH_MAX:]
    return f"文件名含个人信息-{hashlib.sha256(file.encode()).hexdigest()[:8]}"
