"""A store whose months an earlier version closed is carried over: they read, render and compare as they were closed."""

import json
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.reports.closed import diff, snapshot
from exchange_hub.reports.gather import gather
from exchange_hub.reports.render.docx_report import render_docx
from exchange_hub.reports.render.json_report import figures_digest, render_json
from exchange_hub.reports.render.xlsx_report import write_xlsx
from exchange_hub.runtime.migrating import current
from exchange_hub.views.store.stamp import StampError
from exchange_hub.views.tables import digest_query
from tests.closing.older import NEWER, RENDERED, carry_over, differing, older_store

MONTHS = tuple(RENDERED)


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


@pytest.fixture(scope="module")
def older(district: District) -> Iterator[sa.Engine]:
    """The store, migrated."""
    with older_store() as (engine, url):
        with engine.connect() as conn:
            assert current(conn) == "0007"
        with engine.connect() as conn, pytest.raises(StampError, match="support-sought"):
            gather(conn, "live", district, "2026-09", date(2026, 9, 30))
        carry_over(engine, url)
        yield engine


@pytest.mark.timeout(180)
@pytest.mark.parametrize("month", MONTHS)
def test_a_month_of_an_earlier_version_renders_the_same_three_files(older: sa.Engine, district: District, month: str, tmp_path: Path) -> None:
    """Word, workbook and JSON are byte for byte those that the version rendered which closed the month; the JSON is what its schema says."""
    report = snapshot.load(older, month)
    names = {bureau.code: bureau.name for bureau in district.bureaus}
    (tmp_path / "report.docx").write_bytes(render_docx(report, names))
    (tmp_path / "report.json").write_bytes(render_json(report))
    write_xlsx(report, tmp_path / "annex.xlsx", names)
    assert differing(month, tmp_path) == []
    schema = files("exchange_hub.reports.render").joinpath("report.schema.json").read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(json.loads(render_json(report)))


@pytest.mark.parametrize("month", MONTHS)
def test_the_lists_of_an_earlier_close_have_the_digests_that_it_kept(older: sa.Engine, month: str) -> None:
    """Frozen rows, read by the catalogue that was carried over, are all there and unchanged; the figures too."""
    with older.connect() as conn:
        row = snapshot.stored(conn, month, report=True)
        lists = snapshot.lists_closed(row)
        conn.execute(sa.text("SET LOCAL datestyle = 'ISO, YMD'"))
        found = {view.name: conn.execute(digest_query(lists.table(view.name))).one() for view in lists.views}
    assert {name: digest for name, (digest, _) in found.items()} == row["digests"]
    assert {name: count for name, (_, count) in found.items()} == row["counts"]
    assert figures_digest(snapshot.decode(row).figures) == row["figures_digest"]


def test_an_earlier_close_stays_guarded_and_compares(older: sa.Engine, district: District) -> None:
    """The migration leaves the guard in force; what came late is explained as before, what mended definitions change is said to be that."""
    with older.begin() as conn, pytest.raises(sa.exc.DBAPIError, match="never changes"):
        conn.execute(sa.text("UPDATE closed.month SET as_of = '2026-01-01'"))
    with older.begin() as conn:
        then = snapshot.decode(snapshot.stored(conn, "2026-10", report=True)).adjustments
        comparison = diff.compare(conn, district, "2026-09")
    assert {(entry.list, entry.column, entry.new) for entry in comparison.entries} == NEWER
    known = {change.before.id: change for change in comparison.adjustments if change.before.absent != diff.NOT_THEN}
    told = {change.before.id for change in then}
    assert told <= known.keys()
    assert len(told) > 10
    # What changed besides is counted by mended definitions, and nobody's rows are blamed for it.
    assert all("口径修正" in known[id_].causes and not known[id_].rows for id_ in known.keys() - told)
