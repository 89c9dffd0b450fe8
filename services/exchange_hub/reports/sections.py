"""Sections one to five of the monthly report: goals, equipment, trade-in, recycling, funds."""

from collections.abc import Iterator
from decimal import Decimal

from exchange_hub.programme import sentences as say
from exchange_hub.programme.definitions import TOTAL, GoalLine
from exchange_hub.programme.figures import EQUIPMENT, row_name
from exchange_hub.reports.book import Book, in_wan
from exchange_hub.reports.model import Cell, Chart, Section, Series, Table

_NUMBERS_MAX = 2
_NAMES_MAX = 3


def goals(book: Book) -> Section:
    """Section one: 总体目标."""
    frame = book.inputs.frame
    columns = (
        "指标", f"{frame.base_year}基数", f"{frame.target_year}目标", "今年目标", "本年累计", "同比", "完成年度%",
        "责任单位", "来源",
    )  # fmt: skip
    rows = tuple(_goal_row(book, line) for line in _goal_lines(book))
    unset = sum(1 for row in rows if row[1].figure and row[1].figure.value is None)
    text = say.sentence(
        f"到{frame.target_year}年工作目标共{len(book.inputs.district.goals)}项，列入目标体系的指标{len(book.inputs.district.indicators)}个",
        f"表中{unset}行基数未设定，由责任单位确定后列入" if unset else "",
    )
    return Section("总体目标", (text,), (Table("goals", "到2027年目标进展", columns, rows),))


def _goal_lines(book: Book) -> Iterator[GoalLine]:
    """Order the lines: an indicator's total before its domains; domains of which nothing is known are left out."""
    waiting: list[GoalLine] = []
    for line in book.inputs.frame.codes.goals:
        if line.domain is not None:
            waiting.append(line)
            continue
        yield line
        for part in waiting:
            if any(
                book.value(f"{part.id}.{name}") is not None for name in ("baseline", "target", "year_target", "ytd")
            ):
                yield part
        waiting = []


def _goal_row(book: Book, line: GoalLine) -> tuple[Cell, ...]:
    district = book.inputs.district
    indicator = district.indicator(line.indicator)
    title = indicator.title if indicator else line.indicator
    domain = district.domain(line.domain) if line.domain else None
    if domain is not None:
        who = book.name(domain.lead)
    else:
        who = say.joined((book.name(code) for code in (indicator.responsible if indicator else ())), _NAMES_MAX)
    names = ("baseline", "target", "year_target", "ytd", "yoy", "rate")
    label = f"其中：{line.domain}" if line.domain else title
    return (Cell(label), *(book.cell(f"{line.id}.{name}") for name in names), Cell(who), Cell(line.series))


def equipment(book: Book) -> Section:
    """Section two: 设备更新, with the charts of completion and of investment by month."""
    columns = (
        "领域", "项目数", "在建/竣工", "总投资", "设备投资", "本月", "自年初", "完成年度计划%", "更新台套",
        "资金到位/支付（万元）",
    )  # fmt: skip
    rows = tuple(_equipment_row(book, domain) for domain in (*book.domains(), TOTAL))
    start = f"equipment.{TOTAL}"
    text = say.sentence(
        say.clause("当月完成投资{m}", m=book.money(f"{start}.month")),
        say.clause(
            "累计完成年度计划的{p}（序时进度{t}）", p=book.percent(f"{start}.plan_rate"), t=say.percent(_time(book))
        ),
        say.clause("完成更新{n}台套", n=book.number(f"{start}.units_done")),
        say.clause("到位资金{m}", m=book.money(f"{start}.funds_arrived")),
    )
    if book.value(f"{start}.ytd") is None:
        text = _empty(book, "设备更新项目", "equipment-projects")
    table = Table("equipment", "分领域设备更新项目进展", columns, rows)
    return Section("设备更新", (text,), (table,), (_completion(book), _by_month(book)))


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
        book.pair(f"{start}.funds_arrived", f"{start}.funds_paid"),
    )


def _time(book: Book) -> Decimal:
    """Return 序时进度: the part of the year that has passed, in %."""
    return (Decimal(book.period.number * 100) / 12).quantize(Decimal("0.01"))


