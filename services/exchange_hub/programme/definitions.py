"""What a figure is, as data: how it is measured or derived, and what stands in its place where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from exchange_hub.programme.cells import COUNT
from exchange_hub.programme.conditions import Where
from exchange_hub.programme.period import Period
from exchange_hub.programme.task_progress import Tally

TOTAL = "合计"
NOT_SET: Final = "未设定"
NOT_REPORTED: Final = "未报送"
NOT_FILLED: Final = "未填报"
OTHER_UNIT: Final = "单位不符"
BY_THE_CITY: Final = "市级办理"
NONE: Final = "—"
Formula = Literal[
    "net", "ratio", "growth", "change", "way", "scaled", "between", "spread", "ratio_of_pairs", "growth_of_pairs", "net_of_pairs",
]  # fmt: skip
Absent = Literal["未设定", "未报送", "未填报", "单位不符", "市级办理", "—"]


class Scope(NamedTuple):
    """Whose word it needs that a cell without rows is 0 (FIGURES 14): the list, and the part of it that the cell is of."""

    list: str
    domain: str = ""
    step: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure that is counted or summed over list rows.

    Attributes:
        id: stable name of the figure.
        unit: unit of the value; 元 values are summed in fen.
        period: month, span of months or date it speaks of.
        cube: name of the cube.
        select: dimension values that select its cells.
        measure: see :class:`~exchange_hub.programme.cells.Measure`.
        scope: whose word makes a cell without rows 0; ``None`` where nobody's does, because the hub itself counts.
        no_values: what stands where rows match but none has a value; ``None``: then it is 0.
        no_rows: what stands where no row matches, whoever reported; ``None`` asks the *scope*.
        latest: the dimension of months that says how far the figure reaches; its period ends there.
        newest: only the newest of these months counts, for each states the whole anew.
        restates: whether the value can be recomputed for a closed month.
    """

    id: str
    unit: str
    period: str
    cube: str
    select: Where
    measure: str = COUNT
    scope: Scope | None = None
    no_values: Absent | None = None
    no_rows: Absent | None = None
    restates: bool = True
    latest: str = ""
    newest: bool = False
    flow: bool = False


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure worked out from other figures.

    Attributes:
        formula: ``net`` (first terms added, those after ``minus`` taken away), ``ratio`` (first ÷ second, in %),
            ``growth`` (first against second, in %), ``change`` (a net against last year's), ``way`` (how far first has come from second to third, in %), ``scaled``
            (first × factor), ``between`` (second reached from first by the share *factor* of the way) or ``spread`` (first ÷ *factor* months, 0 where
            nothing is left). ``ratio_of_pairs``, ``growth_of_pairs`` and ``net_of_pairs`` do the same with the sums of first, third … and second,
            fourth …, of those pairs alone of which both are known.
        terms: ids of the figures.
        minus: for ``net`` and ``change``, how many of the last terms are taken away.
        partial: for ``net``, whether absent terms are left out instead of making the result absent.
    """

    id: str
    unit: str
    period: str
    formula: Formula
    terms: tuple[str, ...]
    minus: int = 0
    factor: Decimal = Decimal(1)
    partial: bool = False
    absent: Absent = NONE
    restates: bool = True


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure that is stated: taken from the district's own data, or counted before, such as how many submissions are owed.

    Attributes:
        value: the value, ``None`` where there is nothing to count it by.
        said_by: what it comes from; a measure where it can be opened in *list*.
        list: the list in which the rows behind it stand, empty where they stand in none.
        where: the condition that finds them there.
    """

    id: str
    unit: str
    period: str
    value: int | Decimal | None
    said_by: str
    restates: bool = True
    list: str = ""
    where: Where = field(default_factory=dict)


Definition = Measured | Derived | Stated


@dataclass(frozen=True, slots=True)
class GoalLine:
    """One line of the table of goals: an indicator, perhaps in one domain, in one series.

    Attributes:
        id: start of its figures' ids, ``goals.<indicator>[.<domain>]``.
        indicator: code of the indicator.
        unit: unit of its values; rows in another one of the same family are converted, others do not count (FIGURES 7).
        series: 统计, 调度 or 代理; never mixed.
        domain: the domain, or ``None`` where the indicator is not split.
        growth: target ÷ baseline, where the plan gives only a growth and no target is set.
        threshold: the target itself, where the catalogue of indicators gives it and none is set.
        parts: for a total, the ids of the lines it adds up; absent where one of them is.
        written: how bureaus write the indicator where they write it otherwise than the catalogue; numbers and names compare by their normal form.
    """

    id: str
    indicator: str
    unit: str
    series: str
    domain: str | None = None
    growth: Decimal | None = None
    threshold: Decimal | None = None
    parts: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def named(self) -> str | tuple[str, ...]:
        """The name by which rows of the list are chosen, or all of them."""
        return self.written or self.indicator


@dataclass(frozen=True, slots=True)
class Codes:
    """The rows of the report's tables: the codes of the district and those that occur in the lists.

    Attributes:
        materials: (material, unit) pairs.
        plain_units: material → the unit in which it bears its name alone, where an earlier report named it otherwise than reports do now.
        budgets: (channel, budget year) of other years than the report's, which stand in lines of their own.
    """

    domains: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    materials: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = ()
    budgets: tuple[tuple[str, int], ...] = ()
    scrapped: tuple[str, ...] = ()
    goals: tuple[GoalLine, ...] = ()
    equipment: tuple[str, ...] = ()
    plain_units: Mapping[str, str] = field(default_factory=dict)


class Turnover(NamedTuple):
    """What came into a list and what left it since an earlier report.

    Attributes:
        month: month of the earlier report.
        new: keys of the rows that it had not, sorted.
        left: keys of the rows that it alone had, sorted.
    """

    month: str
    new: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """What the figures of a report depend on besides the lists.

    Attributes:
        period: the report's month.
        as_of: date for which ageing and overdue are worked out.
        payment_days: an approved subsidy not paid in full after more than so many days is overdue (超期).
        base_year: year of the baselines (2023); *target_year* that of the targets (2027).
        due_on: day by which the month's lists were due.
        owed: the submissions owed for the month, as ``bureau@list``.
        unconfirmed: how many of these have data that nobody has signed and confirmed; *silent* how many have nothing.
        plans_expected: how many plans the work plan asks for.
        tasks: how many tasks of the work plan stand how in the month.
        turnover: list → what came and left since the report before; without an entry there is nothing to compare with.
    """

    period: Period
    as_of: date
    payment_days: int = 30
    base_year: int = 2023
    target_year: int = 2027
    due_on: date | None = None
    owed: tuple[str, ...] = ()
    unconfirmed: int = 0
    silent: int = 0
    plans_expected: int = 0
    tasks: Tally = field(default_factory=Tally)
    turnover: Mapping[str, Turnover] = field(default_factory=dict)
    codes: Codes = field(default_factory=Codes)
