"""Build the monthly report from its inputs. Pure: the same inputs give the same report, byte for byte."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from exchange_hub.programme.figures import definitions
from exchange_hub.programme.labels import label
from exchange_hub.programme.sentences import exact_wan
from exchange_hub.reports import matters, notes, sections
from exchange_hub.reports.book import Book
from exchange_hub.reports.evaluate import evaluate
from exchange_hub.reports.inputs import Adjustment, Inputs, Row, silent_scopes, silent_submissions
from exchange_hub.reports.model import Annex, Figure, Report
from exchange_hub.views.lists import LISTS

_PLACED = sorted((view.annex.place, view.annex, view.name) for view in LISTS if view.annex is not None)

ANNEXES: tuple[tuple[str, str], ...] = tuple((annex.title, name) for _, annex, name in _PLACED if annex.paper)
"""The printed annexes of the report: title and list, in their order."""

FURTHER: tuple[tuple[str, str], ...] = tuple((annex.title, name) for _, annex, name in _PLACED if not annex.paper)
"""The other lists behind the figures: they belong in the workbook, not on paper."""

_SECTIONS = (
    sections.goals, sections.equipment, sections.trade_in, sections.recycling, sections.funds,
    matters.documents, matters.problems, matters.next_month,
)  # fmt: skip


def build(inputs: Inputs) -> Report:
    """Build the report without its annexes (see :func:`with_annexes`)."""
    scopes = silent_scopes(inputs.district, inputs.frame, inputs.cells)
    figures = evaluate(definitions(inputs.frame), inputs.cells, scopes)
    book = Book(inputs, figures)
    period = inputs.period
    return Report(
        district=inputs.district.id,
        month=period.month,
        issue=period.number,
        title=f"{inputs.district.profile.report_title}（{period.year}年第{period.number}期）",
        as_of=inputs.frame.as_of.isoformat(),
        closed_at=inputs.closed_at,
        cut=dict(inputs.cut),
        stamp=dict(inputs.stamp),
        summary=notes.summary(book),
        sections=tuple(section(book) for section in _SECTIONS),
        notes=notes.notes(book),
        annexes=(),
        figures=figures,
    )


def with_annexes(report: Report, rows: Mapping[str, Sequence[Row]], more: Sequence[Annex] = ()) -> Report:
    """Return the report with its eight annexes, then *more*.

    Args:
        report: a report without annexes.
        rows: list → its rows; a list that is not there has none.
        more: further annexes, such as the adjustments and the other lists behind the figures.
    """
    annexes = (Annex(title, list_, rows.get(list_, ())) for title, list_ in ANNEXES)
    return replace(report, annexes=(*annexes, *more))


def unreported(inputs: Inputs) -> Iterator[Row]:
    """Yield a row of 报送情况 for every submission owed of which there is no trace."""
    for owed in silent_submissions(inputs.district, inputs.frame, inputs.cells):
        yield {"bureau": owed.bureau, "list": owed.list, "month": owed.month, "state": "未报送"}


def _exact(figure: Figure) -> str:
    """Write a value without rounding: money in 万元."""
    if figure.value is None:
        return figure.absent
    return exact_wan(figure.value) if figure.unit == "元" else f"{figure.value:f}"


def adjustments_annex(changes: Sequence[Adjustment]) -> Annex:
    """Return the annex that lists every changed figure of the report before."""
    rows = tuple(
        {
            "月份": change.month,
            "指标": label(change.before.id),
            "原值": _exact(change.before),
            "现值": _exact(change.after),
            "单位": "万元" if change.before.unit == "元" else change.before.unit,
            "原因": "、".join(change.causes),
            "涉及单位": change.bureaus,
            "变动行数": change.rows_changed,
        }
        for change in changes
    )
    return Annex("上期调整", "adjustments", rows)
