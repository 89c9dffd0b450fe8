"""要情, the half page before the sections, and 数据说明, the notes behind them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from exchange_contracts.units import factor
from exchange_hub.programme import sentences as say
from exchange_hub.programme.definitions import TOTAL
from exchange_hub.programme.district import Expected
from exchange_hub.programme.figures import NIL
from exchange_hub.programme.labels import spoken
from exchange_hub.programme.list_figures import EXPIRING_DAYS, FOLLOWED, Followed
from exchange_hub.reports.book import Book
from exchange_hub.reports.model import Adjustment, Figure
from exchange_hub.views.lists import BY_NAME

ADJUSTMENTS_MAX = 2
NAMES_MAX, GROUPS_MAX = 3, 4
_NAMED = frozenset({
    "month", "ytd", "applied", "approved", "paid_count", "subsidy", "sales", "returned", "used", "reverse_invoiced",
    "allocated", "subdivided", "paid", "issued", "covered", "exempt",
})  # fmt: skip
# The district's clock; China keeps no summer time, so no zone database is needed.
_SHANGHAI = timezone(timedelta(hours=8))


def summary(book: Book) -> tuple[str, ...]:
    """Return the sentences of 要情, those that say something."""
    return tuple(
        text for text in (_equipment(book), _lists(book), _trade_in(book) + _recycling(book), _funds(book) + _matters(book)) if text
    )


def _equipment(book: Book) -> str:
    start = f"equipment.{TOTAL}"
    return say.sentence(
        f"截至{say.day(book.as_of)}，全区设备更新项目{book.count(f'{start}.projects')}个",
        say.clause("总投资{m}", m=book.money(f"{start}.total_investment")),
        say.clause("其中设备投资{m}", m=book.money(f"{start}.equipment_investment")),
        say.clause("{words}完成投资{m}{until}", words=book.period.words, m=book.money(f"{start}.ytd"), until=book.until(f"{start}.ytd")),
        say.change(book.value(f"{start}.yoy")) if book.value(f"{start}.ytd") is not None else "",
        say.clause("完成年度计划的{p}", p=book.percent(f"{start}.plan_rate")),
    )


def _lists(book: Book) -> str:
    """Say what the three lists and the map of policies hold, and what came and left since the report before (clause five, one)."""
    said = [_followed(book, each) for each in FOLLOWED.values()]
    if not any(book.value(f"lists.{each.row}.entries") for each in FOLLOWED.values()):
        return ""
    compared = "较上期" if book.inputs.frame.turnover else ""
    matched = book.count(f"matches.{TOTAL}.matched")
    # What it came to, and what the district's own makers won of it, stands in the workbook: here it would take a line that the fourth page lacks.
    return f"三个清单和图谱{compared}：" + say.sentence(*said, f"本年供需对接{matched}项" if matched else "")


def _followed(book: Book, each: Followed) -> str:
    entries = book.figures[f"lists.{each.row}.entries"]
    if entries.value is None:
        return f"{each.short}{entries.absent}"
    words = {"new": "增", "left": "退", "expiring": f"{EXPIRING_DAYS}日内到期"}
    turned = [f"{words[name]}{count}" for name in words if f"lists.{each.row}.{name}" in book.figures and (count := book.count(f"lists.{each.row}.{name}"))]
    return f"{each.short}{say.number(entries.value)}{each.unit}" + (f"（{'、'.join(turned)}）" if turned else "")


def _trade_in(book: Book) -> str:
    if not book.categories():
        return ""
    start = f"tradein.{TOTAL}"
    return say.sentence(
        say.clause("{words}以旧换新申请{n}件", words=book.period.words, n=book.number(f"{start}.applied")),
        say.clause("补贴金额{m}", m=book.money(f"{start}.subsidy")),
        say.clause("带动销售额{m}", m=book.money(f"{start}.sales")),
        say.change(book.value(f"{start}.yoy")),
    )


def _recycling(book: Book) -> str:
    shown = [(m, u) for m, u in book.inputs.frame.codes.materials if u == "吨"]
    if not shown:
        return ""
    start = f"recovery.{TOTAL}-吨"
    return say.sentence(
        say.clause("{w}废旧物资（按吨计）回收{n}吨", w=book.period.words, n=book.number(f"{start}.recovered")),
        say.clause("利用处置{n}吨", n=book.number(f"{start}.used")),
        say.change(book.value(f"{start}.yoy")) if book.value(f"{start}.recovered") is not None else "",
    )


def _funds(book: Book) -> str:
    if not book.channels():
        return ""
    start = f"funds.{TOTAL}"
    return say.sentence(
        say.clause("{year}年预算下达{m}", year=str(book.period.year), m=book.money(f"{start}.allocated")),
        say.clause("支付{m}", m=book.money(f"{start}.paid")),
        say.clause("支付率{p}", p=book.percent(f"{start}.pay_rate")),
    )


def _matters(book: Book) -> str:
    documents = f"documents.{TOTAL}"
    done = sum(book.count(f"{documents}.{name}") for name in ("issued", "covered", "exempt"))
    known = book.value(f"{documents}.total") is not None
    total, overdue = (book.count(f"{documents}.{name}") for name in ("total", "overdue"))
    settled = f"上级文件{total}项均已办结" if 0 < total == done else f"上级文件{total}项、已办{done}项" + (f"、超期{overdue}项" if overdue else "")
    return say.sentence(settled if known else "", f"待协调{book.count(f'problems.{TOTAL}.open')}项")


def notes(book: Book) -> tuple[str, ...]:
    """Return the sentences of 数据说明: as-of time, definitions, who is missing, what was adjusted."""
    parts = (_moment(book), *_definitions(book), *_missing(book), *_adjusted(book), *_findings(book))
    return tuple(part for part in parts if part)


def _moment(book: Book) -> str:
    closed = datetime.fromisoformat(book.inputs.closed_at)
    closed = closed.replace(tzinfo=UTC) if closed.tzinfo is None else closed
    local = closed.astimezone(_SHANGHAI)
    return (
        f"截止时点：{say.day(book.as_of)}；{say.day(local.date())}{local:%H:%M}（北京时间）汇总，"
        "此后到达的列入下期调整。"
    )


def _definitions(book: Book) -> Iterator[str]:
    yield (
        f"口径：本年累计为{book.period.words}；退出的项目不计；明细与汇总并存的以明细计；尾数有舍入差；"
        f"超期指审核通过超过{book.inputs.frame.payment_days}日未付清；领域归口按{book.inputs.district.domains_version}版；各表其余行列和各数口径见附件工作簿。"
    )
    cells = book.inputs.cells["indicators"]
    for line in book.inputs.frame.codes.goals:
        units = [unit for unit in cells.values("unit", {"indicator": line.named, "series": line.series}) if factor(unit, line.unit) is None]
        if line.domain is None and units:
            yield f"{line.indicator}以{line.unit}计，以{'、'.join(units)}填报的单位不符，未计入。"


def _missing(book: Book) -> Iterator[str]:
    """Name who has sent nothing for a list, and whose data are counted although nobody confirmed them (FIGURES 15)."""
    owed = book.inputs.owed
    missing, unconfirmed = owed.silent(), owed.unconfirmed()
    if missing:
        n = {name: book.count(f"submissions.{TOTAL}.{name}") for name in ("expected", "confirmed", "nil", "unconfirmed", "silent")}
        yield (
            f"{say.silent(_named(book, missing), _moment_day(book))}应报清单{n['expected']}项，确认{n['confirmed']}项，{NIL}{n['nil']}项，"
            f"未确认{n['unconfirmed']}项，未报送{n['silent']}项，见附件8。"
        )
    elif book.inputs.frame.owed:
        yield "应报单位均已报送。"
    if unconfirmed:
        yield say.unconfirmed(_named(book, unconfirmed))


def _named(book: Book, items: Sequence[Expected]) -> list[str]:
    """Name bureaus with their lists, by whichever of both there are fewer; of what does not fit, how many there are."""
    towns, items = book.towns_apart(items)
    pairs = [(book.name(item.bureau), BY_NAME[item.list].title) for item in items]
    by_bureau = len({bureau for bureau, _ in pairs}) <= len({title for _, title in pairs})
    groups: dict[str, list[str]] = {}
    for bureau, title in pairs:
        groups.setdefault(bureau if by_bureau else title, []).append(title if by_bureau else bureau)
    ordered = sorted(groups, key=lambda name: len(groups[name]))
    said = [
        f"{name}（{say.joined(groups[name], NAMES_MAX, '份清单')}）" if by_bureau else f"{say.joined(groups[name], NAMES_MAX)}（{name}）" for name in ordered
    ]
    shown = said if len(said) <= GROUPS_MAX else [*said[: GROUPS_MAX - 1], f"{said[GROUPS_MAX - 1]}等{len(items)}项"]
    return [*shown, *towns]


def _moment_day(book: Book) -> date:
    closed = datetime.fromisoformat(book.inputs.closed_at)
    closed = closed.replace(tzinfo=UTC) if closed.tzinfo is None else closed
    return closed.astimezone(_SHANGHAI).date()


def _adjusted(book: Book) -> Iterator[str]:
    if not book.inputs.compared:
        yield "上期调整：无上期汇总数。"
        return
    changes = book.inputs.adjustments
    if not changes:
        yield "上期调整：无。"
        return
    texts = [adjustment(book, change) for change in chosen(changes)]
    more = f"；其余{len(changes) - len(texts)}项见附件8" if len(changes) > len(texts) else ""
    yield f"上期调整：{'；'.join(texts)}{more}。"


def chosen(changes: Sequence[Adjustment]) -> Sequence[Adjustment]:
    """Choose the adjustments that the body names: of each table a flow that it prints, its total before its rows."""
    named = [change for change in changes if change.before.id.rpartition(".")[2] in _NAMED] or list(changes)
    first: dict[str, Adjustment] = {}
    for change in sorted(named, key=lambda change: f".{TOTAL}" not in change.before.id):
        first.setdefault(change.before.id.partition(".")[0], change)
    return list(first.values())[:ADJUSTMENTS_MAX]


def adjustment(book: Book, change: Adjustment) -> str:
    """Write an adjustment: what it was, what it is now, why and whose."""
    who = say.joined((book.name(code) for code in change.bureaus), 2)
    causes = "、".join(change.causes)
    month = int(change.month[5:])
    old, new = _values(change.before, change.after)
    return f"{month}月{spoken(change.before.id)}原值{old}，现值{new}（{who}{causes}）"


def _values(before: Figure, after: Figure) -> tuple[str, str]:
    """Write two values so that what changed shows."""
    if before.unit == after.unit == "元" and before.value is not None and after.value is not None:
        return say.amounts(before.value, after.value)
    return _value(before), _value(after)


def _value(figure: Figure) -> str:
    if figure.value is None:
        return figure.absent
    if figure.unit == "元":
        return say.money(figure.value)
    return say.percent(figure.value) if figure.unit == "%" else f"{say.number(figure.value)}{figure.unit}"


def _findings(book: Book) -> Iterator[str]:
    found = book.inputs.details.findings
    if found:
        yield f"待核实线索{found}条（系统比对提示，不作为认定依据），另行送有关单位核实。"