def _completion(book: Book) -> Chart:
    shown = tuple(d for d in book.domains() if book.value(f"equipment.{d}.plan_rate") is not None)
    bars = Series("完成年度计划", tuple(book.value(f"equipment.{domain}.plan_rate") for domain in shown))
    line = Series("序时进度", tuple(_time(book) for _ in shown), "line")
    return Chart("completion", f"{EQUIPMENT}分领域年度计划完成率", "%", shown, (bars, line))


def _by_month(book: Book) -> Chart:
    months = range(1, 13)

    def year(number: int) -> Series:
        ids = [f"investment.{number:04d}-{month:02d}.month" for month in months]
        return Series(f"{number}年", tuple(in_wan(book.value(i)) if i in book.figures else None for i in ids))

    series = (year(book.period.year - 1), year(book.period.year))
    return Chart("investment", "设备更新月度完成投资", "万元", tuple(f"{month}月" for month in months), series)


def trade_in(book: Book) -> Section:
    """Section three: 以旧换新, with the chart of subsidies by category."""
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
        say.clause("补贴金额{m}", m=book.money(f"{start}.month_subsidy")),
        say.clause("{words}审核通过{n}件", words=book.period.words, n=book.number(f"{start}.approved")),
        say.clause("已拨付{n}件", n=book.number(f"{start}.paid_count")),
        say.clause("退回{n}件", n=book.number(f"{start}.returned")),
    )
    chart = Chart(
        "subsidies", f"{book.period.words}分品类补贴金额", "万元", shown,
        (Series("补贴金额", tuple(in_wan(book.value(f"tradein.{code}.subsidy")) for code in shown)),),
    )  # fmt: skip
    return Section("消费品以旧换新", (text,), (Table("tradein", "分品类以旧换新情况", columns, rows),), (chart,))


def _trade_in_row(book: Book, code: str) -> tuple[Cell, ...]:
    start = f"tradein.{code}"
    names = ("applied", "approved", "paid_count", "subsidy", "sales", "yoy")
    returned = book.pair(f"{start}.returned", f"{start}.subsidy_returned")
    return (Cell(code), *(book.cell(f"{start}.{name}") for name in names), returned)


def recycling(book: Book) -> Section:
    """Section four: 回收循环; quantities in different units are never added."""
    start = f"recycling_projects.{TOTAL}"
    text = say.sentence(
        say.clause("回收循环利用项目{n}个", n=book.number(f"{start}.projects")),
        say.clause("总投资{m}", m=book.money(f"{start}.total_investment")),
        say.clause("{words}完成投资{m}", words=book.period.words, m=book.money(f"{start}.ytd")),
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
    """Section five: 资金, with the ladder from allocation to payment."""
    shown = book.channels()
    if not shown:
        return Section("资金", (_empty(book, "资金", "funds"),))
    columns = ("渠道", "下达文号", "下达", "分解", "审核通过", "支付", "支付率", "结余", "超期件数")
    rows = tuple(_funds_row(book, code) for code in (*shown, TOTAL))
    start, days = f"funds.{TOTAL}", book.inputs.frame.payment_days
    text = say.sentence(
        say.clause("{words}审核通过{m}", words=book.period.words, m=book.money(f"{start}.approved")),
        say.clause("结余{m}", m=book.money(f"{start}.balance")),
        f"审核通过满{days}日尚未支付{book.count(f'{start}.overdue')}件",
    )
    steps = (("下达", "allocated"), ("分解", "subdivided"), ("审核通过", "approved"), ("支付", "paid"))
    ladder = Series("金额", tuple(in_wan(book.value(f"{start}.{name}")) for _, name in steps))
    chart = Chart("ladder", f"{book.period.words}资金下达与支付", "万元", tuple(title for title, _ in steps), (ladder,))
    return Section("资金", (text,), (Table("funds", "分渠道资金情况", columns, rows),), (chart,))


def _funds_row(book: Book, code: str) -> tuple[Cell, ...]:
    names = ("allocated", "subdivided", "approved", "paid", "pay_rate", "balance", "overdue")
    numbers = list(dict.fromkeys(no for channel, no in book.inputs.details.allocations if channel == code))
    text = "、".join(numbers[:_NUMBERS_MAX]) + (f"等{len(numbers)}件" if len(numbers) > _NUMBERS_MAX else "")
    return (Cell(code), Cell(text), *(book.cell(f"funds.{code}.{name}") for name in names))


def _empty(book: Book, what: str, scope: str) -> str:
    return say.nothing_reported(f"{what}情况") if book.is_silent(scope) else f"{what}本年无发生。"
