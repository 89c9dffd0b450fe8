"""Hypothesis strategies for every event, built from the contracts themselves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from exchange_contracts import registry
from exchange_contracts.events import EVENTS
from exchange_contracts.model import Event
from exchange_contracts.primitives import MILLIS_MAX, MILLIS_MIN
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Shape

_CHARACTERS = st.characters(blacklist_categories=("Cs",), blacklist_characters="\0")
_NO_CONTROLS = st.characters(blacklist_categories=("Cs", "Cc"))
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"

months = st.builds("{}-{:02d}".format, st.integers(1900, 2199), st.integers(1, 12))
years = st.integers(1900, 2199).map(str)
decimals = st.one_of(st.integers(-300, 300), st.integers(-(10**18) + 1, 10**18 - 1))
instants = st.integers(MILLIS_MIN, MILLIS_MAX).map(
    lambda millis: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
)

FORMATTED: dict[str, st.SearchStrategy[str]] = {
    "month": months,
    "year": years,
    "period": st.one_of(months, years),
    "uscc": st.text(_USCC, min_size=18, max_size=18),
    "project_code": st.just("2509-120114-89-01-544060"),
    "token": st.integers(1, 9).map(lambda number: f"k{number}:abcDEF_-{number:08d}"),
    "sha256": st.text("0123456789abcdef", min_size=64, max_size=64),
    "bureau": st.sampled_from(("industry", "development-reform", "commerce", "finance")),
    "key": st.text(_NO_CONTROLS, min_size=1, max_size=40),
}


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Return a strategy of the typed values that a shape allows."""
    present = _present(shape)
    return st.none() | present if shape.optional else present


def _present(shape: Shape) -> st.SearchStrategy[Any]:
    if shape.codelist:
        return st.sampled_from(registry.load().codelists[shape.codelist])
    if shape.format:
        return FORMATTED[shape.format]
    match shape.meaning:
        case "text":
            return st.text(_CHARACTERS, max_size=90)
        case "uuid":
            return st.uuids()
        case "int":
            return st.integers(-(2**31), 2**31 - 1)
        case "long":
            return st.one_of(st.integers(-9, 9), st.integers(-(2**63), 2**63 - 1))
        case "date":
            return st.dates(date(1900, 1, 1), date(2199, 12, 31))
        case "instant":
            return instants
        case "money":
            return decimals.map(lambda fen: Decimal(fen).scaleb(-2))
        case "quantity":
            return decimals.map(lambda number: Decimal(number).scaleb(-4))
        case "boolean":
            return st.booleans()
        case "record":
            return st.fixed_dictionaries({field.name: values(field.shape) for field in shape.fields})
    assert shape.inner is not None
    if shape.meaning == "array":
        return st.lists(values(shape.inner), max_size=3).map(tuple)
    return st.dictionaries(_keys(shape), values(shape.inner), max_size=3)


def _keys(shape: Shape) -> st.SearchStrategy[str]:
    if shape.keys_codelist:
        return st.sampled_from(registry.load().codelists[shape.keys_codelist])
    return FORMATTED[shape.keys_format] if shape.keys_format else st.text(_CHARACTERS, max_size=20)


@cache
def events(contract: Contract) -> st.SearchStrategy[Event]:
    """Return a strategy of the events of one contract; the id is left to be computed."""
    fields = {field.name: values(field.shape) for field in contract.fields if field.name != "event_id"}
    fields["revision"] = st.integers(1, 2**63 - 1)
    # Texts that a contract requires must say something to pass the check stage.
    fields |= dict.fromkeys(contract.requires, st.text(_CHARACTERS, min_size=1, max_size=40))
    return st.fixed_dictionaries(fields).map(EVENTS[contract.event].model_validate)


def plain_event(contract: Contract, **given: Any) -> Event:
    """Return one fixed, complete event of a contract; *given* fields replace the fixed ones."""
    facts = {field.name: plain_value(field.shape) for field in contract.fields if field.name != "event_id"}
    return EVENTS[contract.event].model_validate(facts | given)


_PLAIN: dict[str, Any] = {
    "text": "更新改造",
    "int": 2026,
    "long": 7,
    "date": date(2026, 10, 31),
    "instant": datetime(2026, 10, 31, 16, 30, tzinfo=UTC) + timedelta(milliseconds=250),
    "money": Decimal("1234567.89"),
    "quantity": Decimal("12.5000"),
    "boolean": True,
    "uuid": "6f0a5f0e-6a0e-5d55-9a3b-3d1f2c7c1e64",
}
_PLAIN_FORMATTED = {
    "month": "2026-10",
    "year": "2026",
    "period": "2026-10",
    "uscc": "91350100M000100Y43",
    "project_code": "2509-120114-89-01-544060",
    "token": "k1:abcdefghij",
    "sha256": "0" * 64,
    "bureau": "industry",
    "key": "2509-120114-89-01-544060",
}


def plain_value(shape: Shape) -> Any:
    """Return the fixed value of a shape: everything present, one item in each array and map."""
    if shape.codelist:
        return registry.load().codelists[shape.codelist][0]
    if shape.format:
        return _PLAIN_FORMATTED[shape.format]
    if shape.meaning == "record":
        return {field.name: plain_value(field.shape) for field in shape.fields}
    if shape.inner is None:
        return _PLAIN[shape.meaning]
    if shape.meaning == "array":
        return (plain_value(shape.inner),)
    codelists = registry.load().codelists
    key = codelists[shape.keys_codelist][0] if shape.keys_codelist else _PLAIN_FORMATTED.get(shape.keys_format, "合计")
    return {key: plain_value(shape.inner)}
