"""The peers that fold make the rows that the hub makes, from a state that went through bytes before each event."""

from typing import Any

import orjson

from exchange_hub.views.reading import read
from exchange_hub.views.statement import ClaimKey, Record, Rejection
from tests.bench.dataset import SHARES, messages
from tests.bench.ours import Memory
from tests.bench.peer_fold import entered, packed, registers_in, rows_in, rows_of, rules_of, stated
from tests.bench.peer_tables import written
from tests.bench.peer_work import Totals
from tests.bench.stage import SAMPLE

EVENTS = 1500


def test_a_peer_keeps_the_rows_that_the_hub_folds() -> None:
    """Of claims that nobody joins, a peer's state holds the rows of the hub's fold, quantities exact, however often it was read back."""
    rules = rules_of(str(SAMPLE))
    memory, totals = Memory(rules), Totals(0)
    states: dict[ClaimKey, bytes] = {}
    for bureau in SHARES:
        for off, message in enumerate(messages(bureau, 0, EVENTS)):
            result = read(Record(0, off, 0, message.key, message.value, message.headers), bureau, rules)
            if not isinstance(result, Rejection):
                memory.take([(bureau, *result)])
            if (event := stated(message.value)) is not None:
                contract, facts = event
                key = ClaimKey(contract.kind, bureau, message.key.decode())
                registers = registers_in(states[key]) if key in states else {}
                if entered(contract, facts, registers, totals):
                    states[key] = packed(registers, rows_of(contract.kind, facts, registers, rules))
    assert states.keys() == memory.registers.keys()
    alone = {key for key, values in memory.values.items() if all(memory.holders[value] == (key,) for value in values)}
    own = {key: _as_json(memory.rows[key]) for key in alone}
    assert {key: sorted(rows_in(kept)) for key, kept in states.items() if key in alone} == own
    assert sum(map(len, own.values())) > EVENTS / 2


def _as_json(rows: Any) -> list[list[Any]]:
    return sorted(orjson.loads(orjson.dumps([[row.list, row.key, row.values] for row in rows], default=str)))


def test_every_row_of_a_sink_has_all_columns_and_one_that_is_no_more_is_gone() -> None:
    """A batch takes its columns from its first row, so that none may lack one; what an event takes away is marked."""
    present, gone = written([["returns", "甲", {"file": "月报.xlsx"}]], [["returns", "乙"], ["returns", "甲"]], "water")
    assert (present["row_key"], present["file"], present["rows_read"], present["gone"]) == ("water/甲", "月报.xlsx", 0, False)
    assert (gone["row_key"], gone["gone"], gone.keys()) == ("water/乙", True, present.keys())
