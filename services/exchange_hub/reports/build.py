"""Build the monthly report from its inputs. Pure: the same inputs give the same report, byte for byte."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from itertools import islice
from typing import get_args

from exchange_contracts.vocabulary import ConsumerDomain, Domain, SupportKind
from exchange_hub.programme.cells import Cells
from exchange_hub.programme.deadlines import plan_lines
from exchange_hub.programme.definitions import Frame
from exchange_hub.programme.district import District
from exchange_hub.programme.figures import definitions
from exchange_hub.programme.matching import READ, suggestions
from exchange_hub.programme.policy_map import changes, matrix
from exchange_hub.programme.sentences import exact_wan
from exchange_hub.programme.task_progress import NIL, board
from exchange_hub.reports import goal_tables, matters, notes, sections
from exchange_hub.reports.book import Book
from exchange_hub.reports.catalogue import (
    ADJUSTMENTS,
    PLAN_BOARD,
    POLICY_CHANGES,
    POLICY_MAP,
    SUGGESTIONS,
    TASK_BOARD,
    Catalogue,
    present,
)
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.inputs import Inputs
from exchange_hub.reports.meaning import meanings
from exchange_hub.reports.model import Adjustment, Annex, Figure, Report, Row
from exchange_hub.reports.owed import Owed
from exchange_hub.reports.render.style import number_text
from exchange_hub.views.lists.model import ListView

#: Nobody looks through more of them; the page and `hub suggestions` have all.
SUGGESTIONS_MAX = 2_000

_SECTIONS = (
    goal_tables.goals, sections.equipment, sections.trade_in, sections.recycling, sections.funds,
    matters.documents, matters.problems, matters.next_month,
)  # fmt: skip


def build(inputs: Inputs) -> Report:
    """Build the report without its annexes (see :func:`with_annexes`)."""
    figures, catalogue = figures_of(inputs.district, inputs.frame, inputs.cells)
    book, period = Book(inputs, figures), inputs.period
    return Report(
        district=inputs.district.id,
        month=period.month,
        issue=period.number,
        title=f"{inputs.district.profile.report_title}（{period.year}年第{period.number}期）",
        as_of=inputs.frame.as_of.isoformat(),
        closed_at=inputs.closed_at,
        cut=dict(inputs.cut),
        stamp=dict(inputs.stamp),
        catalogue=catalogue,
        summary=notes.summary(book),
        sections=tuple(section(book) for section in _SECTIONS),
        notes=notes.notes(book),
        further=goal_tables.workbook_tables(book),
        figures=figures,
        unreported=tuple(unreported(inputs)),
        adjustments=tuple(inputs.adjustments),
    )


def figures_of(district: District, frame: Frame, cells: Mapping[str, Cells]) -> tuple[dict[str, Figure], Catalogue]:
    """Return the figures of a month, and today's catalogue with what each of them means."""
    defined, catalogue = definitions(frame), present(district, frame.period.month)
    figures = evaluate(defined, cells, Owed(district, frame, cells).standing)
    return figures, replace(catalogue, meanings=meanings(defined, figures, catalogue, district, frame.period.month))


def with_annexes(report: Report, rows: Mapping[str, Sequence[Row]]) -> Report:
    """Return the report with its annexes: those on paper, the adjustments, and the other lists that have rows.

    Args:
        report: a report without annexes.
        rows: list → its rows; a list that is not there has none.
    """
    paper = [_annex(view, rows) for view in report.catalogue.annexes(paper=True)]
    adjusted = [adjustments_annex(report.adjustments, report.catalogue)] if report.adjustments else []
    further = [annex for view in report.catalogue.annexes(paper=False) if len((annex := _annex(view, rows)).rows)]
    return replace(report, annexes=(*paper, *adjusted, *further, *_suggested(report, rows), *_task_board(report, rows), *_plan_board(report, rows), *_policy_map(report, rows)))


