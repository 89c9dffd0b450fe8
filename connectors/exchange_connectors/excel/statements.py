"""From a row to what it states: one statement for each event that the mapping makes of it. Pure."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import ValidationError

from exchange_connectors.excel.cells import as_text
from exchange_connectors.excel.checks import RULE_NUMBERS, Memory
from exchange_connectors.excel.mapping import ENVELOPE_FIELDS, Condition, EventMap, placeholders
from exchange_connectors.excel.model import Row, Value
from exchange_connectors.excel.places import wanted, written
from exchange_connectors.kit.ledger import Said, Slot, Sound, Statement, content, digest_of, slot_of
from exchange_connectors.kit.money import plain
from exchange_contracts import bounds, codec, problem, registry, rules
from exchange_contracts.keys import normal_key, without_blanks
from exchange_contracts.model import Event
from exchange_contracts.shape import Field

KEY_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be stated: number in the list of errors, Chinese message, field."""

    no: int
    message: str
    field: str | None = None


class Told(NamedTuple):
    """A statement in full, with the digest of its content."""

    statement: Statement
    digest: bytes


def _itself(told: Told) -> Told:
    return told


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A statement with where it came from. Of a plain row it is drawn up each time it is asked for: a long list has many.

    Attributes:
        slot: what it covers.
        thing: the slot by the normal form of its key: what two spellings of one key share.
        given: what *tell* and *draw* make the statement of.
        keys: the keys that name the thing, ``None`` for the slot's own alone.
    """

    sheet: str
    row: int
    slot: Slot
    thing: Slot
    given: Any
    keys: tuple[str, ...] | None = ()
    tell: Callable[[Any], Told] = _itself
    draw: Callable[[Any], Sound] | None = None

    def sound(self) -> Sound | None:
        """Return the statement as facts that are known to be sound, ``None`` where that is not known."""
        return None if self.draw is None else self.draw(self.given)

    def told(self) -> Told:
        """Return the statement with its digest."""
        return self.tell(self.given)

    @property
    def statement(self) -> Statement:
        """What is stated."""
        return self.told().statement

    @property
    def digest(self) -> bytes:
        """Digest of its content."""
        return self.told().digest

    @property
    def aliases(self) -> tuple[tuple[str, str, str], ...]:
        """The keys of the same thing, as (kind, alias, entity_key)."""
        kind = self.slot.register.partition(":")[0]
        return tuple((kind, key, self.slot.entity_key) for key in ((self.slot.entity_key,) if self.keys is None else self.keys))

    @property
    def said(self) -> Said:
        """What it covers and says."""
        return Said(self.slot, self.digest)


@dataclass(frozen=True, slots=True)
class Source:
    """Who speaks, where and for which month: what every event of a sheet shares."""

    bureau: str
    source: str
    file: str
    sheet: str = ""
    month: str | None = None


def holds(condition: Condition, row: Row) -> bool:
    """Say whether a ``when`` / ``unless`` condition is met: one of the fields filled, or all values allowed."""
    if isinstance(condition, list):
        return any(_filled(row, name) for name in condition)
    return all(as_text(row.values.get(name)) in allowed for name, allowed in condition.items())  # type: ignore[arg-type]  # a value that is not text is never among the allowed ones


def _filled(row: Row, name: str) -> bool:
    return row.values.get(name) not in (None, "", ()) or bool(row.entries(name))


def applies(event: EventMap, row: Row) -> bool:
    """Say whether a row gives this event."""
    return (not event.when or holds(event.when, row)) and not (event.unless and holds(event.unless, row))


def keys_of(template: str, row: Row) -> list[str]:
    """Return the entity keys a row's template gives: the first is the key, others are aliases; empty where unfilled."""
    parts = placeholders(template)
    if template == f"{{{'|'.join(parts[0])}}}":
        return [key for name in parts[0] if (key := _key_text(row.values.get(name)))]
    filled = template
    for names in parts:
        fallback = names[-1] if len(names) > 1 else ""
        texts = [text for name in names if (text := _key_text(row.values.get(name)))]
        # The last alternative may be a word instead of a field: {domain|all}.
        text = texts[0] if texts else (fallback if fallback not in row.values else "")
        if not text:
            return []
        filled = filled.replace(f"{{{'|'.join(names)}}}", text)
    return [filled]


def _key_text(value: Value) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return without_blanks(as_text(value if not isinstance(value, tuple) else "、".join(value)))


