"""Each figure carries its definition in words, made from the data that computes it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from exchange_hub.programme.cells import COUNT
from exchange_hub.programme.definitions import Definition, Derived, Measured
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import cubes, definitions
from exchange_hub.reports.catalogue import decode, encode, present
from exchange_hub.reports.evaluate import Evaluation, evaluate
from exchange_hub.reports.inputs import frame_of, with_codes
from exchange_hub.reports.meaning import Meaning, meaning_of, meanings, period_words
from exchange_hub.reports.render.xlsx_report import render_xlsx
from tests.closing.reading import read, report_of
from tests.closing.rows import random_lists

CODE = re.compile(r"[a-z_:?@]{2,}")


@pytest.fixture(scope="module")
def district() -> District:
    """The sample district."""
    return District.load(Path("deploy/districts/wuqing"))


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_says_its_period_its_unit_and_what_is_counted(district: District, seed: int) -> None:
    """Each names period, unit and list, or the figures it is made of, in Chinese: no name of a column or a code is left."""
    report = report_of(district, random_lists(seed))
    assert report.catalogue.meanings.keys() == report.figures.keys()
    for id_, figure in report.figures.items():
        words = report.catalogue.meanings[id_]
        assert words.startswith(period_words(figure.period)), id_
        assert f"单位：{figure.unit}" in words, id_
        assert not CODE.search(words.replace(figure.unit, "")), words
        if figure.source.list:
            assert f"《{report.catalogue.title(figure.source.list)}》" in words
            assert ("行数" if figure.source.measure == COUNT else "只计一次" if "(" not in figure.source.measure else "的") in words
        for term in re.findall(r"[a-z_]+\.[^\s()]+", figure.source.measure if not figure.source.list else ""):
            assert f"“{report.catalogue.label(term)}”" in words


def changed(definition: Definition) -> Iterator[tuple[str, Definition]]:
    """Yield the definition changed in each part that decides its value, with what was changed."""
    if isinstance(definition, Measured):
        for key, value in definition.select.items():
            rest = {name: other for name, other in definition.select.items() if name != key}
            yield f"without {key}", replace(definition, select=rest)
            if isinstance(value, str) and key.isidentifier():
                yield f"another {key}", replace(definition, select={**rest, key: f"{value}乙"})
            if isinstance(value, tuple) and "@" not in key and len(value) > 1:
                yield f"less {key}", replace(definition, select={**rest, key: value[:-1]})
        if definition.measure != COUNT:
            yield "counted", replace(definition, measure=COUNT)
        if definition.scope is not None:
            yield "nobody's", replace(definition, scope=None, no_rows=None if definition.no_rows is None else "单位不符")
        yield "no rows", replace(definition, no_rows="未设定" if definition.no_rows != "未设定" else None)
        yield "no values", replace(definition, no_values="未设定" if definition.no_values != "未设定" else None)
    elif isinstance(definition, Derived):
        yield "partial", replace(definition, partial=not definition.partial)
        if len(definition.terms) > 1:
            yield "terms", replace(definition, terms=(*definition.terms[1:], definition.terms[0]))
        if definition.formula in ("net", "change") and len(definition.terms) > 1:
            yield "minus", replace(definition, minus=0 if definition.minus else 1)
        if definition.formula == "scaled":
            yield "factor", replace(definition, factor=definition.factor + Decimal(1))
    yield "unit", replace(definition, unit="箱")
    if not (isinstance(definition, Measured) and definition.latest):  # whose period ends where its rows do
        yield "period", replace(definition, period="2031-05")


def test_a_changed_definition_changes_its_words(district: District) -> None:
    """Whatever decides a figure — a filter, its value, the measure, the unit, the period, who settles it, a term — is in its words."""
    frame = frame_of(district, "2026-10", date(2026, 10, 31))
    cells = read(random_lists(2), cubes(frame))
    frame = with_codes(frame, district, cells)
    defined, catalogue = definitions(frame), present(district)
    figures = evaluate(defined, cells)
    before = meanings(defined, figures, catalogue, district, "2026-10")
    tried = 0
    for definition in defined:
        for what, other in changed(definition):
            made = Evaluation(cells, lambda _scope: None, dict(figures))
            made.add(other)
            after = meanings([other], made.figures, catalogue, district, "2026-10")
            assert after[definition.id] != before[definition.id], (definition.id, what)
            tried += 1
    assert tried > 3 * len(defined)


def test_who_settles_a_cell_is_in_its_words(district: District) -> None:
    """The bureaus that owe it are named, what the city settles itself is said to be that, and it is taken from the district's data."""
    report = report_of(district, random_lists(1))
    said = report.catalogue.meanings
    assert "应由区商务局报送" in said["tradein.家电.applied"]
    assert "市级办理" in said["tradein.汽车报废更新.approved"]
    assert "“口径”为统计" in said["goals.设备投资额.工业.ytd"]
    assert "“日期”早于2026-10-01" in said["funds.市级.overdue"]