def _suggested(report: Report, rows: Mapping[str, Sequence[Row]]) -> Iterator[Annex]:
    """Yield what supply might meet which demand, from the rows of the three lists; nothing where no names are alike."""
    if report.catalogue.suggested:
        lines = tuple(map(asdict, islice(suggestions(*(rows.get(name, ()) for name in READ)), SUGGESTIONS_MAX)))
        if lines:
            yield Annex(SUGGESTIONS.title, SUGGESTIONS, lines)


def _policy_map(report: Report, rows: Mapping[str, Sequence[Row]]) -> Iterator[Annex]:
    """Yield the map of the policies, from the very rows of their annex; a month that was closed before there was a map has none."""
    if report.catalogue.mapped:
        policies, as_of = rows.get("funding-policies", ()), date.fromisoformat(report.as_of)
        since = as_of.replace(day=1)
        lines = tuple(matrix(policies, as_of, since, (*get_args(Domain), *get_args(ConsumerDomain)), get_args(SupportKind)))
        if lines:
            yield Annex(POLICY_MAP.title, POLICY_MAP, lines)
        if report.catalogue.changes_mapped and (changed := tuple({**policy, "change": change, "on_date": on} for change, on, policy in changes(policies, as_of, since, of_days=not report.catalogue.ends_by_day))):
            yield Annex(POLICY_CHANGES.title, POLICY_CHANGES, changed)


def _task_board(report: Report, rows: Mapping[str, Sequence[Row]]) -> Iterator[Annex]:
    """Yield every task with the bureaus that it names and who is silent; a month that was closed before the plan was kept has none."""
    if report.catalogue.tasks:
        nil = {str(row["bureau"]) for row in rows.get("submissions", ()) if (row["list"], row["month"], row["state"]) == ("tasks", report.month, NIL)}
        lines = tuple(board(report.catalogue.tasks, report.month, rows.get("tasks", ()), nil))
        yield Annex(TASK_BOARD.title, TASK_BOARD, lines)


def _plan_board(report: Report, rows: Mapping[str, Sequence[Row]]) -> Iterator[Annex]:
    """Yield every plan that the work plan asks for, those not issued first; a month that was closed before they were kept has none."""
    if report.catalogue.plans:
        lines = plan_lines(report.catalogue.plans, rows.get("plans", ()), date.fromisoformat(report.as_of))
        yield Annex(PLAN_BOARD.title, PLAN_BOARD, tuple(lines))


def _annex(view: ListView, rows: Mapping[str, Sequence[Row]]) -> Annex:
    title = view.title if view.annex is None else view.annex.title
    return Annex(title, view, rows.get(view.name, ()))


def unreported(inputs: Inputs) -> Iterator[Row]:
    """Yield a row of 报送情况 for every submission owed that nobody has confirmed: there is nothing, or data alone."""
    owed = inputs.owed
    for item in owed.silent():
        yield {"bureau": item.bureau, "list": item.list, "month": item.month, "state": "未报送"}
    for item in owed.unconfirmed():
        if (item.bureau, item.list) not in owed.states:
            yield {"bureau": item.bureau, "list": item.list, "month": item.month, "state": "已有数据未确认"}


def _exact(figure: Figure, catalogue: Catalogue) -> str:
    """Write a value so finely that a change shows: money in 万元 to the fen; other numbers as they are printed, of earlier closes as kept."""
    if figure.value is None:
        return figure.absent
    if figure.unit == "元":
        return exact_wan(figure.value)
    return number_text(figure.value, figure.unit) if catalogue.in_wan else f"{figure.value:f}"


def adjustments_annex(changes: Sequence[Adjustment], catalogue: Catalogue) -> Annex:
    """Return the annex that lists every changed figure of the report before, in the words of this one."""
    rows = tuple(
        {
            "月份": change.month,
            "指标": change.label or catalogue.label(change.before.id),
            "原值": _exact(change.before, catalogue),
            "现值": _exact(change.after, catalogue),
            "单位": "／".join(dict.fromkeys("万元" if side.unit == "元" else side.unit for side in (change.before, change.after))),
            "原因": "、".join(change.causes),
            "涉及单位": change.bureaus,
            "变动行数": change.rows_changed,
        }
        for change in changes
    )
    return Annex(ADJUSTMENTS.title, ADJUSTMENTS, rows)
