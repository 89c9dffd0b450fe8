"""The work of the peers that could show a list: decode, keep what each register says, fold the claim, keep its rows.

Decoder and folds are the hub's own, so that a peer lacks nothing that the hub has made quick. What it does not do: check
headers, ids and code lists, keep a log and positions of its own, answer by receipts, find one event told twice, and join
what several bureaus say of one thing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from exchange_contracts import codec
from exchange_contracts.registry import Contract
from exchange_hub.processes.compose import Hub
from exchange_hub.runtime.settings import Settings
from exchange_hub.views.fold import fold_component
from exchange_hub.views.rules import FoldRules
from exchange_hub.views.statement import Claim, ClaimKey, Fact
from tests.bench.dataset import AMOUNTS
from tests.bench.peer_work import Totals

#: register → [revision, event, withdrawn, facts]
Registers = dict[str, list[Any]]
#: [list, key, values] of each row
Rows = list[list[Any]]


def rules_of(district: str) -> FoldRules:
    """The rules that the hub's workers fold by."""
    return Hub.load(Settings(district=Path(district))).rules()


def stated(value: bytes) -> tuple[Contract, dict[str, Any]] | None:
    """Decode a Kafka value; ``None`` for what is no event."""
    try:
        return codec.decode_facts(value)
    except codec.DecodeError:
        return None


def entered(contract: Contract, facts: dict[str, Any], registers: Registers, totals: Totals) -> bool:
    """Enter an event into its claim's *registers* and the totals; ``False`` where it is no later revision."""
    register = contract.register
    if contract.subkey:
        register += ":" + "|".join([str(facts[name]) for name in contract.subkey])
    present = registers.get(register)
    revision, amount = facts["revision"], _amount(contract.event, facts)
    if present is None:
        totals.note(facts["bureau"], f"{contract.kind}:{contract.register}", 1, amount)
    elif revision > present[0]:
        totals.note(facts["bureau"], f"{contract.kind}:{contract.register}", 0, amount - _amount(present[1], present[3]))
    else:
        return False
    registers[register] = [revision, contract.event, contract.withdraws, facts]
    return True


def _amount(event: str, facts: Mapping[str, Any]) -> int:
    name = AMOUNTS.get(event)
    return (facts[name] or 0) if name else 0


def rows_of(kind: str, facts: Mapping[str, Any], registers: Registers, rules: FoldRules) -> Rows:
    """Fold a claim into the rows that a list would be read from."""
    held = {register: Fact(event, revision, b"", withdrawn, said) for register, (revision, event, withdrawn, said) in registers.items()}
    folded = fold_component([Claim(ClaimKey(kind, facts["bureau"], facts["entity_key"]), held)], rules)
    return [[row.list, row.key, row.values] for row in folded.rows]


def packed(registers: Registers, rows: Rows) -> bytes:
    """Return a claim as one value of a store of bytes: a line of registers, a line of rows (JSON has no line breaks).

    Quantities become texts, which is exact, and no fold reckons with them.
    """
    return orjson.dumps(registers, default=str, option=orjson.OPT_APPEND_NEWLINE) + orjson.dumps(rows, default=str)


def registers_in(kept: bytes) -> Registers:
    """Return the registers of a packed claim; its rows stay unread."""
    registers: Registers = orjson.loads(kept[: kept.index(b"\n")])
    return registers


def rows_in(kept: bytes) -> Rows:
    """Return the rows of a packed claim."""
    rows: Rows = orjson.loads(kept[kept.index(b"\n") + 1 :])
    return rows
