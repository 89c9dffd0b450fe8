"""Sections six to eight of the monthly report: documents and measures, matters for coordination, next month."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import get_args

from exchange_contracts.vocabulary import Level
from exchange_hub.programme import sentences as say
from exchange_hub.programme.deadlines import OVERDUE, UNSETTLED, due_day, no_due_day, state_on, urgency
from exchange_hub.programme.definitions import TOTAL
from exchange_hub.programme.district import ExpectedPlan
from exchange_hub.programme.list_figures import EXPIRING_DAYS
from exchange_hub.reports.book import Book
from exchange_hub.reports.model import Cell, Section, Table

Row = Mapping[str, object]

DOCUMENTS_MAX = 5
PROBLEMS_MAX = 4
_TITLE_MAX = 18
_MATTER_MAX = 32
_NAMES_MAX = 4
_PLANNING_MAX = 2
_PLANS_MAX = 6
_COUNTED = "一二三四五六七八九"


def documents(book: Book) -> Section:
    """Section six: 政策方案; the table shows what is overdue, then what is due; what is settled stands in the annex."""
    start = f"documents.{TOTAL}"
    n = {name: book.count(f"{start}.{name}") for name in ("total", "issued", "covered", "exempt", "due", "overdue")}
    known = book.value(f"{start}.total") is not None
    levels = _levels(book)
    text = ("" if known else say.nothing_reported("市级文件落实情况")) + say.sentence(
        _settled(n) if known else "",
        f"应制定方案{book.count(f'plans.{TOTAL}.expected')}个，印发{book.count(f'plans.{TOTAL}.issued')}个",
    ) + _tasks(book) + _supervised(book)
    open_ = [row for row in book.inputs.details.documents if state_on(row, book.as_of) in UNSETTLED]
    ordered = sorted(open_, key=lambda row: urgency(row, book.as_of))
    if not ordered:
        return Section("政策方案", (text,), levels)
    title = "市级文件落实措施"
    if n["total"] > min(len(ordered), DOCUMENTS_MAX):
        title += "（未办结的，其余见附件7）"
    columns = ("市级文件", "收文日", "责任单位", "到期日", "措施形式/文号", "状态")
    rows = tuple(_document_row(book, row, bureaus) for row, bureaus in _together(book, ordered[:DOCUMENTS_MAX]))
    return Section("政策方案", (text,), (*levels, Table("documents", title, columns, rows)))


def _settled(n: Mapping[str, int]) -> str:
    """Say what became of the documents; of what there is none nothing is said."""
    words = {"issued": "已出台", "covered": "措施覆盖", "exempt": "免于出台", "due": "未到期", "overdue": "超期"}
    told = "、".join(f"{said}{n[name]}项" for name, said in words.items() if n[name])
    return f"文件{n['total']}项：{told}" if told else f"文件{n['total']}项"


def _levels(book: Book) -> tuple[Table, ...]:
    """Lay out the map of policies by level; domain by domain and policy by policy it stands in the workbook."""
    found = [level for level in get_args(Level) if book.value(f"policies.{level}.in_force")]
    if not found:
        return ()
    columns = ("层级", "执行中政策", "已争取资金", f"{EXPIRING_DAYS}日内到期")
    # How many there are in all is said at the head of the report.
    rows = tuple((Cell(level), *(book.cell(f"policies.{level}.{name}") for name in ("in_force", "obtained", "expiring"))) for level in found)
    return (Table("policy_levels", "资金政策图谱（分领域、分方式和本月变化见附件）", columns, rows),)


def _tasks(book: Book) -> str:
    """Say how many tasks of the work plan are done and behind, and how many bureaus are silent of theirs; nothing where nobody owes or tells any."""
    n = {name: book.count(f"tasks.{TOTAL}.{name}") for name in ("expected", "told", "done", "behind", "silent")}
    if not n["told"] and not n["silent"]:
        return ""
    silent = f"{n['silent']}个单位有任务未报送" if n["silent"] else ""
    told = "、".join(f"{words}{n[name]}项" for name, words in (("done", "已完成"), ("behind", "滞后")) if n[name])
    return say.sentence(f"{n['expected']}项任务中{told or '尚无完成或滞后的'}", silent)


def _supervised(book: Book) -> str:
    """Say how much publicity the month had and how far the catalogues of elimination are enforced; of what there is none nothing is said."""
    start = f"elimination.{TOTAL}"
    done, overdue = (book.count(f"{start}.{name}") for name in ("done", "overdue"))
    ended = f"、已完成{done}台" * bool(done) + f"、超期{overdue}台" * bool(overdue)
    activities, ordered = book.count(f"publicity.{TOTAL}.month_activities"), book.count(f"{start}.ordered")
    return say.sentence(f"当月宣传活动{activities}项" if activities else "", f"责令淘汰设备{ordered}台{ended}" if ordered else "")


def _together(book: Book, rows: Sequence[Row]) -> Iterator[tuple[Row, list[object]]]:
    """Bring bureaus together of which the body says the same of one document."""

    def said(row: Row) -> tuple[object, ...]:
        shown = ("document_no", "received_on", "extended_until", "form", "measure_no")
        return (*(row.get(name) for name in shown), due_day(row), state_on(row, book.as_of))

    for _, group in groupby(rows, said):
        first, *others = group
        yield first, [row.get("department") for row in (first, *others)]


def _document_row(book: Book, row: Row, departments: Sequence[object]) -> tuple[Cell, ...]:
    due, received = due_day(row), row.get("received_on")
    number, title = str(row.get("document_no") or ""), str(row.get("title") or "")
    form = "/".join(str(row[name]) for name in ("form", "measure_no") if row.get(name))
    extended = "（延期）" if row.get("extended_until") is not None else ""
    return (
        Cell(f"{say.shortened(title, _TITLE_MAX)}（{number}）" if title else number),
        Cell(say.day_of(received) if isinstance(received, date) else ""),
        Cell(say.joined((book.name(code) for code in departments), _NAMES_MAX)),
        Cell(f"{say.day_of(due)}{extended}" if due else no_due_day(row).rpartition("，")[2]),
        Cell(form),
        Cell(state_on(row, book.as_of)),
    )


def problems(book: Book) -> Section:
    """Section seven: 问题及建议协调事项."""
    rows = book.inputs.details.problems
    if not rows:
        return Section("问题及建议协调事项", ("本月无新增或未办结的协调事项。",))
    columns = ("事项", "涉及单位", "已做工作", "建议", "提出日")
    more = "，其余见附件6" if len(rows) > PROBLEMS_MAX else ""
    overdue = book.count(f"problems.{TOTAL}.overdue")
    title = f"建议协调事项（未办结{book.count(f'problems.{TOTAL}.open')}项{f'，超期{overdue}项' if overdue else ''}{more}）"
    shown = tuple(_problem_row(book, row) for row in rows[:PROBLEMS_MAX])
    return Section("问题及建议协调事项", (), (Table("problems", title, columns, shown),))


def _problem_row(book: Book, row: Row) -> tuple[Cell, ...]:
    asked = row.get("asks_of")
    names = [book.name(code) for code in asked] if isinstance(asked, (list, tuple)) else []
    raised = row.get("raised_on")
    return (
        Cell(say.shortened(str(row.get("text") or ""), _MATTER_MAX)),
        Cell("、".join(names)),
        Cell(say.shortened(str(row.get("done_so_far") or ""), _MATTER_MAX)),
        Cell(say.shortened(str(row.get("proposal") or ""), _MATTER_MAX)),
        Cell(say.day_of(raised) if isinstance(raised, date) else ""),
    )


def next_month(book: Book) -> Section:
    """Section eight: 下月重点, from what is due, overdue, unpaid, unreported or planned, in one paragraph."""
    items = list(_next_items(book))
    counted = "".join(f"{_COUNTED[n]}是{item}。" for n, item in enumerate(items)) if len(items) > 1 else f"{items[0]}。"
    return Section("下月重点", (counted,))


def _next_items(book: Book) -> Iterator[str]:
    month = f"{book.period.after.number}月"
    open_ = [row for row in book.inputs.details.documents if state_on(row, book.as_of) in UNSETTLED]
    late = [row for row in open_ if state_on(row, book.as_of) == OVERDUE]
    soon = [row for row in open_ if row not in late and (due := due_day(row)) and due <= book.period.after.last_day]
    if late:
        yield f"落实措施超期{len(late)}项，请{_departments(book, late)}抓紧办理"
    if soon:
        yield f"{month}底前到期{len(soon)}项，请{_departments(book, soon, dated=True)}前出台"
    waiting = book.count(f"plans.{TOTAL}.expected") - book.count(f"plans.{TOTAL}.issued")
    if waiting > 0:
        plans = _unissued(book)
        named = [plan.domain or plan.kind for plan in plans]
        more = "等" if len(named) > _PLANS_MAX else ""
        yield f"应制定方案{waiting}个（{'、'.join(named[:_PLANS_MAX])}{more}）未印发，请{say.joined((book.name(plan.bureau) for plan in plans), _PLANNING_MAX)}加快制定"
    # Whoever waits for money waits for it, of whatever budget it is; the table's total is of this year's.
    budgets = (f"{code}.{year}" for code, year in book.inputs.frame.codes.budgets)
    overdue = sum(book.count(f"funds.{line}.overdue") for line in (TOTAL, *budgets))
    if overdue:
        debtors = book.inputs.district.debtors_of(book.period.month, "funds", step="支付") or ()
        yield f"审核通过超过{book.inputs.frame.payment_days}日未付清{overdue}件，请{say.joined(map(book.name, debtors), _PLANNING_MAX) or '牵头单位'}核对办理"
    starting, ending = (book.count(f"equipment.{TOTAL}.{name}") for name in ("starting", "ending"))
    planned = [f"计划{what}{count}个" for what, count in (("开工", starting), ("竣工", ending)) if count]
    if planned:
        yield f"{month}{'、'.join(planned)}设备项目，请{say.joined(_leading(book), _PLANNING_MAX) or '牵头单位'}调度"
    missing = book.inputs.owed.silent()
    towns, bureaus = book.towns_apart(missing)
    names = [say.joined((book.name(item.bureau) for item in bureaus), _NAMES_MAX)] if bureaus else []
    owing = f"请{'、'.join([*names, *towns])}补报{book.period.number}月数据，" if missing else ""
    due = book.inputs.district.submission_due_on(book.period.after.month)
    yield owing + (f"{month}数据{say.day_of(due)}前报送并确认" if due else f"{month}数据的报送期限无法计算（工作日历未到该年），另行通知")


def _leading(book: Book) -> Iterator[str]:
    """Yield the bureaus that lead the domains in which projects begin or end next month."""
    cells = book.inputs.cells
    planned = {*cells["starting"].values("domain"), *cells["ending"].values("domain")}
    yield from (book.name(domain.lead) for domain in book.inputs.district.domains if domain.lead and domain.name in planned)


def _unissued(book: Book) -> list[ExpectedPlan]:
    """Return the expected plans that nobody has issued by the report's day, in their order."""
    issued = set(book.inputs.cells["plans"].values("expected"))
    return [plan for plan in book.inputs.district.plans if plan.title not in issued]


def _departments(book: Book, rows: list[Row], *, dated: bool = False) -> str:
    """Name the departments, with the first day on which something of theirs is due."""
    first: dict[object, date | None] = {}
    for row in sorted(rows, key=lambda row: due_day(row) or date.max):
        first.setdefault(row.get("department"), due_day(row))
    if not dated:
        return say.joined(map(book.name, first), _NAMES_MAX)
    by_day = groupby(list(first)[:_NAMES_MAX], lambda code: first[code])
    said = [say.joined(map(book.name, codes)) + (say.day_of(due) if due else "") for due, codes in by_day]
    return "、".join(said) + (f"等{len(first)}个单位" if len(first) > _NAMES_MAX else "")
