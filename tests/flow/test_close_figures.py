"""Figures from SQL equal figures from plain loops, and every figure can be opened down to its rows."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from exchange_hub.programme.district import District
from exchange_hub.programme.figures import definitions
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.gather import gather
from exchange_hub.reports.model import Figure, Source, dump_figure
from exchange_hub.reports.sql import lists_of
from exchange_hub.reports.trace import recomputed, rows_of, terms_of
from exchange_hub.views.tables import LIVE
from tests.closing.plain import Plain
from tests.closing.rows import random_lists
from tests.closing.store import database, refill

MONTH, AS_OF = "2026-10", date(2026, 10, 31)
SEEDS = range(6)


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    """A database of this module's own."""
    with database() as made:
        yield made


def figures_of(engine: sa.Engine, district: District) -> dict[str, Figure]:
    """Read the figures from the store; nobody is taken as silent, so that absence comes from the rows alone."""
    with engine.connect() as conn:
        frame, cells, _ = gather(conn, LIVE, district, MONTH, AS_OF)
    return evaluate(definitions(frame), cells)


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_from_sql_equal_figures_from_plain_loops(engine: sa.Engine, district: District, seed: int) -> None:
    """For random rows every figure equals the one that plain loops over the same rows give."""
    lists = random_lists(seed)
    refill(engine, lists)
    figures = figures_of(engine, district)
    review = district.profile.review
    plain = Plain(lists, MONTH, AS_OF, district.submission_due_on(MONTH), review.overdue_payment_days).figures()
    wrong = {
        id_: (figures[id_].value if id_ in figures else "no such figure", expected)
        for id_, expected in plain.items()
        if id_ not in figures or figures[id_].value != expected
    }
    assert not wrong, f"seed {seed}"
    with_rows = {id_ for id_, figure in figures.items() if figure.source.rows and not id_.startswith("investment.")}
    unchecked = {id_ for id_ in with_rows - plain.keys() if id_.rpartition(".")[2] not in ("starting", "ending")}
    assert {id_.split(".")[0] for id_ in unchecked} <= {"enterprises"}, (
        "figures with rows that the oracle knows nothing of"
    )


@pytest.mark.parametrize("seed", [11])
def test_every_figure_opens_to_rows_that_give_it_again(engine: sa.Engine, district: District, seed: int) -> None:
    """The rows behind a counted or summed figure are as many as it says and give its value; a derived one names its terms."""
    refill(engine, random_lists(seed))
    figures = figures_of(engine, district)
    with engine.connect() as conn:
        for figure in figures.values():
            rows = rows_of(conn, figure.source, lists_of(LIVE))
            if not figure.source.list:
                assert all(term in figures for term in terms_of(figure.source)), figure.id
                continue
            assert len(rows) == figure.source.rows, figure.id
            again = recomputed(figure.source, rows, lists_of(LIVE))
            assert figure.value == again or (again is None and figure.value in (None, Decimal(0))), figure.id


def test_a_figure_read_back_from_json_opens_the_same_rows(engine: sa.Engine, district: District) -> None:
    """A source as report.json writes it (lists for tuples, text for dates) selects the same rows."""
    refill(engine, random_lists(3))
    figures = figures_of(engine, district)
    with engine.connect() as conn:
        for figure in list(figures.values())[::11]:
            source = json.loads(json.dumps(dump_figure(figure)))["source"]
            again = Source(source["list"], source["where"], source["measure"], source["rows"])
            keys = [row["row_key"] for row in rows_of(conn, figure.source, lists_of(LIVE))]
            assert [row["row_key"] for row in rows_of(conn, again, lists_of(LIVE))] == keys, figure.id
