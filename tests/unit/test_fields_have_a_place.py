"""Nothing that bureaus fill in is kept out of sight: every field of every contract is read by a list."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from exchange_contracts import registry
from exchange_contracts.registry import Contract
from exchange_contracts.shape import Shape
from exchange_hub.views.facts import COMMON
from exchange_hub.views.fold import fold_component
from exchange_hub.views.lists import KINDS
from exchange_hub.views.reading import checked
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, Record, Statement
from tests.strategies.universe import item_of

#: Events that speak of what another one says: they are folded beside it.
BESIDE = {"ProjectProgressReported": "ProjectAdded", "PolicyExpired": "PolicyListed", "SubsidyReversed": "SubsidyPaid"}
#: Fields that name what an event takes back, ends or reverses: what they name is shown, not they.
NAMES = {
    ("EnterpriseDelisted", "uscc"), ("EquipmentLineWithdrawn", "line_no"), ("SupplyDemandMatchWithdrawn", "match_no"), ("PolicyExpired", "document_no"),
    ("PolicyExpired", "level"), ("SubsidyReversed", "reverses_voucher_no"), ("OutletWithdrawn", "outlet_no"),
}  # fmt: skip
RULES = FoldRules()
#: Two values as decoded facts hold them: days and fen are whole numbers.
OF_FORMAT: dict[str, tuple[Any, Any]] = {
    "month": ("2026-09", "2026-10"), "period": ("2026-09", "2026-10"), "year": ("2025", "2026"), "bureau": ("commerce", "finance"),
}  # fmt: skip
OF_MEANING: dict[str, tuple[Any, Any]] = {
    "text": ("甲", "乙"), "int": (2025, 2026), "long": (7, 8), "date": (20_500, 20_501), "money": (12_345, 12_346), "quantity": (Decimal("1.2345"), Decimal("1.2346")),
    "boolean": (False, True), "map": ({}, {"合计": 12_345}), "array": ([], [{"department": "water", "part": None}]), "texts": ([], ["签发"]),
}  # fmt: skip


@cache
def _statements() -> dict[str, list[Statement]]:
    """Events of every type of which a list is made, as the worker reads them."""
    found: dict[str, list[Statement]] = defaultdict(list)
    for code in range(6000):
        item = item_of(code)
        statement = checked(Record(1, 0, 0, item.key, item.value, item.headers), item.bureau)
        assert isinstance(statement, tuple)
        found[item.event].append(statement[0])
    return found


def _unread(contract: Contract) -> Iterator[str]:
    """Yield the fields that change no row of any event, whatever they say; what a register is named after is not among them."""
    for field in contract.fields:
        if field.name in COMMON or field.name == "granularity" or field.name in contract.subkey or (contract.event, field.name) in NAMES:
            continue
        said = _two_values(field.shape)
        if all(_with(statement, field.name, said[0]) == _with(statement, field.name, said[-1]) for statement in _statements()[contract.event]):
            yield field.name


def _two_values(shape: Shape) -> Sequence[Any]:
    """Return values of which the first and the last differ."""
    if shape.codelist:
        return registry.load().codelists[shape.codelist]
    of_texts = shape.meaning == "array" and shape.inner is not None and shape.inner.meaning == "text"
    return OF_FORMAT.get(shape.format) or OF_MEANING["texts" if of_texts else shape.meaning]


def _with(statement: Statement, name: str, value: Any) -> Any:
    """Return the rows of an event that says *value* there and all else as before."""
    registers = {statement.register: statement.fact._replace(facts={**statement.fact.facts, name: value})}
    if statement.fact.event in BESIDE:
        other = _statements()[BESIDE[statement.fact.event]][0]
        registers[other.register] = other.fact
    folded = fold_component([Claim(statement.key, registers)], RULES)
    assert folded.failure is None, folded.failure
    return folded.rows


def test_every_field_is_read_by_a_list() -> None:
    """What a bureau may fill in changes a row of a list: no field is asked for in vain."""
    latest = {contract.event: contract for contract in registry.load().contracts() if KINDS[contract.kind].lists}
    assert not {(contract.event, name) for contract in latest.values() for name in _unread(contract)}
