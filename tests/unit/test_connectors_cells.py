"""Provenance down to the cell: every field of an event names the cell of the clerk's workbook, or the field of its line, that it was read from."""

import importlib
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_connectors.excel import load, look_at
from exchange_connectors.excel.statements import Placed
from exchange_connectors.jsonlines import Taken, read_lines
from exchange_contracts import cells, codec, registry
from exchange_contracts.events import SubsidyPaid
from exchange_contracts.units import MoneyUnit
from exchange_hub.views.facts import read_at
from tests.unit.test_connectors_dropfolder import A, B, Desk
from tests.unit.test_connectors_joined_columns import looked_at
from tests.unit.test_connectors_jsonlines import LINE

DISTRICT = Path(__file__).parents[2] / "deploy/districts/wuqing"


def places(each: Placed) -> dict[str, str]:
    """Return field → cell of a statement, as a reader of the log would."""
    origin = each.statement.facts["origin"]
    return cells.places(registry.load().latest(each.statement.type), origin["cells"], origin["row"])


def test_joined_fixed_and_merged_cells_are_named(tmp_path: Path) -> None:
    """Columns that are joined are all named, a merged cell carried down by its own row, the month by the cell that says it, a map entry by entry."""
    first, second, third = map(places, looked_at(tmp_path).statements)
    assert (first["name"], second["name"], third["name"]) == ("B6+C6", "B6+C7", "B8+C8")
    assert (second["entity_key"], second["occurred_on"], second["total_investment"]) == ("B6+C7", "L2", "F7")
    assert second["funding"] == "超长期特别国债=G7+维修资金=H7+业主自筹=I7"
    assert read_at(second["funding"]) == "超长期特别国债 G7、维修资金 H7、业主自筹 I7"
    assert "domain" not in second, "a constant of the mapping was read from no cell"


def test_a_month_of_the_title_or_the_file_name_is_named(tmp_path: Path) -> None:
    """Where title or file name say the month, they are the place of what was derived from it."""
    desk = Desk(tmp_path)
    desk.drop(A)
    desk.drop(B, month="本期", name="工信局2026年8月.xlsx")
    desk.turn()
    found = {each.entity_key: _of_event(each) for each in desk.events() if type(each).__name__ == "ProjectProgressReported"}
    assert [(each["month"], each["invested_this_month"]) for each in found.values()] == [("file", "J6"), ("title", "J6")]


def _of_event(event: Any) -> dict[str, str]:
    value = codec.encode(event)
    return cells.places(codec.written_with(value), event.origin.cells, event.origin.row)


@pytest.fixture(scope="module")
def samples() -> Iterator[Any]:
    """The generator of the sample workbooks as a module."""
    sys.path.insert(0, str(DISTRICT / "samples"))
    yield importlib.import_module("generate")
    sys.path.remove(str(DISTRICT / "samples"))


@pytest.mark.parametrize("bureau", ["industry", "commerce", "finance", "water"])
def test_the_cell_that_is_named_holds_the_value(samples: Any, tmp_path: Path, bureau: str) -> None:
    """In the sample workbooks every text, day and amount of a statement stands in the cell that its event names."""
    book = next(each for each in samples.declare().books if (each.bureau, each.step) == (bureau, "2026-09") and not each.copy_of)
    path = samples.write(book, tmp_path)
    opened = openpyxl.load_workbook(path)
    statements = look_at(path, load(DISTRICT / f"connectors/{bureau}.toml")).statements
    compared = 0
    for each in statements[:400]:
        facts, sheet = each.statement.facts, opened[each.sheet]
        for name, place in places(each).items():
            if name in facts and place not in ("title", "file") and not set(place) & set("+="):
                compared += _agrees(facts[name], sheet[place].value, facts["origin"]["unit"])
    assert compared > len(statements[:400]) > 0


def _agrees(fact: Any, cell: Any, unit: str | None) -> bool:
    """Compare a fact with its cell where both are of a kind that can be; what cannot is ``False``."""
    if isinstance(fact, str) and isinstance(cell, str) and fact.isascii() and cell.isascii():
        assert "".join(cell.split()).casefold() == "".join(fact.split()).casefold()
    elif isinstance(fact, Decimal) and isinstance(cell, int | float):
        scaled = Decimal(str(cell)) * (MoneyUnit(unit).factor if unit else 1)
        assert fact in (scaled, Decimal(str(cell)))
    elif isinstance(fact, date) and isinstance(cell, datetime):
        assert cell.date() == fact
    else:
        return False
    return True


def test_cells_are_no_news(tmp_path: Path) -> None:
    """A workbook whose columns moved states nothing new: neither the ledger nor the digest of facts looks at cells."""
    desk = Desk(tmp_path)
    path = desk.drop(A, B)
    desk.turn()
    book = openpyxl.load_workbook(path)
    for merged in list(book.active.merged_cells.ranges):
        book.active.unmerge_cells(str(merged))
    book.active.insert_cols(1)
    book.save(desk.folder / "inbox" / "右移2026年9月.xlsx")
    (result,) = desk.turn()
    assert (result.published, result.unchanged) == (0, 4)
    event = desk.events()[0]
    bare = event.model_copy(update={"origin": event.origin.model_copy(update={"cells": None})})
    digests = {codec.facts_digest(*codec.decode_facts(codec.encode(each))) for each in (event, bare)}
    assert (len(digests), bare.event_id) == (1, event.event_id)


def test_an_event_of_before_names_no_cell() -> None:
    """An event written before cells were told decodes, and says so; what is no place is left out."""
    line = {key: value for key, value in LINE.items() if key != "type"} | {"bureau": "commerce", "recorded_at": "2026-10-08T00:00:00Z"}
    event = SubsidyPaid(**line, origin={"file": "台账.xlsx", "sheet": "支付", "row": 7})
    contract, facts = codec.decode_facts(codec.encode(event))
    assert cells.places(contract, facts["origin"]["cells"], 7) == {}
    assert cells.places(contract, "A,?,B2+C9999999999999,<script>", 7) == {"entity_key": "A7", "granularity": "B2"}


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    """Whatever a foreign system writes as cells, reading it gives places or nothing, and never fails."""
    for contract in registry.load().contracts()[:3]:
        assert all(map(read_at, cells.places(contract, text, 7).values()))


def test_a_line_names_file_line_and_field() -> None:
    """Of JSON Lines the place is the line and the field's own name; an origin that the line gives itself stays."""
    own = {"file": "账.db", "sheet": "pay", "row": 9}
    texts = [json.dumps(LINE), json.dumps(LINE | {"entity_key": "A-2", "application_no": "A-2", "origin": own})]
    given_, told = [taken.event for taken in read_lines(texts, "commerce", datetime(2026, 10, 8, tzinfo=UTC), "支付.jsonl") if isinstance(taken, Taken)]
    assert (given_.origin.file, given_.origin.row) == ("支付.jsonl", 1)
    assert read_at(_of_event(given_)["amount"]) == "“amount”项"
    assert (told.origin.file, told.origin.row, told.origin.cells) == ("账.db", 9, None)
