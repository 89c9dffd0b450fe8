"""Figures of the goals to the target year: bases, targets, what was reported, the way there, and what is known of a whole of which not all is.

A goal of several domains is told twice: whole, where every domain is known, and of the known domains alone. Sums of what is known are never
set against one another unless they are of the same domains (FIGURES 14 and 20): a domain without a base or a report counts nowhere, and not as 0.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from exchange_hub.programme.definitions import (
    NONE,
    NOT_REPORTED,
    NOT_SET,
    Absent,
    Definition,
    Derived,
    Frame,
    GoalLine,
    Measured,
    Stated,
)  # fmt: skip

_MONTHS = 12


def definitions(frame: Frame) -> Iterator[Definition]:
    """Yield the figures of every line of the goals, domains before the total that is made of them."""
    for line in frame.codes.goals:
        yield from _values(line, frame)
        yield from _of_ratio(line, frame) if line.unit == "%" else _of_flow(line, frame)
        if line.parts:
            yield from _known(line, frame)


def _values(line: GoalLine, frame: Frame) -> Iterator[Definition]:
    """Base, targets and reported values, as they are told."""
    period = frame.period
    of = {"indicator": line.named, "series": line.series, "domain": line.domain}
    values: tuple[tuple[str, str, str, Absent], ...] = (
        ("baseline", "基数", str(frame.base_year), NOT_SET),
        ("target", "目标", str(frame.target_year), NOT_SET),
        ("year_target", "目标", str(period.year), NOT_SET),
        ("ytd", "报送", period.month, NOT_REPORTED),
        ("ytd_last_year", "报送", period.last_year.month, NONE),
        ("last_total", "报送", f"{period.year - 1}-{_MONTHS}", NONE),
    )
    for name, kind, when, absent in values:
        id_ = f"{line.id}.{name}"
        if name == "last_total" and line.unit == "%":
            continue
        if line.parts:
            terms = tuple(f"{part}.{name}" for part in line.parts)
            yield Derived(id_, line.unit, when, "net", terms, absent=absent)
        elif name == "target" and line.growth is not None:
            yield Derived(id_, line.unit, when, "scaled", (f"{line.id}.baseline",), factor=line.growth, absent=absent)
        elif name == "target" and line.threshold is not None:
            yield Stated(id_, line.unit, when, line.threshold, "区级数据：指标目录所列目标值")
        else:
            now = name == "ytd"
            select = {**of, "kind": kind, "period": period.year_to_date if now else when}
            measure, latest = f"sum(value in {line.unit})", "period" if now else ""
            yield Measured(id_, line.unit, when, "indicators", select, measure, None, absent, absent, latest=latest, newest=now)


def _of_ratio(line: GoalLine, frame: Frame) -> Iterator[Definition]:
    """How far a ratio is from its targets, in points, and of its way (FIGURES 20)."""
    start, span = line.id, frame.period.span
    yield Derived(f"{start}.yoy", "个百分点", span, "change", (f"{start}.ytd", f"{start}.ytd_last_year"), minus=1)
    yield Derived(f"{start}.gap", "个百分点", span, "net", (f"{start}.year_target", f"{start}.ytd"), minus=1)
    yield Derived(f"{start}.way", "%", span, "way", (f"{start}.ytd", f"{start}.baseline", f"{start}.year_target"))
    yield Derived(f"{start}.to_target", "个百分点", span, "net", (f"{start}.target", f"{start}.ytd"), minus=1)
    yield _path(line, frame)


def _of_flow(line: GoalLine, frame: Frame) -> Iterator[Definition]:
    """How far a yearly flow is from this year's target and from its base."""
    start, period, unit = line.id, frame.period, line.unit
    now, base = f"{start}.ytd", f"{start}.baseline"
    rolling = f"{period.last_year.after.month}/{period.month}"
    yield Derived(f"{start}.yoy", "%", period.span, "growth", (now, f"{start}.ytd_last_year"))
    yield Derived(f"{start}.rate", "%", period.span, "ratio", (now, f"{start}.year_target"), absent=NOT_SET)
    yield Derived(f"{start}.of_base", "%", period.span, "ratio", (now, base), absent=NOT_SET)
    # Twelve months to the report's: in December the year itself, before it with the rest of last year.
    terms, minus = ((now,), 0) if period.number == _MONTHS else ((now, f"{start}.last_total", f"{start}.ytd_last_year"), 1)
    yield Derived(f"{start}.annual", unit, rolling, "change", terms, minus=minus)
    yield Derived(f"{start}.growth", "%", rolling, "growth", (f"{start}.annual", base))
    yield Derived(f"{start}.remaining", unit, period.span, "net", (f"{start}.year_target", now), minus=1)
    yield _spread(f"{start}.per_month", f"{start}.remaining", unit, frame)
    yield _path(line, frame)


def _spread(id_: str, left: str, unit: str, frame: Frame) -> Derived:
    return Derived(id_, unit, frame.period.span, "spread", (left,), factor=Decimal(_MONTHS - frame.period.number))


def _path(line: GoalLine, frame: Frame) -> Derived:
    """What the report's year is on the straight way from base to target."""
    years = Decimal(frame.target_year - frame.base_year)
    way = min(Decimal(1), max(Decimal(0), (frame.period.year - frame.base_year) / years))
    return Derived(f"{line.id}.path", line.unit, str(frame.period.year), "between", (f"{line.id}.baseline", f"{line.id}.target"), factor=way, absent=NOT_SET)


def _known(line: GoalLine, frame: Frame) -> Iterator[Definition]:
    """What is known of a whole: sums of the known domains, and comparisons of the domains of which both sides are known."""
    start, period, unit = line.id, frame.period, line.unit
    rolling = f"{period.last_year.after.month}/{period.month}"

    def pairs(first: str, second: str) -> tuple[str, ...]:
        return tuple(chain.from_iterable((f"{part}.{first}", f"{part}.{second}") for part in line.parts))

    for name, when in (("baseline", str(frame.base_year)), ("target", str(frame.target_year)), ("year_target", str(period.year)), ("ytd", period.month), ("path", str(period.year))):
        absent: Absent = NOT_REPORTED if name == "ytd" else NOT_SET
        yield Derived(f"{start}.known_{name}", unit, when, "net", tuple(f"{part}.{name}" for part in line.parts), partial=True, absent=absent)
    yield Derived(f"{start}.known_yoy", "%", period.span, "growth_of_pairs", pairs("ytd", "ytd_last_year"))
    yield Derived(f"{start}.known_rate", "%", period.span, "ratio_of_pairs", pairs("ytd", "year_target"), absent=NOT_SET)
    yield Derived(f"{start}.known_of_base", "%", period.span, "ratio_of_pairs", pairs("ytd", "baseline"), absent=NOT_SET)
    yield Derived(f"{start}.known_growth", "%", rolling, "growth_of_pairs", pairs("annual", "baseline"))
    yield Derived(f"{start}.known_remaining", unit, period.span, "net_of_pairs", pairs("year_target", "ytd"), absent=NOT_SET)
    yield _spread(f"{start}.known_per_month", f"{start}.known_remaining", unit, frame)
