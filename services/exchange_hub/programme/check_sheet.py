"""The check sheet of a call for projects (申报条件核对表): each condition answered 是, 否 or 无法判断 from what the lists hold, and from nothing else.

It decides nothing: a condition of which a number is not told cannot be told, and a project of which one cannot be told is not said to fit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from exchange_contracts.keys import normal_text
from exchange_hub.programme import sentences as say
from exchange_hub.programme.district_parts import Call

Answer = Literal["是", "否", "无法判断"]
YES: Final = "是"
NO: Final = "否"
UNKNOWN: Final = "无法判断"
Row = Mapping[str, Any]
#: The lists that the sheet is worked out from, in the order in which :func:`checks` takes them.
READ: Final = ("equipment-projects", "equipment-lines", "project-procedures", "support-sought")
_BEFORE_THE_END = ("谋划", "储备", "未开工", "在建")
_DONE = ("已办结", "无需办理")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a call for one project.

    Attributes:
        shown: the number that was compared, in words; empty where there is none.
    """

    name: str
    answer: Answer
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A project beside a call.

    Attributes:
        fits: 否 where a condition is not met, 无法判断 where one cannot be told, else 是.
        asked: amounts in fen asked, recommended, reviewed and granted for the project, ``None`` where none is told.
    """

    call: str
    project: str
    name: str
    bureau: str
    fits: Answer
    conditions: tuple[Condition, ...]
    asked: tuple[int | None, ...]


def checks(calls: Iterable[Call], projects: Iterable[Row], lines: Iterable[Row], procedures: Iterable[Row], support: Iterable[Row]) -> Iterator[Check]:
    """Yield each project that is not finished and not withdrawn beside each call.

    Args:
        calls: what the calls ask for.
        projects: rows of the list of equipment projects.
        lines: rows of their equipment.
        procedures: rows of their procedures.
        support: rows of what was sought from above.
    """
    by_lines, by_procedures, by_support = _by_project(lines, "project_no"), _by_project(procedures, "project_no"), _by_project(support, "project_code")
    candidates = [row for row in projects if row.get("build_state") in _BEFORE_THE_END and row.get("admin_state") != "退出"]
    for call in calls:
        for row in candidates:
            own, papers, sought = (_of(row, held) for held in (by_lines, by_procedures, by_support))
            conditions = tuple(_conditions(call, row, own, papers))
            answers = {each.answer for each in conditions}
            fits: Answer = NO if NO in answers else UNKNOWN if UNKNOWN in answers else YES
            yield Check(call.name, str(row["row_key"]), str(row.get("name") or ""), str(row.get("lead_bureau") or ""), fits, conditions, _amounts(sought))


def _by_project(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.get(column):
            found.setdefault(normal_text(str(row[column])), []).append(row)
    return found


def _of(project: Row, held: Mapping[str, list[Row]]) -> list[Row]:
    """Return what is told of a project: by its code, whoever tells it; by a bureau's own number what that bureau tells."""
    code, own = (normal_text(str(project.get(name) or "")) for name in ("project_code", "internal_no"))
    by_number = [row for row in held.get(own, []) if row.get("lead_bureau") == project.get("lead_bureau")] if own else []
    by_code = held.get(code, []) if code else []
    return [*by_code, *(row for row in by_number if row not in by_code)]


def _conditions(call: Call, project: Row, lines: Sequence[Row], procedures: Sequence[Row]) -> Iterator[Condition]:
    total, invested = project.get("total_investment"), project.get("invested_since_start")
    if call.total_min:
        yield Condition(f"总投资不低于{call.total_min // 10_000}万元", _told(total, lambda value: value >= call.total_min * 100), _wan(total))
    if call.progress_max:
        share = None if invested is None or not total else Decimal(invested) * 100 / total
        yield Condition(f"进度大于0且不超过{call.progress_max}%", _told(share, lambda value: 0 < value <= call.progress_max), _percent(share))
    if call.states:
        yield Condition(f"建设状态为{'、'.join(call.states)}", _told(project.get("build_state"), lambda value: value in call.states), str(project.get("build_state") or ""))
    if call.not_natures:
        nature = project.get("construction_nature")
        yield Condition(f"不属于{'、'.join(call.not_natures)}", _told(nature, lambda value: value not in call.not_natures), str(nature or ""))
    old, new = ([line for line in lines if line.get("side") == side] for side in ("旧设备", "新设备"))
    if call.old_share_min:
        given, bought = _sum(old, "original_value"), _sum(new, "price")
        share = None if given is None or not bought else Decimal(given) * 100 / bought
        yield Condition(f"旧设备原值不低于新设备金额的{call.old_share_min}%", _told(share, lambda value: value >= call.old_share_min), _percent(share))
    for wanted, column, name in ((call.owned, "owned", "旧设备产权自有"), (call.depreciated, "depreciated", "旧设备已提足折旧")):
        if wanted:
            yield Condition(name, _all(old, column))
    for procedure in call.procedures:
        states = [row.get("state") for row in procedures if row.get("procedure") == procedure]
        yield Condition(f"{procedure}已办结或无需办理", UNKNOWN if not states else YES if all(state in _DONE for state in states) else NO, "、".join(map(str, states)))


def _told(value: Any, holds: Any) -> Answer:
    if value is None:
        return UNKNOWN
    return YES if holds(value) else NO


def _all(lines: Sequence[Row], column: str) -> Answer:
    """Tell whether all lines say yes: one that says no decides, one that says nothing leaves it open."""
    said = {line.get(column) for line in lines}
    return NO if NO in said else YES if said == {YES} else UNKNOWN


def _sum(lines: Sequence[Row], column: str) -> int | None:
    """Add up what every line says; where one says nothing, or there is none, the sum is not known."""
    values = [line.get(column) for line in lines]
    return None if not values or None in values else sum(value for value in values if value is not None)


def _amounts(sought: Sequence[Row]) -> tuple[int | None, ...]:
    names = ("amount_asked", "amount_recommended", "amount_reviewed", "amount_granted")
    told = ([row[name] for row in sought if row.get(name) is not None] for name in names)
    return tuple(sum(values) if values else None for values in told)


def _wan(fen: int | None) -> str:
    return "" if fen is None else f"{say.wan(Decimal(fen).scaleb(-2))}万元"


def _percent(share: Decimal | None) -> str:
    return "" if share is None else say.percent(share)
