"""Checks that are of the sheet: against its own columns, its other rows, registers, and what was stated before. Pure.

What must hold of an event wherever it comes from stands in ``exchange_contracts.rules``; ``RULE_NUMBERS`` says under which
number of the list of workbook errors a clerk knows it.
The list of workbook errors gives number, level and words; a check here yields them for one row, with the field that
the clerk should look at. ``ROW_CHECKS`` and ``SHEET_CHECKS`` are the tables that the inspection walks.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Protocol

from typing_extensions import override

from exchange_connectors.excel.cells import as_text
from exchange_connectors.excel.model import Level, Row
from exchange_connectors.excel.values import VIN_SHAPE
from exchange_connectors.kit.ledger import Entry, Slot
from exchange_connectors.kit.money import Unit, in_words, plain
from exchange_contracts import identifiers
from exchange_contracts.keys import normal_key


class Memory(Protocol):
    """What the ledger remembers; an empty one is as good as any."""

    def entry(self, slot: Slot) -> Entry | None:
        """Return what was last stated for a slot."""

    def memo(self, kind: str, key: str) -> str | None:
        """Return a remembered value."""

    def entity_key(self, kind: str, candidates: list[str]) -> str | None:
        """Return the key under which one of *candidates* is known, else the first one's normal form."""


class NoMemory(Memory):
    """The memory of a first day, and of a check without a ledger."""

    @override
    def entry(self, slot: Slot) -> Entry | None:
        return None

    @override
    def memo(self, kind: str, key: str) -> str | None:
        return None

    @override
    def entity_key(self, kind: str, candidates: list[str]) -> str | None:
        return next((normal_key(kind, candidate) for candidate in candidates if candidate), None)


@dataclass(frozen=True, slots=True)
class Context:
    """What a row is checked against.

    Attributes:
        month: report month of the sheet.
        known: field → values it should be one of.
        memory: what was stated before.
        project_key: the row's project key, where the sheet reports projects.
    """

    month: str | None
    known: Mapping[str, frozenset[str]]
    memory: Memory
    project_key: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A finding on a row; *field* names the cell."""

    no: int
    level: Level
    message: str
    field: str | None = None


Sayings = Iterator[Said]
RowCheck = Callable[[Row, Context], Sayings]


def years_add_up(row: Row, _context: Context) -> Sayings:
    """The years' plans make the total (no. 19)."""
    total, parts = row.money("total_investment"), row.entries("planned_by_year")
    if total is not None and parts and sum(parts.values()) != total:
        gap = in_words(abs(total - sum(parts.values())))
        yield Said(
            19,
            Level.VERIFY,
            f"分年合计与总投资相差{gap}，差额请说明",
            next(n for n in row.values if n.startswith("planned_by_year.")),
        )


def previous_month(month: str) -> str:
    """Return the month before.

    >>> previous_month("2026-01")
    '2025-12'
    """
    year, number = map(int, month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02d}"


def _before(context: Context, field: str) -> Decimal | None:
    """Return an amount (yuan) that the last month's progress of the row's project stated."""
    if context.month is None or context.project_key is None:
        return None
    slot = Slot("project:progress", previous_month(context.month), context.project_key)
    entry = context.memory.entry(slot)
    value = entry.fact(field) if entry is not None else None
    return None if value is None else Decimal(value)


def progress_continues(row: Row, context: Context) -> Sayings:
    """What was reached last month plus this month is what is reached now (no. 20, 21)."""
    this_month = row.money("invested_this_month")
    fields = ["invested_since_start"]
    if context.month is not None and not context.month.endswith("-01"):
        fields.append("invested_year_to_date")
    for field in fields:
        before, now = _before(context, field), row.money(field)
        if before is None or now is None:
            continue
        if now < before:
            if not row.text("$reason"):
                yield Said(
                    21, Level.VERIFY, f"累计小于上月（上月{_reported(before, row, field)}），请填写核减原因", field
                )
        elif this_month is not None and before + this_month != now:
            expected = _reported(before + this_month, row, field)
            yield Said(20, Level.RETURNED, f"上月累计加本月应为{expected}，现填{_reported(now, row, field)}", field)


def _reported(yuan: Decimal, row: Row, field: str) -> str:
    """Return an amount in the unit of the row's column."""
    return plain(yuan / Unit(row.units.get(field, Unit.YUAN)).factor)


def within_total(row: Row, context: Context) -> Sayings:
    """What is invested stays within the total (no. 22)."""
    total, now = row.money("total_investment"), row.money("invested_since_start")
    if total is None and context.project_key is not None:
        entry = context.memory.entry(Slot("project:project", "", context.project_key))
        stated = entry.fact("total_investment") if entry is not None else None
        total = None if stated is None else Decimal(stated)
    if total is not None and now is not None and now > total:
        yield Said(22, Level.VERIFY, "累计大于总投资，是否已调整概算？请填批复文号", "invested_since_start")


def finished_has_a_date(row: Row, _context: Context) -> Sayings:
    """What is finished has a date, where the sheet asks for one (no. 31)."""
    if (
        row.values.get("build_state") in ("竣工", "投产")
        and "ends_on_actual" in row.cells
        and row.day("ends_on_actual") is None
        and "ends_on_actual" in row.values
    ):
        yield Said(31, Level.RETURNED, "请补填实际竣工日期", "ends_on_actual")


