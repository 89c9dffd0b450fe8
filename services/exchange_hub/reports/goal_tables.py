"""Section one, 总体目标, and what stands of the goals in the workbook: the way to the targets, and who owes which indicator when."""

from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

from exchange_contracts.vocabulary import Domain
from exchange_hub.programme import sentences as say
from exchange_hub.programme.definitions import TOTAL, GoalLine
from exchange_hub.programme.district import Indicator
from exchange_hub.programme.period import Period
from exchange_hub.programme.stock_figures import LEVELS
from exchange_hub.reports.book import Book
from exchange_hub.reports.evaluate import ends_in
from exchange_hub.reports.model import Cell, Figure, Section, Table

_NAMES_MAX = 1
_MONTHS = 12
_SURVEYED = f"stocks.{TOTAL}.share"
_SET = ("baseline", "target", "year_target")


def goals(book: Book) -> Section:
    """Section one: 总体目标."""
    frame = book.inputs.frame
    columns = (
        "指标", f"{frame.base_year}基数", f"{frame.target_year}目标", "今年目标", "本年累计", "同比", "完成年度%",
        "责任单位", "来源",
    )  # fmt: skip
    lines = tuple(_lines(book))
    rows = tuple(_row(book, line) for line in lines)
    printed = sum(line.domain is None and not _of_city(book, line) for line in lines)
    # The domains of a goal and what the city asks stand in the workbook: what each domain invests is told by the table of equipment.
    printed = printed if 0 < printed < len(rows) else 0
    table = Table("goals", f"到{frame.target_year}年目标进展{_headline(book)}", columns, rows, "亿元", printed)
    return Section("总体目标", (), (table,))


def _indicator(book: Book, line: GoalLine) -> Indicator | None:
    return book.inputs.district.indicator(line.indicator)


def _of_city(book: Book, line: GoalLine) -> bool:
    indicator = _indicator(book, line)
    return indicator is not None and indicator.by_city


def _lines(book: Book) -> Iterator[GoalLine]:
    """Order the lines: the plan's indicators, the domains of those that are split, the city's; domains of which nothing is known are left out."""
    every = book.inputs.frame.codes.goals
    yield from (line for line in every if line.domain is None and not _of_city(book, line))
    names = (*_SET, "ytd")
    yield from (line for line in every if line.domain is not None and any(book.value(f"{line.id}.{name}") is not None for name in names))
    yield from (line for line in every if line.domain is None and _of_city(book, line))


def _row(book: Book, line: GoalLine) -> tuple[Cell, ...]:
    indicator = _indicator(book, line)
    title = indicator.title if indicator else line.indicator
    names = _who(book, line)
    # Of a dozen bureaus a narrow column names the first and says how many there are.
    who = say.joined(names, 1 if len(names) > _NAMES_MAX else 0)
    label = f"{title}：{line.domain}" if line.domain else title
    toward = _toward(book, line.id) if f"{line.id}.gap" in book.figures else _told(book, line, "rate")
    return (Cell(label), *(_told(book, line, name) for name in (*_SET, "ytd", "yoy")), toward, Cell(who), Cell(line.series))


def _who(book: Book, line: GoalLine) -> list[str]:
    domain = book.inputs.district.domain(line.domain) if line.domain else None
    indicator = _indicator(book, line)
    codes = (domain.lead,) if domain is not None else indicator.responsible if indicator else ()
    return [book.name(code) for code in codes]


def _told(book: Book, line: GoalLine, name: str) -> Cell:
    """Return the cell of a line; of a whole that is not known the sum of the domains that are: the title names the others."""
    known = book.figures.get(f"{line.id}.known_{name}")
    if known is None or known.value is None or book.value(f"{line.id}.{name}") is not None:
        return book.cell(f"{line.id}.{name}")
    return book.cell(known.id)


def _toward(book: Book, start: str) -> Cell:
    """Tell how far a ratio is from its target: in points, and of the way from its base where that is known (FIGURES 20)."""
    gap, way = book.figures[f"{start}.gap"], book.figures[f"{start}.way"]
    if gap.value is None:
        return Cell(figure=gap)
    if gap.value <= 0:
        return Cell("已达年度目标", parts=(gap,))
    if way.value is None:
        return Cell(figure=gap, before="距年度目标", after="")
    return Cell(figure=way, parts=(gap,), before=f"距年度目标{say.points(gap.value)}，已完成")


