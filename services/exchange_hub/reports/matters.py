"""Sections six to eight of the monthly report: documents and measures, matters for coordination, next month."""

from collections.abc import Iterator, Mapping
from datetime import date

from exchange_hub.programme import sentences as say
from exchange_hub.programme.definitions import TOTAL
from exchange_hub.programme.figures import COVERED
from exchange_hub.reports.book import Book
from exchange_hub.reports.inputs import silent_submissions
from exchange_hub.reports.model import Cell, Section, Table

Row = Mapping[str, object]

DOCUMENTS_MAX = 6
PROBLEMS_MAX = 4
_TITLE_MAX = 20
_MATTER_MAX = 32
_NAMES_MAX = 4


def documents(book: Book) -> Section:
    """Section six: 政策方案; the table shows what is overdue, then what is due, then what was settled this month."""
    start = f"documents.{TOTAL}"
    n = {name: book.count(f"{start}.{name}") for name in ("total", "issued", "covered", "exempt", "due", "overdue")}
    text = say.sentence(
        f"市级以上文件应落实{n['total']}项，已出台{n['issued']}项，已有措施覆盖{n['covered']}项，免于出台{n['exempt']}项，"
        f"未到期{n['due']}项，超期{n['overdue']}项"
    )
    issued = book.count(f"plans.{TOTAL}.issued")
    plans = f"工作方案要求制定的方案{book.count(f'plans.{TOTAL}.expected')}个，已印发{issued}个。"
    ordered = sorted(book.inputs.details.documents, key=lambda row: _rank(row, book.as_of))
    if not ordered:
        return Section("政策方案", (text, plans))
    rest = len(ordered) - DOCUMENTS_MAX
    more = (f"表中列{DOCUMENTS_MAX}项，其余见附件7。",) if rest > 0 else ()
    columns = ("市级文件", "收文日", "责任单位", "到期日", "措施形式/文号", "状态")
    rows = tuple(_document_row(book, row) for row in ordered[:DOCUMENTS_MAX])
    return Section("政策方案", (text, plans, *more), (Table("documents", "市级文件落实措施", columns, rows),))


def deadline(row: Row) -> date | None:
    """Return the day by which a measure is due: the approved extension, else ten working days after receipt."""
    due = row.get("extended_until") or row.get("due_on")
    return due if isinstance(due, date) else None


def status(row: Row, as_of: date) -> str:
    """Return the state of a document's measure on a date, in the report's words."""
    done = row.get("measure_on")
    if row.get("exempt_reason") is not None:
        return "免于出台"
    if isinstance(done, date) and done <= as_of:
        return COVERED if row.get("form") == COVERED else "已出台"
    due = deadline(row)
    return "超期未出台" if due is not None and due < as_of else "未到期"


def _rank(row: Row, as_of: date) -> tuple[int, date, str, str]:
    order = {"超期未出台": 0, "未到期": 1}
    state = order.get(status(row, as_of), 2)
    return (state, deadline(row) or date.max, str(row.get("document_no")), str(row.get("department")))


def _document_row(book: Book, row: Row) -> tuple[Cell, ...]:
    due, received = deadline(row), row.get("received_on")
    number, title = str(row.get("document_no") or ""), str(row.get("title") or "")
    form = "/".join(str(row[name]) for name in ("form", "measure_no") if row.get(name))
    extended = "（延期）" if row.get("extended_until") is not None else ""
    return (
        Cell(f"{say.shortened(title, _TITLE_MAX)}（{number}）" if title else number),
        Cell(say.day_of(received) if isinstance(received, date) else ""),
        Cell(book.name(row.get("department"))),
        Cell(f"{say.day_of(due)}{extended}" if due else ""),
        Cell(form),
        Cell(status(row, book.as_of)),
    )


def problems(book: Book) -> Section:
    """Section seven: 问题及建议协调事项."""
    rows = book.inputs.details.problems
    if not rows:
        return Section("问题及建议协调事项", ("本月无新增或未办结的协调事项。",))
    columns = ("事项", "涉及单位", "已做工作", "建议", "提出日")
    table = Table("problems", "建议协调事项", columns, tuple(_problem_row(book, row) for row in rows[:PROBLEMS_MAX]))
    text = f"未办结的协调事项{book.count(f'problems.{TOTAL}.open')}项"
    return Section(
        "问题及建议协调事项",
        (say.sentence(text, "其余见附件6" if len(rows) > PROBLEMS_MAX else ""),),
        (table,),
    )


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
    """Section eight: 下月重点, from what is due, overdue, unpaid, unreported or planned."""
    items = [item for item in _next_items(book) if item]
    numbered = tuple(f"{n}. {item}" for n, item in enumerate(items, 1))
    return Section("下月重点", numbered or ("按计划推进各项任务。",))


def _next_items(book: Book) -> Iterator[str]:
    month = f"{book.period.after.number}月"
    open_ = [row for row in book.inputs.details.documents if status(row, book.as_of) in ("超期未出台", "未到期")]
    late = [row for row in open_ if status(row, book.as_of) == "超期未出台"]
    soon = [row for row in open_ if row not in late and (due := deadline(row)) and due <= book.period.after.last_day]
    if late:
        yield f"已到期尚未出台的落实措施{len(late)}项，请{_departments(book, late)}抓紧办理。"
    if soon:
        yield f"{month}底前到期的落实措施{len(soon)}项，请{_departments(book, soon)}按期出台。"
    waiting = book.count(f"plans.{TOTAL}.expected") - book.count(f"plans.{TOTAL}.issued")
    if waiting > 0:
        yield f"工作方案要求制定的方案尚有{waiting}个未印发，请责任单位加快制定。"
    overdue = book.count(f"funds.{TOTAL}.overdue")
    if overdue:
        yield f"审核通过满{book.inputs.frame.payment_days}日尚未支付的{overdue}件，请相关单位核对并办理支付。"
    starting, ending = (book.count(f"equipment.{TOTAL}.{name}") for name in ("starting", "ending"))
    if starting or ending:
        yield f"{month}计划开工设备更新项目{starting}个、计划竣工{ending}个，请各领域牵头单位做好调度。"
    missing = silent_submissions(book.inputs.district, book.inputs.frame, book.inputs.cells)
    if missing:
        yield f"请{say.joined((book.name(item.bureau) for item in missing), _NAMES_MAX)}补报{book.period.number}月数据。"
    due = book.inputs.district.submission_due_on(book.period.after.month)
    yield f"{month}数据请各单位于{say.day(due)}前报送并确认。"


def _departments(book: Book, rows: list[Row]) -> str:
    return say.joined((book.name(row.get("department")) for row in rows), _NAMES_MAX)
