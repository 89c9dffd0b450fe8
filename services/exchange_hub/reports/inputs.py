"""What a report is built from, as plain values: the district, the month, the cells of the cubes and a few rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, get_args

from exchange_contracts import vocabulary
from exchange_contracts.keys import normal_text
from exchange_hub.programme.cells import Cells
from exchange_hub.programme.definitions import TOTAL, Codes, Frame, GoalLine
from exchange_hub.programme.district import District, Indicator
from exchange_hub.programme.fund_figures import NO_CHANNEL
from exchange_hub.programme.period import Period
from exchange_hub.programme.task_progress import NIL, board, tally
from exchange_hub.reports.model import Adjustment, Row
from exchange_hub.reports.owed import Owed

CATEGORIES: tuple[str, ...] = get_args(vocabulary.TradeInCategory)
CHANNELS: tuple[str, ...] = get_args(vocabulary.FundingSource)
MATERIALS: tuple[str, ...] = get_args(vocabulary.Material)
EQUIPMENT_KINDS: tuple[str, ...] = get_args(vocabulary.EnergyEquipment)
_UNITS: tuple[str, ...] = get_args(vocabulary.MaterialUnit)


@dataclass(frozen=True, slots=True)
class Details:
    """The few rows that the body of the report shows.

    Attributes:
        documents: rows of documents that are open on the as-of date, soonest due first.
        problems: open matters for coordination, oldest first.
        allocations: (channel, 下达文号) of the year, by channel and number.
        findings: how many findings of comparison stand open; ``None`` where they are not kept.
        explanations: bureau → what it said of the pace of its projects with the month's confirmation.
    """

    documents: Sequence[Row] = ()
    problems: Sequence[Row] = ()
    allocations: Sequence[tuple[str, str]] = ()
    findings: int | None = None
    explanations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a report depends on.

    Attributes:
        district: the district's data.
        frame: month, as-of date and the codes of the tables.
        cells: cells of every cube by its name.
        details: rows shown in the body.
        closed_at: UTC time of the close, ISO.
        cut: topic → next offset.
        stamp: code version, contracts digest, configuration digest.
        adjustments: changed figures of the report before.
        compared: whether there is a closed report before to compare with.
    """

    district: District
    frame: Frame
    cells: Mapping[str, Cells]
    details: Details
    closed_at: str
    cut: Mapping[str, int]
    stamp: Mapping[str, str]
    adjustments: Sequence[Adjustment] = ()
    compared: bool = False

    @property
    def owed(self) -> Owed:
        """What is owed for the month, beside what came."""
        return Owed(self.district, self.frame, self.cells)

    @property
    def period(self) -> Period:
        """The report's month."""
        return self.frame.period


def frame_of(district: District, month: str, as_of: date) -> Frame:
    """Return the frame of a report before its lists are read: no codes yet."""
    profile = district.profile
    return Frame(
        period=Period(month),
        as_of=as_of,
        payment_days=profile.review.overdue_payment_days,
        base_year=profile.base_year,
        target_year=profile.target_year,
        due_on=district.submission_due_on(month),
        owed=tuple(f"{o.bureau}@{o.list}" for o in district.expected(month)),
        plans_expected=len(district.plans),
    )


def with_codes(
    frame: Frame,
    district: District,
    cells: Mapping[str, Cells],
    known_materials: Iterable[tuple[str, str]] = (),
    known_scrapped: Iterable[str] = (),
    plain_units: Mapping[str, str] = MappingProxyType({}),
) -> Frame:
    """Complete a frame with the rows of its tables and with what is owed and not there.

    Args:
        frame: the frame before its lists were read.
        district: the district's data.
        cells: cells of every cube by its name.
        known_materials: (material, unit) that an earlier report showed and the lists may hold no longer.
        known_scrapped: categories of scrapped equipment of the same kind.
        plain_units: material → the unit in which an earlier report named it alone.
    """
    materials = cells["materials"]
    pairs = {(m, u) for m in materials.values("material") for u in materials.values("unit", {"material": m})}
    pairs.update(known_materials)
    codes = Codes(
        domains=_ordered(
            (d.name for d in district.domains),
            (
                *cells["equipment"].values("domain"),
                *cells["progress"].values("domain"),
                *cells["enterprises"].values("domain"),
            ),
        ),
        categories=_ordered(CATEGORIES, cells["trade_in"].values("category")),
        plain_units=plain_units,
        materials=tuple(sorted(pairs, key=lambda p: (_rank(p[0], MATERIALS), p[0], _rank(p[1], _UNITS), p[1]))),
        channels=_ordered(CHANNELS, cells["funds"].values("channel")),
        scrapped=tuple(sorted({*cells["scrappage"].values("category"), *known_scrapped})),
        budgets=tuple(_other_budgets(cells, frame.period.year)),
        equipment=_ordered(EQUIPMENT_KINDS, cells["stocks"].values("equipment")) if cells["stocks"].cells else (),
        goals=tuple(_goal_lines(district, cells["indicators"], frame)),
    )
    owed = Owed(district, frame, cells)
    frame = replace(frame, tasks=tally(task_lines(district, frame, cells, owed)))
    return replace(frame, codes=codes, unconfirmed=len(owed.unconfirmed()), silent=len(owed.silent()))


