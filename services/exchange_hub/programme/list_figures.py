"""Figures of the three lists and the map of funding policies (三个清单和图谱), which clause five, one puts first in the monthly review.

What is new and what left is told against the report before: the rows that the last closed month had and this one has not, and the
other way round. A row whose number came later, or that was merged, keeps its component and is neither.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple, get_args

from exchange_contracts.vocabulary import Level
from exchange_hub.programme.cells import COUNT, Cube
from exchange_hub.programme.conditions import Where
from exchange_hub.programme.definitions import NOT_FILLED, TOTAL, Definition, Frame, Measured, Scope, Stated, Turnover

EXPIRING_DAYS = 60
EXITED = "退出"


class Followed(NamedTuple):
    """A list that is followed from report to report.

    Attributes:
        row: what its figures are called.
        short: what a sentence calls its entries.
        cube: the cube that counts its entries.
        unit: what its entries are counted in.
    """

    row: str
    short: str
    cube: str
    unit: str


FOLLOWED: Mapping[str, Followed] = {
    "equipment-projects": Followed("设备更新项目", "设备项目", "equipment", "个"),
    "enterprises": Followed("先进设备企业", "企业", "enterprises", "户"),
    "recycling-projects": Followed("回收循环利用项目", "回收项目", "recycling", "个"),
    "funding-policies": Followed("执行中资金政策", "有效政策", "policies", "项"),
}


def entries(list_: str, as_of: date) -> Where:
    """Return the condition on the rows of a followed list that stand in it on a day: projects that did not exit, policies in force."""
    if list_ == "funding-policies":
        return in_force(as_of)
    return {} if list_ == "enterprises" else {"admin_state!=": EXITED}


def in_force(as_of: date) -> Where:
    """Return the condition on the policies that are in force on a day."""
    day = as_of.isoformat()
    return {"expired_on not <=": day, "valid_to not <": day, "valid_from not >": day}


def expiring(as_of: date) -> Where:
    """Return the condition on the policies in force that end within the next days."""
    until = as_of + timedelta(days=EXPIRING_DAYS)
    return {"expired_on not <=": as_of.isoformat(), "valid_from not >": as_of.isoformat(), "valid_to>=": as_of.isoformat(), "valid_to<=": until.isoformat()}


def cubes(frame: Frame) -> Iterator[Cube]:
    """Yield the cubes of the policies."""
    yield Cube("policies", "funding-policies", in_force(frame.as_of), ("level",), ("obtained",))
    yield Cube("expiring", "funding-policies", expiring(frame.as_of), ("level",))


def definitions(frame: Frame) -> Iterator[Definition]:
    """Yield how many entries each list has, how many are new and how many left, and which policies end soon."""
    as_of = frame.as_of.isoformat()
    for name, followed in FOLLOWED.items():
        yield Measured(f"lists.{followed.row}.entries", followed.unit, as_of, followed.cube, {}, COUNT, Scope(name), restates=False)
        turned = frame.turnover.get(name)
        for what, keys in (("new", turned.new if turned else ()), ("left", turned.left if turned else ())):
            # What left stands in the month before, so that only what is new can be opened in this one's list.
            said_by = COUNT if what == "new" and keys else _compared(what, turned, keys)
            opened: Where = {"row_key": keys} if what == "new" else {}
            value = len(keys) if turned else None
            yield Stated(
                f"lists.{followed.row}.{what}", followed.unit, frame.period.month, value, said_by, restates=False,
                list=name if opened and keys else "", where=opened if keys else {},
            )
    yield Measured(f"lists.{FOLLOWED['funding-policies'].row}.expiring", "项", as_of, "expiring", {}, COUNT, Scope("funding-policies"), restates=False)
    yield from _policies(as_of)


def _policies(as_of: str) -> Iterator[Definition]:
    """Yield the map of policies by level: how many are in force, what they have brought, how many end soon; a policy's money counts once."""
    scope = Scope("funding-policies")
    for level in (*get_args(Level), TOTAL):
        of: Where = {} if level == TOTAL else {"level": level}
        yield Measured(f"policies.{level}.in_force", "项", as_of, "policies", of, scope=scope, restates=False)
        yield Measured(f"policies.{level}.obtained", "元", as_of, "policies", of, "sum(obtained)", scope, NOT_FILLED, restates=False)
        if level != TOTAL:
            yield Measured(f"policies.{level}.expiring", "项", as_of, "expiring", of, COUNT, scope, restates=False)


_NAMED_MAX = 20


def _compared(what: str, turned: Turnover | None, keys: tuple[str, ...]) -> str:
    """Say what was compared where a figure opens no rows: of what left the first numbers, without the bureau that gave them."""
    if turned is None:
        return "与上一已结账月份的清单比较；此前没有已结账的月份"
    if what == "new":
        return f"在本期清单而不在{turned.month}清单的条目"
    named = "、".join(key.rpartition(":")[2] for key in keys[:_NAMED_MAX])
    return f"在{turned.month}清单而不在本期清单的条目{f'：{named}' if named else ''}"
