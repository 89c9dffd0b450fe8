"""Compare the rows of a views schema with the oracle's: lost, doubled and wrong, list by list."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.oracle.findings import Findings, findings
from tests.oracle.lists import Expected, rows
from tests.oracle.outcomes import Ledger, Said, ledger_of
from tests.oracle.rules import Rules

#: List → table. Written out: the oracle reads no catalogue.
TABLES: Mapping[str, str] = {
    "equipment-projects": "equipment_project", "recycling-projects": "recycling_project", "project-progress": "project_progress",
    "enterprises": "enterprise", "funding-policies": "funding_policy", "funds": "fund", "scrappage": "scrappage",
    "trade-in": "trade_in", "materials": "material", "indicators": "indicator", "documents": "document", "plans": "plan",
    "problems": "problem", "tasks": "task_progress", "submissions": "submission",
    "support-sought": "support_sought", "safeguards": "safeguard", "energy-stocks": "energy_stock", "equipment-lines": "equipment_line", "project-procedures": "project_procedure", "publicity": "publicity", "elimination": "elimination", "matches": "supply_match", "returns": "workbook_return",
    "outlets": "outlet", "project-claims": "project_claim", "outlet-claims": "outlet_claim",
}  # fmt: skip

#: (component, row key)
Place = tuple[str, str]


@dataclass
class Verdict:
    """What differs between a store and the oracle; all empty where the store is right."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    rows: int = 0
    #: Column → how many of its values are wrong.
    wrong_columns: Counter[str] = field(default_factory=Counter)

    @property
    def right(self) -> bool:
        """Whether nothing differs."""
        return not (self.lost or self.doubled or self.wrong or self.outcomes or self.findings)

    def __str__(self) -> str:
        heads = []
        for name in ("lost", "doubled", "wrong", "outcomes", "findings"):
            found = getattr(self, name)
            heads.append(f"{len(found)} {name}" + "".join(f"\n    {line}" for line in found[:8]))
        return f"{self.rows} rows: " + "; ".join(heads)


def verdict(
    conn: psycopg.Connection, topics: Mapping[str, Iterable[Said]], rules: Rules, schema: str = "live"
) -> Verdict:
    """Compare everything: rows of all lists, findings of single entities, and the outcome of every record."""
    ledger = ledger_of(topics)
    found = compare_rows(conn, rows(ledger.claims, rules), schema)
    found.outcomes = compare_outcomes(conn, ledger)
    found.findings = compare_findings(conn, findings(ledger.claims, rules), schema)
    return found


def compare_findings(conn: psycopg.Connection, expected: Findings, schema: str = "live") -> list[str]:
    """Compare what should be looked at: each finding once, with the values compared."""
    stored: Findings = {}
    told = []
    for rule, subject, component, detail in conn.execute(f"SELECT rule, subject, component, detail FROM {schema}.finding".encode()):
        place = (rule, subject, component)
        if place in stored:
            told.append(f"{place}: twice")
        stored[place] = detail
    return told + [
        f"{place}: {stored.get(place)}, right is {expected.get(place)}"
        for place in sorted(stored.keys() | expected.keys()) if stored.get(place) != expected.get(place)
    ]  # fmt: skip


def compare_rows(conn: psycopg.Connection, expected: Iterable[Expected], schema: str = "live") -> Verdict:
    """Compare the rows of all lists."""
    found = Verdict()
    wanted: dict[str, dict[Place, Expected]] = defaultdict(dict)
    for row in expected:
        place = (row.component, row.key)
        if place in wanted[row.list]:
            raise AssertionError(f"the oracle has two rows at {row.list} {place}")
        wanted[row.list][place] = row
        found.rows += 1
    with conn.cursor(row_factory=dict_row) as cur:
        for name, table in TABLES.items():
            stored: dict[Place, list[dict[str, Any]]] = defaultdict(list)
            for entry in cur.execute(f"SELECT * FROM {schema}.{table}".encode()):
                stored[entry["component"], entry["row_key"]].append(entry)
            _compare_list(name, wanted[name], stored, found)
    return found


def _compare_list(
    name: str, wanted: Mapping[Place, Expected], stored: Mapping[Place, list[dict[str, Any]]], found: Verdict
) -> None:
    found.lost += [f"{name} {place}" for place in wanted if place not in stored]
    for place, entries in stored.items():
        row = wanted.get(place)
        if row is None or len(entries) > 1:
            found.doubled.append(f"{name} {place}: {len(entries)} rows, {0 if row is None else 1} expected")
            continue
        [entry] = entries
        said = row.fields | {"row_key": row.key, "bureaus": list(row.bureaus), "component": row.component}
        for column in entry.keys() | said.keys():
            live, right = _plain(entry.get(column)), _plain(said.get(column))
            if live != right:
                found.wrong.append(f"{name} {place} {column}: {live!r}, right is {right!r}")
                found.wrong_columns[column] += 1


def _plain(value: Any) -> Any:
    """Nothing, an empty map and an empty list are all "not filled"."""
    if value in ({}, [], ()):
        return None
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Decimal):
        return value.quantize(Decimal("0.0001"))
    return value


def told(conn: psycopg.Connection) -> dict[tuple[str, int], str]:
    """Return what became of each record, (bureau, offset) → outcome, as the log and the receipts tell it."""
    outcome: dict[tuple[str, int], str] = {}
    for bureau, offset in conn.execute("SELECT t.bureau, e.off FROM log.event_log e JOIN log.topic t USING (topic_no)"):
        outcome[bureau, offset] = "accepted"
    for bureau, offset in conn.execute("SELECT t.bureau, r.off FROM log.rejection r JOIN log.topic t USING (topic_no)"):
        outcome[bureau, offset] = "rejected"
    for bureau, offset in conn.execute("SELECT t.bureau, h.off FROM log.held h JOIN log.topic t USING (topic_no)"):
        outcome[bureau, offset] = "held"
    excepted = conn.execute("SELECT t.bureau, r.exceptions FROM log.receipt_range r JOIN log.topic t USING (topic_no)")
    for bureau, exceptions in excepted:
        for entry in exceptions:
            place = (bureau, entry["offset"])
            if entry["outcome"] in ("duplicate", "superseded"):
                outcome[place] = entry["outcome"]
            elif entry["outcome"] == "held" and place in outcome:
                continue  # it was told again when it was accepted later
            elif outcome.get(place) != entry["outcome"]:
                outcome[place] = f"receipt says {entry['outcome']}, log says {outcome.get(place)}"
    return outcome


def compare_outcomes(conn: psycopg.Connection, ledger: Ledger) -> list[str]:
    """Compare the outcome of each record."""
    stored = told(conn)
    places = stored.keys() | ledger.outcomes.keys()
    return [
        f"{place}: {stored.get(place)}, right is {ledger.outcomes.get(place)}"
        for place in sorted(places)
        if stored.get(place) != ledger.outcomes.get(place)
    ]