def task_lines(district: District, frame: Frame, cells: Mapping[str, Cells], owed: Owed) -> Iterator[dict[str, Any]]:
    """Return how the tasks of the plan stand, by the board that the annex shows."""
    names, month = cells["told.tasks"].cube.by, frame.period.month
    rows = (dict(zip(names, cell.at, strict=True)) for cell in cells["told.tasks"].cells if cell.rows)
    nil = {bureau for (bureau, list_), state in owed.states.items() if (list_, state) == ("tasks", NIL)}
    return board(district.plan_tasks(month), month, rows, nil)


def _other_budgets(cells: Mapping[str, Cells], year: int) -> Iterable[tuple[str, int]]:
    """Yield (channel, budget year) of the money of other years, the latest year first."""
    found = set()
    for name, column in (("funds", "budget_year"), ("funds_carried", "carried_from"), ("funds_overdue", "budget_year")):
        channel, budget = (cells[name].cube.by.index(text) for text in ("channel", column))
        found |= {(str(cell.at[channel] or NO_CHANNEL), int(str(cell.at[budget]))) for cell in cells[name].cells if cell.at[budget] is not None}
    order = (*CHANNELS, NO_CHANNEL)
    return sorted((pair for pair in found if pair[1] != year), key=lambda pair: (-pair[1], _rank(pair[0], order), pair[0]))


def _ordered(known: Iterable[str], seen: Iterable[str]) -> tuple[str, ...]:
    """Return the known codes in their order, then those seen beside them."""
    first = list(known)
    return tuple(dict.fromkeys([*first, *sorted(set(seen) - set(first))]))


def _rank(code: str, order: Sequence[str]) -> int:
    return order.index(code) if code in order else len(order)


def _goal_lines(district: District, cells: Cells, frame: Frame) -> Iterable[GoalLine]:
    """Return the lines of the table of goals: for each indicator its series, and its domains with their total."""
    told = cells.values("indicator")
    for indicator in district.indicators:
        alike = tuple(name for name in told if normal_text(name) == normal_text(indicator.code))
        written = alike if alike not in ((), (indicator.code,)) else ()
        seen = cells.values("series", {"indicator": written or indicator.code})
        for series in _ordered((indicator.series,), seen):
            start = f"goals.{indicator.code}" if series == indicator.series else f"goals.{indicator.code}（{series}）"
            yield from _goal_lines_of(district, cells, frame, indicator, series, start=start, written=written)


def _goal_lines_of(
    district: District, cells: Cells, frame: Frame, indicator: Indicator, series: str, *, start: str, written: tuple[str, ...]
) -> Iterable[GoalLine]:
    of = {"indicator": written or indicator.code, "series": series}
    growth, threshold = (Decimal(text) if text else None for text in (indicator.growth_target, indicator.target))

    def line(id_: str, domain: str | None, parts: tuple[str, ...] = ()) -> GoalLine:
        target = {**of, "domain": domain, "kind": "目标", "period": str(frame.target_year)}
        is_set = not parts and cells.measure(target, "count")[1] > 0
        return GoalLine(id_, indicator.code, indicator.unit, series, domain, None if is_set else growth, None if is_set else threshold, parts, written)

    whole = cells.measure({**of, "domain": None}, "count")[1] > 0
    if not indicator.by_domain:
        yield line(start, None)
        return
    domains = _ordered((d.name for d in district.domains if d.goal_1), cells.values("domain", of))
    lines = [line(f"{start}.{domain}", domain) for domain in domains]
    yield from lines
    counted = tuple(f"{start}.{d.name}" for d in district.domains if d.goal_1)
    yield line(f"{start}.{TOTAL}", None, () if whole else counted)
