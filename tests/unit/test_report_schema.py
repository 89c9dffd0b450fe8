"""report.json is what its JSON Schema says, field by field."""

import hashlib
import json
import runpy
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from exchange_hub.programme.district import District
from exchange_hub.reports.render import json_report
from exchange_hub.reports.render.json_report import render_json
from tests.closing.reading import report_of
from tests.closing.rows import random_lists

SAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "golden" / "render" / "sample.py"))
SCHEMA = json.loads(files("exchange_hub.reports.render").joinpath("report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture
def document() -> dict[str, Any]:
    return json.loads(render_json(SAMPLE["report"]()))


def test_a_rendered_report_is_valid(document: dict[str, Any]) -> None:
    """The sample's report, with gaps, charts and cells of two figures, is what the schema describes, and names no figure that it lacks."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)] == []
    assert document["format"] == json_report.FORMAT == SCHEMA["properties"]["format"]["const"]
    cells = [cell for section in document["sections"] for table in section["tables"] for row in table["rows"] for cell in row]
    named = {cell["figure"] for cell in cells if isinstance(cell, dict) and "figure" in cell}
    named |= {part for cell in cells if isinstance(cell, dict) for part in cell.get("parts", ())}
    assert named
    assert named <= document["figures"].keys()


def test_a_report_as_it_is_built_is_valid() -> None:
    """Rows and columns that the body leaves to the workbook are told as the schema says."""
    report = report_of(District.load(Path("deploy/districts/wuqing")), random_lists(3))
    built = json.loads(render_json(report))
    tables = [table for section in built["sections"] for table in section["tables"]]
    assert {"printed", "shown"} <= {name for table in tables for name in table}
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(built)] == []


def test_the_digest_is_worked_out_as_the_schema_says(document: dict[str, Any]) -> None:
    """A reader who knows the schema alone finds the digest of the figures."""
    text = json.dumps(document["figures"], ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    assert hashlib.sha256(text.encode()).hexdigest() == document["figures_digest"]


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("month",), "2026-13"), (("format",), 2), (("extra",), 1), (("figures", "x"), {"value": None, "unit": "", "period": "", "source": {}}),
        (("sections", 0, "paragraphs"), [1]), (("cut", "t"), -1), (("figures_digest",), "0"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused(document: dict[str, Any], place: tuple[Any, ...], wrong: object) -> None:
    """The schema is strict: another field, another type or a value without a reason for its absence is no report."""
    inner: Any = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = wrong
    assert not VALIDATOR.is_valid(document)
