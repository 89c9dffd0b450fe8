"""The figures of a report at hand while its sections are written: cells of tables, values, names of bureaus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from exchange_hub.programme import sentences as say
from exchange_hub.programme.definitions import TOTAL, Scope
from exchange_hub.programme.district import Expected
from exchange_hub.programme.fund_figures import NO_CHANNEL
from exchange_hub.programme.period import Period
from exchange_hub.reports.evaluate import ends_in
from exchange_hub.reports.inputs import Inputs
from exchange_hub.reports.model import Cell, Figure

_WAN = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Book:
    """Inputs and figures of the report that is being written."""

    inputs: Inputs
    figures: Mapping[str, Figure]

    @property
    def period(self) -> Period:
        """The report's month."""
        return self.inputs.period

    @property
    def as_of(self) -> date:
        """The date for which ageing and overdue are worked out."""
        return self.inputs.frame.as_of

    def value(self, id_: str) -> Decimal | None:
        """Return the value of a figure, ``None`` where it is absent."""
        return self.figures[id_].value

    def count(self, id_: str) -> int:
        """Return a count that is never absent."""
        return int(self.figures[id_].value or 0)

    def money(self, id_: str) -> str | None:
        """Write the money of a figure for a sentence, ``None`` where it is absent."""
        value = self.value(id_)
        return None if value is None else say.money(value)

    def number(self, id_: str) -> str | None:
        """Write the number of a figure for a sentence, ``None`` where it is absent."""
        value = self.value(id_)
        return None if value is None else say.number(value)

    def percent(self, id_: str) -> str | None:
        """Write the percentage of a figure for a sentence, ``None`` where it is absent."""
        value = self.value(id_)
        return None if value is None else say.percent(value)

    def cell(self, id_: str) -> Cell:
        """Return the table cell of a figure; a cumulative that ends before the report's month says with which."""
        return Cell(figure=self.figures[id_], after="" if self.figures[id_].unit == "%" else self.until(id_))

    def until(self, id_: str) -> str:
        """Say with which month a cumulative ends, where that is before the report's (FIGURES 4)."""
        figure, end = self.figures[id_], ends_in(self.figures[id_].period)
        short = figure.value is not None and len(end) == len(self.period.month) and f"{self.period.year}-01" <= end < self.period.month
        return f"（截至{int(end[5:])}月）" if short else ""

    def pair(self, first: str, second: str, places: int = 2) -> Cell:
        """Return the cell of a column that shows two figures: counts as they are, money in 万元 with so many places."""
        parts = (self.figures[first], self.figures[second])
        return Cell("/".join(_printed(figure, places) for figure in parts), parts=parts)

    def name(self, code: object) -> str:
        """Return the name of a bureau by its code; what is no code stays as it is, nothing becomes empty."""
        for bureau in self.inputs.district.bureaus:
            if bureau.code == code:
                return bureau.name
        return "" if code is None else str(code)

    def towns_apart(self, items: Sequence[Expected]) -> tuple[list[str], list[Expected]]:
        """Return how many towns owe something in one word, none where none do, and what bureaus owe: towns are not named one by one."""
        towns = {bureau.code for bureau in self.inputs.district.bureaus if bureau.kind == "town"}
        those = {item.bureau for item in items if item.bureau in towns}
        return [f"{len(those)}个镇街园区"] if those else [], [item for item in items if item.bureau not in towns]

    def has_rows(self, start: str, *names: str) -> bool:
        """Tell whether any of the figures *start*.*name* has list rows behind it."""
        return any(self.figures[f"{start}.{name}"].source.rows for name in names)

    def is_silent(self, list_: str) -> bool:
        """Tell whether somebody who owes a list has not reported it, so that it is not known to be empty."""
        return self.inputs.owed.standing(Scope(list_)) is not None

    def domains(self) -> tuple[str, ...]:
        """Return the domains that the report shows: those with projects, and those that owe a report."""
        return tuple(
            domain
            for domain in self.inputs.frame.codes.domains
            if self.has_rows(f"equipment.{domain}", "projects", "ytd", "month") or self._owes(domain)
        )

    def _owes(self, domain: str) -> bool:
        known = self.inputs.district.domain(domain)
        owed = {o.bureau for o in self.inputs.district.expected(self.period.month) if o.list == "equipment-projects"}
        return known is not None and known.lead in owed

    def categories(self) -> tuple[str, ...]:
        """Return the categories of trade-in that occur this year or in the same months of last year."""
        names = ("applied", "approved", "paid_count", "returned", "sales_last_year")
        return tuple(c for c in self.inputs.frame.codes.categories if self.has_rows(f"tradein.{c}", *names))

    def channels(self) -> tuple[str, ...]:
        """Return the channels of funds that occur this year."""
        names = ("allocated", "subdivided", "approved", "paid_gross", "reversed", "recovered", "carried_out", "overdue")
        return tuple(c for c in (*self.inputs.frame.codes.channels, NO_CHANNEL) if self.has_rows(f"funds.{c}", *names))

    def total(self, table: str, name: str) -> str:
        """Return the id of a total."""
        return f"{table}.{TOTAL}.{name}"


def in_wan(value: Decimal | None) -> Decimal | None:
    """Turn yuan into 万元, for charts; whoever draws them rounds."""
    return None if value is None else value / _WAN


def _printed(figure: Figure, places: int) -> str:
    if figure.value is None:
        return figure.absent
    if figure.unit != "元":
        return say.number(figure.value)
    return f"{(figure.value / _WAN).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
