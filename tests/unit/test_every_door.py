"""A value reads the same through every door: pages, API, downloads and commands are compared with the exact value that the store has."""

import csv
import inspect
import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from exchange_contracts import registry
from exchange_hub.cli import output
from exchange_hub.cli.lists import condition
from exchange_hub.reports.catalogue import present
from exchange_hub.reports.model import load
from exchange_hub.reports.queries import Queries
from exchange_hub.views import facts
from exchange_hub.views.lists import LISTS
from exchange_hub.views.lists.model import Column, ListView
from exchange_hub.views.queries.answers import Event
from exchange_hub.views.summing import grouped
from exchange_hub.views.values import Json
from tests.console_rows import NOW, ORIGIN, PLACE, MemoryReading, MemorySource, opened, write_report

#: By type of column: what the store has, what machines read, what a file holds, what people read.
CASES: dict[str, tuple[Any, Json, Any, str]] = {
    "money": (-123_456_789_01, "-123456789.01", Decimal("-123456789.01"), "-12,345.68"),
    "count": (12_345, 12_345, 12_345, "12,345"),
    "quantity": (Decimal("1234.5000"), "1234.5", Decimal("1234.5"), "1,234.5"),
    "date": (date(2026, 10, 9), "2026-10-09", date(2026, 10, 9), "2026-10-09"),
    "month": ("2026-10", "2026-10", "2026-10", "2026年10月"),
    "flag": (False, False, "否", "否"),
    "money_map": ({"市级": 100, "区级": 250_000_000}, {"区级": "2500000.00", "市级": "1.00"}, "区级：2500000.00；市级：1.00", "区级 250.00；市级 0.0001"),
    "texts": (["甲", "乙"], ["甲", "乙"], "甲、乙", "甲、乙"),
    "text": ("=1+1", "=1+1", "=1+1", "=1+1"),
}


def case(column: Column) -> tuple[Any, Json, Any, str]:
    """The value of a column in four forms; codes of bureaus and lists are told by name to people."""
    if column.bureau:
        many = column.type == "texts"
        return (["water"], ["water"], "区水务局", "区水务局") if many else ("water", "water", "区水务局", "区水务局")
    if column.names_list:
        return ("trade-in", "trade-in", "以旧换新台账", "以旧换新台账")
    if column.year:
        return (2026, 2026, 2026, "2026")
    return CASES[column.type]


def row_of(view: ListView) -> dict[str, Any]:
    return {"row_key": "k", "component": "c", "bureaus": ["water"], **{column.name: case(column)[0] for column in view.columns}}