def _headline(book: Book) -> str:
    """Answer in a few words the goal that is split by domains: where the known ones stand against their bases, and which are unknown."""
    line = next((line for line in book.inputs.frame.codes.goals if line.parts), None)
    if line is None or book.value(f"{line.id}.known_ytd") is None:
        return ""
    growth, base = book.figures[f"{line.id}.known_growth"], book.percent(f"{line.id}.known_of_base")
    year = book.inputs.frame.base_year
    said = (
        f"投资近12个月{_change(growth, year)}" if growth.value is not None else say.clause("{words}投资为{year}年的{p}", words=book.period.words, year=str(year), p=base),
        *(f"{say.joined(names, 1, '个领域')}{what}" for what, names in unknown(book, line)),
    )  # fmt: skip
    return f"（{'，'.join(text for text in said if text)}）"


def _change(growth: Figure, year: int) -> str:
    value = growth.value or Decimal(0)
    return f"较{year}年{'增长' if value >= 0 else '下降'}{say.percent(abs(value))}"


def unknown(book: Book, line: GoalLine) -> Iterator[tuple[str, list[str]]]:
    """Yield what is not known of a whole, with the domains of which it is not."""
    for name, what in (("baseline", "基数未设定"), ("ytd", "本年未报送")):
        names = [part.rpartition(".")[2] for part in line.parts if book.value(f"{part}.{name}") is None]
        if names:
            yield what, names


def workbook_tables(book: Book) -> tuple[Table, ...]:
    """Return what the workbook and the console show of the goals beside the body."""
    return tuple(table for table in (_paths(book), _owing(book), _stocks(book), _leads(book)) if table.rows)


def _paths(book: Book) -> Table:
    """The way from base to target: where the straight one would be this year, what is left of this year's target, and of it each remaining month."""
    frame, period = book.inputs.frame, book.period
    columns = (
        "指标", "领域", f"{frame.base_year}基数", f"{frame.target_year}目标", f"直线路径{period.year}年值", "今年目标", "本年累计", "相当于基数%",
        "近12个月", f"近12个月较{frame.base_year}增长%", "距今年目标", "余下月数", "余下每月需完成", "口径", "目标来源",
    )  # fmt: skip
    rows = [row for line in _lines(book) for row in _path_rows(book, line)]
    return Table("goal_paths", "目标路径", columns, tuple(rows), "万元")


def _path_rows(book: Book, line: GoalLine) -> Iterator[tuple[Cell, ...]]:
    indicator = _indicator(book, line)
    title, months = indicator.title if indicator else line.indicator, str(_MONTHS - book.period.number)
    ends = (Cell(line.series), Cell(_source(indicator)))
    names = (*_SET[:2], "path", "year_target", "ytd")
    if line.unit == "%":
        cells = [book.cell(f"{line.id}.{name}") for name in names]
        yield (Cell(title), Cell(line.domain or ""), *cells, Cell(), Cell(), Cell(), book.cell(f"{line.id}.gap"), Cell(months), Cell(), *ends)
        if indicator is not None and indicator.surveyed and book.value(_SURVEYED) is not None:
            none = (Cell(),) * 4
            yield (Cell(title), Cell("摸底台账"), *none, book.cell(_SURVEYED), *none, Cell(months), Cell(), *ends)
        return
    more = ("of_base", "annual", "growth", "remaining")
    cells = [book.cell(f"{line.id}.{name}") for name in (*names, *more)]
    yield (Cell(title), Cell(line.domain or (TOTAL if line.parts else "")), *cells, Cell(months), book.cell(f"{line.id}.per_month"), *ends)
    if line.parts and any(book.value(f"{line.id}.{name}") is None for name in names):
        known = ["" if name == "annual" else f"{line.id}.known_{name}" for name in (*names, *more)]
        cells = [book.cell(id_) if id_ else Cell() for id_ in known]
        lacking = "；".join(f"{what}：{'、'.join(which)}" for what, which in unknown(book, line))
        yield (Cell(title), Cell(f"已知领域（{lacking}，不以零计）" if lacking else "已知领域"), *cells, Cell(months), book.cell(f"{line.id}.known_per_month"), *ends)


def _source(indicator: Indicator | None) -> str:
    if indicator is None:
        return ""
    source = indicator.target_source or "工作方案"
    return source if indicator.verified else f"{source}（未核实）"