def test_a_close_keeps_the_words_of_its_time(district: District) -> None:
    """They are stored with the catalogue; of a month that was closed before they were kept, the source gives them."""
    report = report_of(district, random_lists(1))
    kept = decode(encode(report.catalogue))
    figure = report.figures["tradein.家电.applied"]
    assert meaning_of(figure, kept) == report.catalogue.meanings[figure.id]
    older = replace(kept, meanings={})
    assert meaning_of(figure, older) == Meaning(older).of(figure)
    assert meaning_of(figure, kept).startswith(meaning_of(figure, older))


def test_the_workbook_has_the_words_beside_each_figure(district: District) -> None:
    """A column 口径 stands at the end of 全部指标; the workbook of a close that kept none has no such column."""
    report = report_of(district, random_lists(1))
    sheet = load_workbook(BytesIO(render_xlsx(report)))["全部指标"]
    assert sheet.cell(3, 11).value == "口径"
    assert {row[0].value: row[10].value for row in sheet.iter_rows(min_row=4) if row[0].value} == dict(report.catalogue.meanings)
    older = replace(report, catalogue=replace(report.catalogue, meanings={}))
    assert load_workbook(BytesIO(render_xlsx(older)))["全部指标"].max_column == 10


def test_money_of_a_budget_is_told_as_of_a_day(district: District) -> None:
    """What was allocated and paid of a budget counts whenever it was, so that it is of no span of months; what was paid this year is of the year's months."""
    report = report_of(district, random_lists(0))
    spans = {id_.rpartition(".")[2]: figure.period for id_, figure in report.figures.items() if id_.startswith("funds.")}
    of_year = {"year_gross", "year_reversed", "paid_this_year", "earlier_paid"}
    assert {period for name, period in spans.items() if name not in of_year} == {report.as_of}
    assert all(period.endswith(f"/{report.month}") for name, period in spans.items() if name in of_year)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("yoy", "基数为零或为负、数据不到报告月份的写“—”"), ("pay_rate", "除数为零的写“—”"), ("way", "目标与基数相同的写“—”"),
        ("applied", "应报单位当月未报、数据只到某月的，期间止于该月"), ("ytd", "数据只到某月的，期间止于该月"),
    ],
)  # fmt: skip
def test_a_definition_says_when_nothing_is_worked_out(district: District, kind: str, words: str) -> None:
    """A rate says what makes it a dash, a cumulative when it ends before the month."""
    report = report_of(district, random_lists(0))
    said = [text for id_, text in report.catalogue.meanings.items() if id_.endswith(f".{kind}") and not id_.startswith("goals.设备投资额")]
    assert said
    assert any(words in text for text in said)


def test_what_is_counted_of_scrapped_equipment_is_called_by_no_step(district: District) -> None:
    """Elevators count where they are dismantled and lorries where they are handed in: the figure's name fits both."""
    assert "交售回收" not in present(district).label("scrappage.电梯.delivered")