class Cells(HTMLParser):
    """The texts of the table cells and definitions of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th", "dd"):
            self.texts.append("")
            self._open += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "dd"):
            self._open -= 1

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[-1] += data


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    source.lists = {view.name: [row_of(view)] for view in LISTS}
    source.traces = {view.name: () for view in LISTS}
    return source


@pytest.fixture
def client(source: MemorySource, tmp_path: Path) -> Iterator[TestClient]:
    source.closed["2026-10"] = load(write_report(tmp_path), present())
    with opened(source, tmp_path) as client:
        yield client


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.name)
def test_every_column_of_a_list_through_the_console(client: TestClient, view: ListView) -> None:
    """List page, row page, API list, API row and the three downloads show each column's exact value in their own form."""
    people = [case(column)[3] for column in view.columns]
    page = Cells(client.get(f"/lists/{view.name}?cols=all").text).texts
    row_page = [text.strip() for text in Cells(client.get(f"/lists/{view.name}/row?key=k").text).texts]
    for words in people:
        assert words in [text.strip() for text in page]
        assert any(text == words or text.startswith(f"{words} ") for text in row_page), words
    machine = {column.name: case(column)[1] for column in view.columns}
    listed, row = client.get(f"/api/lists/{view.name}").json(), client.get(f"/api/lists/{view.name}/row?key=k").json()
    base = f"/lists/{view.name}/download?format="
    for found in (listed["rows"][0], row["row"], client.get(f"{base}json").json()[0]):
        assert {name: found[name] for name in machine} == machine
    files = [case(column)[2] for column in view.columns]
    [head, line] = csv.reader(io.StringIO(client.get(f"{base}csv").content.decode("utf-8-sig")))
    assert line == ["'=1+1" if cell == "=1+1" else str(cell) for cell in files]
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"{base}xlsx").content)).active
    assert [cell.value for cell in sheet[2]] == head
    for cell, expected in zip(sheet[3], files, strict=True):
        value = cell.value.date() if isinstance(expected, date) else cell.value
        assert value == (pytest.approx(float(expected)) if isinstance(expected, Decimal) else expected)
        assert isinstance(value, (int, float)) == isinstance(expected, (int, Decimal))


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.name)
def test_every_column_of_a_list_through_the_command(view: ListView, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`hub list` writes the same values as the console: JSON for machines, CSV byte for byte, the table for people."""
    monkeypatch.setenv("COLUMNS", "4000")
    rows, layout = [row_of(view)], output.Layout(whole=True, names=PLACE.bureaus)
    output.show(view.title, rows, view.columns, "json", tmp_path / "rows.json", layout=layout)
    told = json.loads((tmp_path / "rows.json").read_text())
    assert {column.name: told[column.name] for column in view.columns} == {column.name: case(column)[1] for column in view.columns}
    output.show(view.title, rows, view.columns, "csv", tmp_path / "rows.csv", layout=layout)
    source = MemorySource()
    source.lists[view.name] = rows
    with opened(source, tmp_path) as client:
        assert (tmp_path / "rows.csv").read_bytes() == client.get(f"/lists/{view.name}/download?format=csv").content
    capsys.readouterr()
    output.show(view.title, rows, view.columns, "table", None, layout=layout)
    shown = capsys.readouterr().out
    for column in view.columns:
        assert case(column)[3] in shown


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.name)
def test_what_a_door_says_it_takes_again(view: ListView) -> None:
    """A machine's value of any column, given as a condition, finds what the store has: money in yuan, never in fen."""
    for column in view.columns:
        if column.type not in ("money_map", "texts"):
            stored, machine, _, _ = case(column)
            text = {False: "false"}.get(machine, str(machine)) if isinstance(machine, bool) else str(machine)
            assert condition(view, (f"{column.name}={text}",)) == {column.name: (stored,)}


@pytest.mark.parametrize("view", LISTS, ids=lambda view: view.name)
def test_groups_are_named_in_yuan(view: ListView) -> None:
    """`hub list --by COLUMN` names its groups as machines read the column, and sums money to be shown in yuan."""
    rows = [row_of(view)]
    for column in view.columns:
        columns, [line] = grouped(view, rows, column.name, by_month=True)
        machine = case(column)[1]
        if isinstance(machine, str):
            assert line[column.name] == machine
        assert "12345678901" not in str(line[column.name])
        assert all(each.type in ("text", "money", "count") for each in columns)


def facts_of(contract: Any) -> dict[str, Any]:
    """Facts of an event as they are decoded: each field filled by its type."""
    stored: dict[str, Any] = {}
    for field in contract.fields:
        column = facts.column_of(contract.event, field.name)
        if field.name in facts.COMMON or (field.shape.meaning == "array" and field.shape.inner.meaning == "record"):
            continue
        raw = 20_735 if column.type == "date" else CASES[column.type][0]
        stored[field.name] = {"甲": "乙"} if field.shape.meaning == "map" and column.type == "text" else raw
    return stored


@pytest.mark.parametrize("contract", registry.load().contracts(), ids=lambda contract: contract.event)
def test_every_fact_of_an_event_by_its_own_contract(client: TestClient, source: MemorySource, contract: Any) -> None:
    """A fact reads by the contract that states it: tonnes are no amount, an amount is in yuan, on the row's page and in the API."""
    stored = facts_of(contract)
    event = Event("t", 1, "e", contract.event, "water", f"{contract.register}", 1, date(2026, 10, 9), NOW, True, "excel", "", ORIGIN, stored)
    source.traces["materials"] = (event,)
    answer = client.get("/api/lists/materials/row?key=k")
    assert answer.status_code == 200
    told = answer.json()["claims"][0]["facts"]
    for name in stored:
        column = facts.column_of(contract.event, name)
        if column.type in ("money", "quantity", "count", "date", "money_map"):
            assert told[name] == ("2026-10-09" if column.type == "date" else CASES[column.type][1])
    cells = Cells(client.get("/lists/materials/row?key=k").text).texts
    for name in stored:
        column = facts.column_of(contract.event, name)
        exact = {"money": "-123,456,789.01", "quantity": "1,234.5"}.get(column.type)
        if exact is not None:
            unit = "（元）" if column.type == "money" else f"（{column.unit}）" if column.unit else ""
            place = next(place for place, text in enumerate(cells) if text.strip() == f"{column.title}{unit}")
            assert cells[place + 1].strip() == exact


FIGURES = {
    "元": ("396000000.00", "396,000,000.00 元"), "万元": ("39600", "39,600.00 万元"), "亿元": ("3.96", "3.96 亿元"), "%": ("81.25", "81.3 %"),
    "台套": ("1234", "1,234 台套"), "吨": ("12.5000", "12.50 吨"), "万吨": ("0.5", "0.50 万吨"), "个百分点": ("-3.0", "-3 个百分点"),
}  # fmt: skip


@pytest.mark.parametrize("unit", FIGURES)
@pytest.mark.parametrize("derived", [False, True])
def test_every_figure_stands_in_the_unit_that_is_said(source: MemorySource, tmp_path: Path, unit: str, derived: bool) -> None:
    """A figure's page, the page that it is a term of, the table of all figures and the API name one value in one unit."""
    value, words = FIGURES[unit]
    document = write_report(tmp_path)
    list_name = "" if derived else "indicators"
    origin = {"list": list_name, "where": {}, "measure": "b.合计.y + b.合计.z" if derived else "sum(value)", "rows": 1}
    term = {"list": "", "where": {}, "measure": "goals.设备投资额.工业.ytd − b.合计.y", "rows": 0}
    document |= {"sections": [], "closed_at": f"2031-11-05T01:00:{derived:d}{[*FIGURES].index(unit)}+00:00"}  # each case is a close of its own, and no other test's
    document["figures"] = {
        "goals.设备投资额.工业.ytd": {"value": value, "unit": unit, "period": "2026-10", "source": origin},
        "goals.设备投资额.工业.yoy": {"value": "1.0", "unit": "%", "period": "2026-10", "source": term},
    }
    source.closed["2026-10"] = load(document, present())
    with opened(source, tmp_path) as client:
        page = client.get("/reports/2026-10/figure?id=goals.设备投资额.工业.ytd").text
        assert f"<h1>{words} <small>" in unescape(page)
        number, _, said = words.partition(" ")
        term_page = [text.strip() for text in Cells(client.get("/reports/2026-10/figure?id=goals.设备投资额.工业.yoy").text).texts]
        place = term_page.index(number)
        assert term_page[place + 1] == said
        whole = [text.strip() for text in Cells(client.get("/reports/2026-10").text).texts]
        place = whole.index(number)
        assert whole[place + 1] == said
        [figure, _] = client.get("/api/reports/2026-10/figures").json()
        assert (Decimal(figure["value"]), figure["unit"]) == (Decimal(value), unit)


def test_the_double_of_these_tests_is_asked_as_the_store_is() -> None:
    """Every question to the store that needs a connection has the same signature in the double that the pages are tested on."""
    public = {name for name in dir(Queries) if not name.startswith("_") and callable(getattr(Queries, name))}
    derived = {"view", "trace_row", "month_under_review"}
    assert {name for name in public if name not in vars(MemoryReading)} == derived
    for name in public - derived:
        assert inspect.signature(getattr(MemoryReading, name)) == inspect.signature(getattr(Queries, name)), name