def state(row: Row, event: EventMap, source: Source, memory: Memory) -> Placed | list[Problem]:
    """Return what *row* states by *event*, or everything for which it cannot."""
    contract = registry.load().latest(event.type)
    keys = keys_of(event.key, row)
    if not keys:
        return [Problem(10, _no_key(event), next(iter(placeholders(event.key)[0])))]
    entity_key = memory.entity_key(contract.kind, keys) or keys[0]
    if len(entity_key) > KEY_LENGTH_MAX:
        return [Problem(10, f"主键超过{KEY_LENGTH_MAX}字，请核对编号", placeholders(event.key)[0][0])]
    made = _facts_of(row, event, source)
    if isinstance(made, Problem):
        return [made]
    facts, dated = made
    statement = Statement(event.type, entity_key, facts, dated)
    draft = draft_of(statement, source)
    if isinstance(draft, list):
        return [_at(row, event, each) for each in draft]
    return placed(statement, draft, source.sheet, row.number, tuple(keys))


def _facts_of(row: Row, event: EventMap, source: Source) -> tuple[dict[str, Any], bool] | Problem:
    """Return the facts that a row states and whether the bureau stated its date, or the first thing that is missing."""
    facts: dict[str, Any] = {}
    for field, named in stated_fields(event):
        value = fact_of_row(field, named, row)
        if value is None or value == "":
            value = event.constants.get(field.name)
        if value is not None and value != "":
            facts[field.name] = value
        elif not field.has_default and not field.shape.optional:
            return Problem(0, f"{{{named}}}为必填项，请补填", named)
    dated = place(facts, row, event, source)
    if dated is None:
        return Problem(28, "缺少日期或报送月份，请补填", event.occurred_on)
    return facts, dated


def place(facts: dict[str, Any], row: Row, event: EventMap, source: Source) -> bool | None:
    """Add day and origin to what a row states; say whether the bureau stated the day, ``None`` where there is none."""
    occurred_on, dated = _occurred_on(event, row, source.month)
    if occurred_on is None:
        return None
    facts["occurred_on"] = occurred_on
    facts["origin"] = {
        "file": source.file[-KEY_LENGTH_MAX:],
        "sheet": source.sheet,
        "row": row.number,
        "unit": _unit(row, facts),
        "cells": written(registry.load().latest(event.type), event, row),
    }
    return dated


def stated_fields(event: EventMap) -> list[tuple[Field, str]]:
    """Return the fields that an event takes from a row, each with its name in the row."""
    contract = registry.load().latest(event.type)
    return [
        (field, event.rename.get(field.name, field.name))
        for field in contract.fields
        if field.name not in ENVELOPE_FIELDS and wanted(field.name, event)
    ]


def placed(statement: Statement, draft: Event, sheet: str, row: int, keys: tuple[str, ...] = ()) -> Placed:
    """Return a checked statement with its slot and digest."""
    body = draft.model_dump()
    slot = slot_of(statement.type, statement.entity_key, body)
    thing = slot._replace(entity_key=normal_key(slot.register.partition(":")[0], slot.entity_key))
    return Placed(sheet, row, slot, thing, Told(statement, digest_of(content(statement.type, body))), keys)


def _no_key(event: EventMap) -> str:
    if event.type.startswith("Project"):
        return "请至少填写项目代码、内部编号其一"
    return "缺少编号，无法确定是哪一项，请补填"


def fact_of_row(field: Field, name: str, row: Row) -> Any:
    """Return a field's value as the event class takes it."""
    if field.name == "evidence":
        return [{"kind": kind, "number": number} for kind, number in row.evidence] or None
    if field.name == "reason" and name == "reason":
        return row.values.get("$reason")
    if field.shape.meaning == "map":
        return row.entries(name) or None
    value = row.values.get(name)
    if isinstance(value, tuple) and field.shape.inner is not None and field.shape.inner.meaning == "record":
        return [dict(zip(("department", "part"), item.split(":"), strict=True)) for item in value]
    return list(value) if isinstance(value, tuple) else value


def _unit(row: Row, facts: dict[str, Any]) -> str | None:
    """Return the unit that the statement's money was reported in."""
    return next((unit for name, unit in row.units.items() if name.partition(".")[0] in facts), None)


def month_day(month: str, last: bool) -> date:
    """Return the first or last day of a month."""
    year, number = map(int, month.split("-"))
    return date(year, number, monthrange(year, number)[1] if last else 1)


