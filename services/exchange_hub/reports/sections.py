"""Sections two to five of the monthly report: equipment, trade-in, recycling, funds; section one stands in ``goal_tables``."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from exchange_contracts.keys import normal_text
from exchange_contracts.safeguards import MEASURES
from exchange_hub.programme import sentences as say
from exchange_hub.programme.definitions import NOT_REPORTED, TOTAL
from exchange_hub.programme.figures import EQUIPMENT, row_name
from exchange_hub.reports.book import Book, in_wan
from exchange_hub.reports.model import Cell, Chart, Figure, Section, Series, Table

#: Explanations that the body prints, of the domains furthest behind; all of them stand in the list of submissions.
EXPLAINED_MAX = 1
PAYERS_MAX = 3
#: What the body prints of the two widest tables; the workbook has their other columns: 总投资 and 资金到位/支付 of each domain, 下达文号 and 分解 of each channel.
_EQUIPMENT_SHOWN = (0, 1, 2, 4, 5, 6, 7, 8)
_FUNDS_SHOWN = (0, 1, 3, 4, 5, 6, 8, 9, 10, 11, 12)


def equipment(book: Book) -> Section:
    """Section two: 设备更新, with the charts of completion and of investment by month."""
    columns = (
        "领域", "项目数", "在建/竣工", "总投资", "设备投资", "本月", "自年初", "完成年度计划%", "自开工更新台套",
        "资金到位/支付（万元）",
    )  # fmt: skip
    rows = tuple(_equipment_row(book, domain) for domain in (*book.domains(), TOTAL))
    # What the month and all months came to stands in the table's last row.
    text = _empty(book, "设备更新项目", "equipment-projects") if book.value(f"equipment.{TOTAL}.ytd") is None else _pace(book)
    table = Table("equipment", "分领域设备更新项目进展", columns, rows, shown=_EQUIPMENT_SHOWN)
    return Section("设备更新", (text,) if text else (), (table,), (_completion(book), _by_month(book)))


def _equipment_row(book: Book, code: str) -> tuple[Cell, ...]:
    start = f"equipment.{code}"
    return (
        Cell(code),
        book.cell(f"{start}.projects"),
        book.pair(f"{start}.under_construction", f"{start}.completed"),
        *(
            book.cell(f"{start}.{name}")
            for name in (
                "total_investment",
                "equipment_investment",
                "month",
                "ytd",
                "plan_rate",
                "units_done",
            )
        ),
        book.pair(f"{start}.funds_arrived", f"{start}.funds_paid", 1),
    )


def _pace(book: Book) -> str:
    """Say how many projects have begun, how many domains lie behind the part of the year that has passed, which the furthest, and why."""
    passed = _time(book)
    rates = {domain: rate for domain in book.domains() if (rate := book.value(f"equipment.{domain}.plan_rate")) is not None}
    behind = {domain: passed - rate for domain, rate in rates.items() if say.percent(rate) != say.percent(passed) and rate < passed}
    order = sorted(behind, key=lambda domain: -behind[domain])
    begun, lag = book.percent(f"equipment.{TOTAL}.start_rate"), f"{len(rates)}个领域{'均' if len(behind) == len(rates) > 1 else f'中{len(behind)}个'}低于序时进度"
    text = say.sentence(
        say.clause("开工率{p}", p=begun),
        (lag if behind else "各领域均达到序时进度") if rates else "",
        f"其中{order[0]}低{say.points(behind[order[0]])}" if behind else "",
    )
    said = list(_explained(book, order))[:EXPLAINED_MAX]
    return text + (f"{'；'.join(said)}。" if said else "")


def _explained(book: Book, behind: Sequence[str]) -> Iterator[str]:
    """Yield what the bureaus of domains that lie behind said of it, each once and in its own words."""
    leads = {domain.name: domain for domain in book.inputs.district.domains}
    told: set[str] = set()
    for domain in behind:
        for bureau in (leads[domain].lead, *leads[domain].bureaus) if domain in leads else ():
            words = book.inputs.details.explanations.get(bureau)
            if words and bureau not in told:
                told.add(bureau)
                yield f"{book.name(bureau)}说明：{words.strip().rstrip('。；')}"


def _time(book: Book) -> Decimal:
    """Return 序时进度: the part of the year that has passed, in %."""
    return Decimal(book.period.number * 100) / 12


def _completion(book: Book) -> Chart:
    shown = tuple(d for d in book.domains() if book.value(f"equipment.{d}.plan_rate") is not None)
    bars = Series("完成年度计划", tuple(book.value(f"equipment.{domain}.plan_rate") for domain in shown))
    line = Series("序时进度", tuple(_time(book) for _ in shown), "line")
    return Chart("completion", f"{EQUIPMENT}分领域年度计划完成率", "%", shown, (bars, line))


def _by_month(book: Book) -> Chart:
    """Draw this year's months beside last year's; January without figures of its own is reported with February."""
    this, last = book.period.year, book.period.year - 1

    def value(year: int, month: int) -> Decimal | None:
        id_ = f"investment.{year:04d}-{month:02d}.month"
        return in_wan(book.value(id_)) if id_ in book.figures else None

    together = all(value(year, 1) is None for year in (this, last))
    months = range(2 if together else 1, 13)
    names = tuple("1—2月" if together and month == 2 else f"{month}月" for month in months)
    series = (
        Series(f"{this}年", tuple(value(this, month) for month in months)),
        Series(f"{last}年", tuple(value(last, month) for month in months), "line"),
    )
    return Chart("investment", "设备更新月度完成投资", "万元", names, series)


def trade_in(book: Book) -> Section:
    """Section three: 以旧换新; its chart of subsidies stands beside that of the funds."""
    columns = (
        "品类", "申请", "审核通过", "拨付件数", "补贴金额", "带动销售额", "累计同比", "退回/追回（件/万元）",
    )  # fmt: skip
    shown = book.categories()
    if not shown:
        return Section("消费品以旧换新", (_empty(book, "以旧换新", "trade-in"),))
    rows = tuple(_trade_in_row(book, code) for code in (*shown, TOTAL))
    start = f"tradein.{TOTAL}"
    text = say.sentence(
        say.clause("当月申请{n}件", n=book.number(f"{start}.month_applied")),
        say.clause("补贴{m}", m=book.money(f"{start}.month_subsidy")),
    ) + _scrapped(book)
    return Section("消费品以旧换新", (text,) if text else (), (Table("tradein", "分品类以旧换新情况", columns, rows),))


def _scrapped(book: Book) -> str:
    """Say how much equipment was scrapped this year, by category, where any was; the categories in the order of the code list."""
    shown = [code for code in book.inputs.frame.codes.scrapped if book.value(f"scrappage.{code}.delivered")]
    parts = "、".join(f"{code}{book.number(f'scrappage.{code}.delivered')}" for code in shown)
    return say.clause("{words}报废淘汰{n}台（辆），其中{parts}。", words=book.period.words, n=book.number(f"scrappage.{TOTAL}.delivered"), parts=parts or None)


def _subsidies(book: Book) -> Iterator[Chart]:
    shown = book.categories()
    if shown:
        series = Series("补贴金额", tuple(in_wan(book.value(f"tradein.{code}.subsidy")) for code in shown))
        yield Chart("subsidies", f"{book.period.words}以旧换新分品类补贴", "万元", shown, (series,))


def _trade_in_row(book: Book, code: str) -> tuple[Cell, ...]:
    start = f"tradein.{code}"
    names = ("applied", "approved", "paid_count", "subsidy", "sales", "yoy")
    returned = book.pair(f"{start}.returned", f"{start}.subsidy_returned")
    return (Cell(code), *(book.cell(f"{start}.{name}") for name in names), returned)


def recycling(book: Book) -> Section:
    """Section four: 回收循环; quantities in different units are never added."""
    start = f"recycling_projects.{TOTAL}"
    text = say.sentence(
        say.clause("项目{n}个", n=book.number(f"{start}.projects")),
        say.clause("总投资{m}", m=book.money(f"{start}.total_investment")),
        say.clause("本年完成{m}{until}", m=book.money(f"{start}.ytd"), until=book.until(f"{start}.ytd")),
    )
    text = text or _empty(book, "回收循环利用项目", "recycling-projects")
    materials = book.inputs.frame.codes.materials
    if not materials:
        return Section("回收循环利用", (text, _empty(book, "回收利用", "materials")))
    columns = ("品类", "单位", "回收量", "处置量", "同比", "网点数", "反向开票额")
    labels = [(label, unit) for label, unit in _material_rows(book)]
    rows = tuple(
        (
            Cell(label.removesuffix(f"-{unit}")),
            Cell(unit),
            *(
                book.cell(f"recovery.{label}.{name}")
                for name in ("recovered", "used", "yoy", "outlets", "reverse_invoiced")
            ),
        )
        for label, unit in labels
    )
    return Section("回收循环利用", (text,), (Table("recovery", "废旧物资回收利用情况", columns, rows),))


def _material_rows(book: Book) -> Iterator[tuple[str, str]]:
    """Name the rows: every material with its unit, then a total for each unit that several materials share."""
    codes = book.inputs.frame.codes
    units = [unit for _, unit in codes.materials]
    for material, unit in codes.materials:
        yield row_name(material, unit, codes), unit
    yield from ((f"{TOTAL}-{unit}", unit) for unit in sorted(set(units)) if units.count(unit) > 1)


def funds(book: Book) -> Section:
    """Section five: 资金, with the charts of subsidies by category and of the ladder from allocation to payment."""
    shown, subsidies = book.channels(), tuple(_subsidies(book))
    if not shown and not any(_in_sight(book, *pair) for pair in book.inputs.frame.codes.budgets):
        return Section("资金", (_empty(book, "资金", "funds") + _support(book) + _safeguards(book),), (), subsidies)
    columns = (
        "渠道", "预算年度", "下达文号", "下达", "结转来", "收回", "结转下年", "分解", "审核通过", "支付净额", "支付率", "结余", "超期件数",
    )  # fmt: skip
    year = book.period.year
    lines = [(code, year, f"funds.{code}") for code in (*shown, TOTAL)]
    lines += [(code, other, f"funds.{code}.{other}") for code, other in book.inputs.frame.codes.budgets if _in_sight(book, code, other)]
    rows = tuple(_funds_row(book, *line) for line in lines)
    start = f"funds.{TOTAL}"
    payers = _payers(book, shown)
    text = say.sentence(
        f"支付的资金中{'、'.join(payers)}" if len(payers) > 1 else "",
        say.clause("结余{m}", m=book.money(f"{start}.balance")),
        say.clause("以前年度预算支付{m}", m=book.money(f"{start}.earlier_paid")) if book.value(f"{start}.earlier_paid") else "",
    )
    steps = (("下达", "allocated"), ("分解", "subdivided"), ("审核通过", "approved"), ("支付", "paid"))
    ladder = Series("金额", tuple(in_wan(book.value(f"{start}.{name}")) for _, name in steps))
    chart = Chart("ladder", f"截至{say.day(book.as_of)}{year}年预算资金下达与支付", "万元", tuple(title for title, _ in steps), (ladder,))
    return Section("资金", (text + _support(book) + _safeguards(book),), (Table("funds", "分渠道资金情况（下达文号见附件5）", columns, rows, shown=_FUNDS_SHOWN),), (*subsidies, chart))


def _payers(book: Book, channels: Sequence[str]) -> list[str]:
    """Return what each channel has paid; of more than three the first two, and the others together."""
    paid = [(code, amount) for code in channels if (amount := book.value(f"funds.{code}.paid"))]
    if len(paid) > PAYERS_MAX:
        first, others = paid[: PAYERS_MAX - 1], paid[PAYERS_MAX - 1 :]
        paid = [*first, ("其余", sum((amount for _, amount in others), Decimal()))]
    return [f"{name}{say.money(amount)}" for name, amount in paid]


def _in_sight(book: Book, code: str, year: int) -> bool:
    """Tell whether money of another budget year is still in sight: something is left of it, paid this year, or overdue."""
    return any(book.value(f"funds.{code}.{year}.{name}") for name in ("balance", "paid_this_year", "overdue"))


def _funds_row(book: Book, code: str, year: int, start: str) -> tuple[Cell, ...]:
    names = (
        "allocated", "carried_over", "recovered", "carried_out", "subdivided", "approved", "paid", "pay_rate", "balance", "overdue",
    )  # fmt: skip
    numbers = {normal_text(no) for channel, no in book.inputs.details.allocations if (channel, year) == (code, book.period.year)}
    # The numbers stand in the annex; here the column would grow to several lines.
    text = f"{len(numbers)}件" if numbers else ""
    return (Cell(code), Cell(str(year)), Cell(text), *(book.cell(f"{start}.{name}") for name in names))


def _support(book: Book) -> str:
    """Say what support was sought from above this year, where any was sought, granted or returned; the workbook has it by channel."""
    start = f"support.{TOTAL}"
    if not book.has_rows(start, "sought", "asked", "granted", "refused"):
        return ""
    sought, refused = book.count(f"{start}.sought"), book.count(f"{start}.refused")
    return say.sentence(
        f"本年对上争取{sought}项、{book.money(f'{start}.asked')}",
        say.clause("下达{m}", m=book.money(f"{start}.granted")),
        f"退回{refused}项" if refused else "",
    )


#: What the body says of those that move money; their other measures and the other safeguards stand in the annex.
_SAFEGUARDS = {"反向开票": "反向开票{amount}", "贷款贴息": "贴息{subsidy}"}


def _safeguards(book: Book) -> str:
    """Say what the safeguards were in the month, where any is told; of the others who has not reported is said, never zero."""
    shown: list[str] = []
    silent: list[str] = []
    for safeguard, words in _SAFEGUARDS.items():
        measures = MEASURES[safeguard]
        figures = {name: book.figures[f"safeguards.{safeguard}.month_{name}"] for name in measures}
        if any(figure.source.rows for figure in figures.values()):
            texts = {name: _said(figure) for name, figure in figures.items()}
            shown.append(words.format(**texts))
        elif any(figure.absent == NOT_REPORTED and figure.value is None for figure in figures.values()):
            silent.append(safeguard)
    if not shown:
        return ""
    return say.sentence(f"当月{'、'.join(shown)}", f"{'、'.join(silent)}未报送" if silent else "")


def _said(figure: Figure) -> str:
    if figure.value is None:
        return figure.absent
    return say.money(figure.value) if figure.unit == "元" else say.number(figure.value)


def _empty(book: Book, what: str, scope: str) -> str:
    return say.nothing_reported(f"{what}情况") if book.is_silent(scope) else f"{what}本年无发生。"