def _owing(book: Book) -> Table:
    """Who owes which indicator when: its base and its targets once, what is reported by its cycle."""
    columns = ("指标", "领域", "口径", "事项", "应报单位", "周期", "应报期间", "状态")
    lines = [line for line in book.inputs.frame.codes.goals if not line.parts]
    return Table("goal_duties", "指标报送责任", columns, tuple(row for line in lines for row in _duties(book, line)))


def _leads(book: Book) -> Table:
    """Which bureau leads which domain (领域归口); one without a settled or confirmed lead says so."""
    district = book.inputs.district
    columns = ("领域", "牵头单位", "其他报送单位", "计入目标1", "归口状态", "依据")
    names = dict.fromkeys([*(domain.name for domain in district.domains), *get_args(Domain)])
    return Table("domain_leads", f"领域归口（{district.domains_version}版）", columns, tuple(_lead(book, name) for name in names))


def _lead(book: Book, name: str) -> tuple[Cell, ...]:
    district = book.inputs.district
    domain = district.domain(name)
    if domain is None:
        return (Cell(name), Cell("未定"), Cell(), Cell("否"), Cell("未列入归口表"), Cell())
    others = "、".join(book.name(code) for code in domain.bureaus if code != domain.lead)
    state = "牵头单位未定" if not domain.lead else "已确认" if domain.confirmed and district.domains_confirmed else "待确认"
    source = domain.source or "工作方案"
    return (Cell(name), Cell(book.name(domain.lead) if domain.lead else "未定"), Cell(others), Cell("是" if domain.goal_1 else "否"), Cell(state), Cell(source))


def _stocks(book: Book) -> Table:
    """Goal 2 by kind of equipment: the stock by level, and the share at the energy-saving level or better."""
    columns = ("设备种类", "在用台数", "先进水平", "节能水平", "准入水平", "未达准入", "节能水平及以上占比%")
    names = ("stock", *LEVELS, "share")
    kinds = book.inputs.frame.codes.equipment
    rows = tuple((Cell(code), *(book.cell(f"stocks.{code}.{name}") for name in names)) for code in (*kinds, TOTAL) if kinds and book.value(f"stocks.{code}.stock") is not None)
    return Table("energy_stocks", "用能设备能效", columns, rows)


def _duties(book: Book, line: GoalLine) -> Iterator[tuple[Cell, ...]]:
    frame, indicator = book.inputs.frame, _indicator(book, line)
    if indicator is None or line.series != indicator.series:
        return
    start = tuple(Cell(text) for text in (indicator.title, line.domain or "", line.series))
    whose = Cell("、".join(_who(book, line)))
    for name, what, year in (("baseline", "基数", frame.base_year), ("target", "目标", frame.target_year), ("year_target", "目标", book.period.year)):
        figure = book.figures[f"{line.id}.{name}"]
        yield (*start, Cell(what), whose, Cell("一次"), Cell(f"{year}年"), Cell(figure.absent if figure.value is None else "已设定"))
    duty = book.inputs.district.indicator_duty(line.indicator, line.series)
    if duty is None:
        yield (*start, Cell("报送"), Cell("未明确"), Cell(), Cell(), Cell(_state(book, line, book.period.month)))
        return
    whose = Cell("、".join(book.name(code) for code in duty.bureaus))
    due = due_period(duty.cycle, book.period, book.inputs.district.first_month)
    yield (*start, Cell("报送"), whose, Cell(duty.cycle), Cell(due), Cell(_state(book, line, due) if due else "未到期"))


def _state(book: Book, line: GoalLine, due: str) -> str:
    """Tell whether anybody has told an indicator up to the month that is due, else how far it is told."""
    figure = book.figures[f"{line.id}.ytd"]
    if figure.value is None:
        return figure.absent
    reached = ends_in(figure.period)
    return "已报送" if reached >= due else f"未报送（报至{reached}）"


def due_period(cycle: str, period: Period, first_month: str) -> str:
    """Return the last month that a cycle asks for by the report's month; empty where none is due yet.

    >>> [due_period(cycle, Period("2026-10"), "2026-01") for cycle in ("月", "季", "年")]
    ['2026-10', '2026-09', '']
    """
    step = {"月": 1, "季": 3, "年": 12}[cycle]
    number = period.number - period.number % step
    due = f"{period.year}-{number:02d}" if number else ""
    return due if due >= first_month else ""