def _occurred_on(event: EventMap, row: Row, month: str | None) -> tuple[date | None, bool]:
    """Return the business date and whether the bureau stated it."""
    month = row.text("month") or month
    rule = event.occurred_on
    if rule not in ("month-end", "month-start"):
        day = row.day(rule)
        if day is not None:
            return day, True
        try:
            return date.fromisoformat(rule), False
        except ValueError:
            rule = "month-end"  # the date field is empty: the month is all there is
    return (None if month is None else month_day(month, rule == "month-end")), False


DRAWN_UP = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands in for recorded_at while a statement is only looked at."""


def draft_of(statement: Statement, source: Source) -> Event | list[Problem]:
    """Build the event to see whether the contract takes it, by the rules that the hub goes by."""
    try:
        draft = codec.class_of(statement.type)(
            **statement.facts,
            bureau=source.bureau,
            source=source.source,
            entity_key=statement.entity_key,
            revision=1,
            recorded_at=DRAWN_UP,
        )
        contract, facts = codec.decode_facts(codec.encode(draft))
    except ValidationError as error:
        first = error.errors()[0]
        return [Problem(0, f"{{{first['loc'][0]}}}的值不符合要求", str(first["loc"][0]))]
    except (codec.DecodeError, ValueError) as error:
        return [Problem(0, getattr(error, "reason", None) or "内容不符合要求")]
    return [_of_rule(each) for each in rules.problems(contract, facts)] or draft


def _of_rule(found: problem.Problem) -> Problem:
    """Return a problem with the rules of the event under its number."""
    return Problem(RULE_NUMBERS.get(found.rule, 0), found.words, found.fields[0] if found.fields else None)


def _at(row: Row, event: EventMap, found: Problem) -> Problem:
    """Return a problem with the contract's field names as the sheet's; the place is the first column of a map's."""
    names = {name: event.rename.get(name, name) for name in re.findall(r"\{([^{}]+)\}", found.message)}
    message = found.message
    for name, named in names.items():
        message = message.replace(f"{{{name}}}", f"{{{named}}}")
    place = event.rename.get(found.field or "", found.field)
    if place is not None and place not in row.places:
        place = next((each for each in row.places if each.startswith(f"{place}.")), place)
    return Problem(found.no, message, place)


def broken_rules(row: Row, event: EventMap) -> list[Problem]:
    """Return the rules that a row breaks which cannot be stated for another reason, as far as its cells could be read."""
    contract = registry.load().latest(event.type)
    facts: dict[str, Any] = {"reason": row.values.get("$reason"), "origin": {"unit": next(iter(row.units.values()), None)}}
    for field in contract.fields:
        name = event.rename.get(field.name, field.name)
        unread = any(each not in row.values for each in row.cells if each.partition(".")[0] == name)
        if field.name in ENVELOPE_FIELDS or unread or not wanted(field.name, event):
            continue
        value = fact_of_row(field, name, row)
        facts.setdefault(field.name, codec.fact_of(field.shape, event.constants.get(field.name) if value is None else value))
    # What a contract demands and the row lacks is said elsewhere; a rule is asked nothing of it.
    demanded = {field.name for field in contract.fields if not field.shape.optional}
    known = frozenset(name for name, value in facts.items() if value is not None or name not in demanded)
    facts = {field.name: None for field in contract.fields} | facts
    if "month" in {field.name for field in contract.fields} and facts["month"] is None:
        return []  # which rules hold depends on the month
    found = [*rules.of_table(contract, facts, known.__contains__), *bounds.unexplained(contract, facts)]
    return [_at(row, event, _of_rule(each)) for each in found]


def fixed_statement(type_: str, list_: str, month: str, facts: dict[str, Any], origin: dict[str, Any]) -> Statement:
    """Return a nil return or a submission: one for each list and month."""
    body = {**facts, "list": list_, "month": month, "occurred_on": month_day(month, last=True), "origin": origin}
    return Statement(type_, f"{list_}@{month}", body)


def conflicts(statements: list[Placed]) -> Iterator[tuple[Placed, Placed]]:
    """Yield (later, earlier) for statements of one slot that do not say the same."""
    first: dict[Slot, Placed] = {}
    for each in statements:
        earlier = first.setdefault(each.thing, each)
        if earlier is not each and earlier.digest != each.digest:
            yield each, earlier