def known_values(row: Row, context: Context) -> Sayings:
    """A town is one of the district's, a recycler one of the register's (no. 34, 59)."""
    for field, allowed in context.known.items():
        text = row.text(field)
        if text is None or text in allowed:
            continue
        if field.endswith("_uscc"):
            yield Said(59, Level.VERIFY, "不在名录，请核对企业名称和代码", field)
            continue
        near = [name for name in sorted(allowed) if text in name] or get_close_matches(text, sorted(allowed), n=1)
        yield Said(34, Level.VERIFY, f"是否为“{near[0]}”？" if near else f"“{text}”不在名录，请核对", field)


def unit_is_the_header_s(row: Row, _context: Context) -> Sayings:
    """A unit column says what the header says (no. 57)."""
    written = as_text(row.cells.get("$unit")).strip()
    if written and row.units and written not in row.units.values():
        yield Said(
            57, Level.RETURNED, f"单位列写{written}，表头为{next(iter(row.units.values()))}，请统一计量单位", "$unit"
        )


def vehicle_numbers(row: Row, _context: Context) -> Sayings:
    """A vehicle number has its shape (no. 45)."""
    text = row.text("identifier")
    if row.values.get("identifier_kind") != "车架号" or text is None:
        return
    if identifiers.vin_problem("".join(text.split()).upper()) is not None:
        yield Said(45, Level.RETURNED, VIN_SHAPE, "identifier")


def names_as_before(row: Row, context: Context) -> Sayings:
    """A credit code keeps its name, a project its name (no. 7, 11)."""
    for code, name in (("owner_uscc", "owner_name"), ("uscc", "name")):
        known = context.memory.memo("uscc", row.text(code) or "")
        if known is not None and row.text(name) not in (None, known):
            yield Said(7, Level.VERIFY, f"此前该代码对应“{known}”，请确认", code)
    if context.project_key is not None and row.text("name"):
        entry = context.memory.entry(Slot("project:project", "", context.project_key))
        if entry is not None and entry.fact("name") not in (None, row.text("name")):
            yield Said(11, Level.VERIFY, f"代码相同、名称不同（原“{entry.fact('name')}”），请确认是否更名", "name")


def deregistered_after_delivery(row: Row, context: Context) -> Sayings:
    """Deregistration follows delivery, also where they came in different months (no. 46)."""
    if row.values.get("step") != "注销登记" or context.project_key is None:
        return
    entry = context.memory.entry(Slot("scrappage:scrapped", "交售回收", context.project_key))
    delivered = entry.fact("on") if entry is not None else None
    on = row.day("on")
    if delivered is not None and on is not None and on < date.fromisoformat(delivered):
        yield Said(46, Level.VERIFY, "注销早于回收，请核对凭证日期", "on")


RULE_NUMBERS: Mapping[str, int] = {
    "personal-number": 3, "project-identified": 10, "equipment-within-total": 17, "purchase-within-total": 17, "funding-adds-up": 18,
    "january-is-the-year": 23, "plan-in-order": 29, "work-in-order": 29, "validity-in-order": 29, "state-fits": 30, "receipt-in-order": 48,
    "date": 54, "month": 54, "needs-reason": 55,
}  # fmt: skip
"""Rule of the contracts → number in the list of workbook errors."""

ROW_CHECKS: tuple[tuple[RowCheck, frozenset[str]], ...] = (
    (years_add_up, frozenset(("planned_by_year",))),
    (progress_continues, frozenset(("invested_since_start", "invested_year_to_date"))),
    (within_total, frozenset(("invested_since_start",))),
    (finished_has_a_date, frozenset(("ends_on_actual",))),
    (known_values, frozenset()),
    (unit_is_the_header_s, frozenset(("$unit",))),
    (vehicle_numbers, frozenset(("identifier_kind",))),
    (names_as_before, frozenset(("owner_name", "name"))),
    (deregistered_after_delivery, frozenset(("step",))),
)
"""The checks of a row, each with the fields of which a sheet must have one for it to say anything; of no fields: those that the district knows."""


def row_checks_of(fields: frozenset[str], known: Mapping[str, frozenset[str]]) -> list[RowCheck]:
    """Return the checks that may say something of a sheet with these fields."""
    return [check for check, speaks_of in ROW_CHECKS if fields & (speaks_of or known.keys())]


SheetCheck = Callable[[list[Row]], Iterator[tuple[Row, Said]]]


def certificates_are_used_once(rows: list[Row]) -> Iterator[tuple[Row, Said]]:
    """A certificate speaks of one thing (no. 60)."""
    first: dict[str, Row] = {}
    for row in rows:
        number = row.text("certificate_no")
        if number is None:
            continue
        earlier = first.setdefault(number, row)
        if earlier is not row and earlier.values.get("identifier") != row.values.get("identifier"):
            yield row, Said(60, Level.RETURNED, f"与第{earlier.number}行凭证编号重复", "certificate_no")


def steps_in_order(rows: list[Row]) -> Iterator[tuple[Row, Said]]:
    """Deregistration follows delivery within a sheet (no. 46)."""
    delivered = {
        row.text("identifier"): row.day("on")
        for row in rows
        if row.values.get("step") == "交售回收" and row.text("identifier")
    }
    for row in rows:
        on, before = row.day("on"), delivered.get(row.text("identifier"))
        if row.values.get("step") == "注销登记" and on is not None and before is not None and on < before:
            yield row, Said(46, Level.VERIFY, "注销早于回收，请核对凭证日期", "on")


SHEET_CHECKS: tuple[tuple[SheetCheck, frozenset[str]], ...] = (
    (certificates_are_used_once, frozenset(("certificate_no",))), (steps_in_order, frozenset(("step",))),
)  # fmt: skip
"""The checks of a sheet's rows among themselves, each with the fields of which it must have one."""
