"""The report's figures as data: the cubes to read and, for each figure, what is selected from which cube.

Sources: the work plan's three lists, goals and funding list (part four, stage one and two), the monthly review (part
five, one). Rows whose 管理状态 is 退出 do not count. 本年累计 is January to the report's month.

A figure *restates* where a closed month's value can be recomputed later from dated rows (flows). States and stocks
(how many projects are under construction) are true on the day of the close only and are never compared afterwards.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from exchange_hub.programme import (
    fund_figures,
    goal_figures,
    list_figures,
    match_figures,
    safeguard_figures,
    stock_figures,
    supervision_figures,
)
from exchange_hub.programme.cells import COUNT, Cube
from exchange_hub.programme.conditions import Where
from exchange_hub.programme.deadlines import COVERED
from exchange_hub.programme.definitions import (
    NONE,
    NOT_FILLED,
    NOT_SET,
    TOTAL,
    Absent,
    Codes,
    Definition,
    Derived,
    Frame,
    GoalLine,
    Measured,
    Scope,
    Stated,
)  # fmt: skip
from exchange_hub.programme.labels import kind_of
from exchange_hub.programme.list_figures import EXITED
from exchange_hub.programme.period import Period

EQUIPMENT = "设备更新"
RECYCLING = "回收循环"
CONFIRMED = "已确认"
NIL = "零报告"
_DONE = ("竣工", "投产")
ADDED = {"units_added": "加装", "units_enlarged": "扩能"}

BOUGHT = "完成"
RETURNED = "退货"
# What 明细 and 汇总 of one bureau must agree in to be of the same thing; ``?`` marks what a 汇总 may leave open (FIGURES 8).
_TRADE_DETAIL = ("step", "category", "month", "kind?")
_MATERIAL_DETAIL = ("material", "unit", "month")
_SCRAP_DETAIL = ("category", "counted_on:month")
_DEADLINE = "extended_until|due_on"


def cubes(frame: Frame) -> tuple[Cube, ...]:
    """Return the cubes of a report, each one scan of one list."""
    period, as_of = frame.period, frame.as_of.isoformat()
    counted: Where = {"admin_state!=": EXITED}
    next_ = period.after.month
    plan = f"planned_by_year[{period.year}]"
    money = ("total_investment", "equipment_investment", plan, "funds_arrived", "funds_paid", "units_done")
    of_counted = {
        "project_key not in equipment-projects.row_key": {"admin_state": EXITED},
        "project_key not in recycling-projects.row_key": {"admin_state": EXITED},
    }
    return (
        Cube("equipment", "equipment-projects", counted, ("domain", "build_state", "renewal"), money),
        Cube("recycling", "recycling-projects", counted, ("build_state",), money),
        Cube("progress", "project-progress", of_counted, ("list", "domain", "month"), ("invested_this_month",)),
        _latest("progress_year", of_counted, period),
        _latest("progress_last_year", of_counted, period.last_year),
        Cube(
            "trade_in", "trade-in", {}, ("bureaus", "step", "category", "kind", "month", "granularity"),
            ("count", "sale_amount", "subsidy", "returned_count", "subsidy_returned"),
        ),
        *fund_figures.cubes(frame),
        *safeguard_figures.cubes(),
        *stock_figures.cubes(),
        *supervision_figures.cubes(frame),
        *match_figures.cubes(),
        Cube(
            "materials", "materials", {}, ("bureaus", "material", "unit", "month", "granularity"),
            ("recovered", "used", "reverse_invoiced"),
        ),
        Cube(
            "outlets", "materials", {"month": period.month},
            ("bureaus", "material", "unit", "month", "granularity", "operator_uscc"), ("outlets",),
        ),
        Cube(
            "operators", "materials", {"month": period.year_to_date}, ("material", "unit", "operator_uscc"),
        ),
        *_document_cubes(as_of),
        Cube("indicators", "indicators", {}, ("indicator", "domain", "kind", "series", "period", "unit"), ("value",)),
        *_told_cubes(period),
        Cube("submissions", "submissions", {"month": period.month}, ("bureau", "list", "state", "bureau@list")),
        *_late_cube(frame),
        Cube("plans", "plans", {"issued_on<=": as_of}, ("expected",)),
        Cube("problems", "problems", open_matters(as_of), ()),
        Cube("problems_overdue", "problems", {**open_matters(as_of), "due_on<": as_of}, ()),
        # What is finished is not announced, whatever day was planned (FIGURES 17).
        Cube("starting", "equipment-projects", {**counted, "build_state!=": ("在建", *_DONE), "starts_on_planned:month": next_, "starts_on_actual": None}, ("domain",)),
        Cube("ending", "equipment-projects", {**counted, "build_state!=": _DONE, "ends_on_planned:month": next_, "ends_on_actual": None}, ("domain",)),
        Cube("enterprises", "enterprises", {}, ("domain",)),
        *list_figures.cubes(frame),
        Cube("scrappage", "scrappage", {"counted_on<=": as_of}, ("bureaus", "category", "counted_on:month", "granularity"), ("count",)),
        Cube(
            "support", "support-sought", {}, ("channel", "applied_on:month", "granted_on:month", "returned_on:month"),
            ("amount_asked", "amount_granted"),
        ),
    )  # fmt: skip


def _latest(name: str, of_counted: Where, period: Period) -> Cube:
    among = {"month": period.year_to_date}
    where = {**of_counted, "latest": {"of": "project_key", "by": "month", "among": among}}
    return Cube(name, "project-progress", where, ("list", "domain", "month"), ("invested_year_to_date",))


def open_matters(as_of: str) -> Where:
    """Return the condition on the matters for coordination that are open on a day."""
    return {"raised_on<=": as_of, "resolved_on not <=": as_of}


def _told_cubes(period: Period) -> Iterator[Cube]:
    """Tell which bureaus have rows in a list: of the month where rows are of a month, else any."""
    for name in ("equipment-projects", "recycling-projects", "enterprises", "documents", "funding-policies", "elimination", "matches", "outlets", "project-claims", "outlet-claims"):
        yield Cube(f"told.{name}", name, {}, ("bureaus",))
    yield Cube("told.tasks", "tasks", {"month": period.month}, ("bureaus", "lead_bureau", "task_no", "month", "state"))
    yield Cube("told.indicators", "indicators", {"kind": "报送", "period": period.month}, ("bureaus",))
    yield Cube("told.progress", "project-progress", {"month": period.month}, ("lead_bureau", "list"))


def _document_cubes(as_of: str) -> Iterator[Cube]:
    """Split the rows of documents by state: every row received by the as-of date is in exactly one of them."""
    received = {"received_on<=": as_of}
    open_ = {**received, "measure_on not <=": as_of}
    done = {**received, "exempt_reason": None, "measure_on<=": as_of}
    for name, where in (
        ("total", received),
        ("exempt", {**received, "exempt_reason!=": None, "measure_on<=": as_of}),
        ("covered", {**done, "form": COVERED}),
        ("issued", {**done, "form!=": COVERED}),
        ("overdue", {**open_, f"{_DEADLINE}<": as_of}),
        ("due", {**open_, f"{_DEADLINE} not <": as_of}),
    ):
        yield Cube(f"documents_{name}", "documents", where, ())


def _late_cube(frame: Frame) -> Iterator[Cube]:
    if frame.due_on is not None:
        where = {"month": frame.period.month, "bureau@list": frame.owed, "confirmed_on>": frame.due_on.isoformat()}
        yield Cube("submissions_late", "submissions", where, ())


def definitions(frame: Frame) -> tuple[Definition, ...]:
    """Return every figure of the report, those that others are derived from first."""
    return (
        *goal_figures.definitions(frame),
        *_equipment(frame),
        *_recycling_projects(frame),
        *_investment_by_month(frame),
        *_trade_in(frame),
        *_recovery(frame),
        *fund_figures.definitions(frame),
        *_support(frame),
        *safeguard_figures.definitions(frame),
        *stock_figures.definitions(frame),
        *supervision_figures.definitions(frame),
        *match_figures.definitions(frame),
        *list_figures.definitions(frame),
        *_others(frame),
    )


def kinds(frame: Frame) -> dict[str, Definition]:
    """Return a definition of every kind of figure (``table.measure``), also of tables in which no row of *frame* occurs."""
    code = "·"
    goals = (GoalLine(f"goals.{code}", code, "", code), GoalLine(f"goals.{code}%", code, "%", code), GoalLine(f"goals.{TOTAL}", code, "", code, parts=(f"goals.{code}",)))
    codes = Codes((code,), (code,), ((code, code),), (code,), budgets=((code, 0),), scrapped=(code,), goals=goals, equipment=(code,))
    every = replace(frame, due_on=frame.due_on or frame.as_of, codes=codes)
    return {kind_of(definition.id): definition for definition in definitions(every)}


def figure_kinds() -> tuple[str, ...]:
    """Return the kinds of figures that a report of this version has; they are the same in every month."""
    day = date(2026, 1, 31)
    return tuple(kinds(Frame(Period(f"{day:%Y-%m}"), day)))


def _of(dimension: str, code: str) -> dict[str, object]:
    return {} if code == TOTAL else {dimension: code}


def _equipment(frame: Frame) -> Iterator[Definition]:
    period = frame.period
    plan = f"sum(planned_by_year[{period.year}])"
    for code in (*frame.codes.domains, TOTAL):
        own = _of("domain", code)
        scope = _by_domain("equipment-projects", code)

        def stock(
            name: str, unit: str, measure: str = COUNT, state: Where | None = None, *, code: str = code,
            own: Where = own, scope: Scope = scope,
        ) -> Measured:  # fmt: skip
            return Measured(
                f"equipment.{code}.{name}", unit, frame.as_of.isoformat(), "equipment", {**own, **(state or {})},
                measure, scope, None if measure == COUNT else NOT_FILLED, restates=False,
            )  # fmt: skip

        yield stock("projects", "个")
        yield stock("under_construction", "个", state={"build_state": "在建"})
        yield stock("completed", "个", state={"build_state": _DONE})
        for name in ("total_investment", "equipment_investment", "funds_arrived", "funds_paid"):
            yield stock(name, "元", f"sum({name})")
        # What is added or enlarged renews nothing (加装 is not 更新).
        yield stock("units_done", "台套", "sum(units_done)", {"renewal!=": (*ADDED.values(),)})
        for name, kind in ADDED.items():
            yield stock(name, "台套", "sum(units_done)", {"renewal": kind})
        plan_year = Measured(
            f"equipment.{code}.plan_year",
            "元",
            str(period.year),
            "equipment",
            own,
            plan,
            no_values=NOT_SET,
            no_rows=NOT_SET,
            restates=False,
        )
        yield plan_year
        yield from _invested(f"equipment.{code}", EQUIPMENT, own, period, scope)
        yield Derived(
            f"equipment.{code}.plan_rate", "%", period.span, "ratio",
            (f"equipment.{code}.ytd", plan_year.id), absent=NOT_SET, restates=False,
        )  # fmt: skip
    total, day = f"equipment.{TOTAL}", frame.as_of.isoformat()
    yield Derived(f"{total}.started", "个", day, "net", (f"{total}.under_construction", f"{total}.completed"), partial=True, restates=False)
    yield Derived(f"{total}.start_rate", "%", day, "ratio", (f"{total}.started", f"{total}.projects"), restates=False)


def _by_domain(list_: str, code: str) -> Scope:
    return Scope(list_, "" if code == TOTAL else code)


def _invested(start: str, list_: str, own: Where, period: Period, scope: Scope) -> Iterator[Definition]:
    """Investment this month, this year and in the same months of last year, with the change."""
    of = {**own, "list": list_}
    yield Measured(
        f"{start}.month", "元", period.month, "progress", {**of, "month": period.month}, "sum(invested_this_month)",
        scope, NOT_FILLED,
    )  # fmt: skip
    year = Measured(
        f"{start}.ytd",
        "元",
        period.span,
        "progress_year",
        of,
        "sum(invested_year_to_date)",
        scope,
        NOT_FILLED,
        latest="month",
    )
    last = Measured(
        f"{start}.ytd_last_year", "元", period.last_year.span, "progress_last_year", of,
        "sum(invested_year_to_date)", no_values=NONE, no_rows=NONE,
    )  # fmt: skip
    yield from (year, last, Derived(f"{start}.yoy", "%", period.span, "growth", (year.id, last.id)))


def _recycling_projects(frame: Frame) -> Iterator[Definition]:
    start, as_of = f"recycling_projects.{TOTAL}", frame.as_of.isoformat()
    scope = Scope("recycling-projects")
    yield Measured(f"{start}.projects", "个", as_of, "recycling", {}, COUNT, scope, restates=False)
    yield Measured(
        f"{start}.total_investment", "元", as_of, "recycling", {}, "sum(total_investment)", scope, NOT_FILLED,
        restates=False,
    )  # fmt: skip
    yield from _invested(start, RECYCLING, {}, frame.period, scope)


def _investment_by_month(frame: Frame) -> Iterator[Definition]:
    """Investment of every month of this year and the last, for the chart of two years."""
    for year in (frame.period.year - 1, frame.period.year):
        for number in range(1, 13):
            month = f"{year:04d}-{number:02d}"
            if month <= frame.period.month:
                yield Measured(
                    f"investment.{month}.month", "元", month, "progress", {"list": EQUIPMENT, "month": month},
                    "sum(invested_this_month)", no_values=NONE, no_rows=NONE, restates=False,
                )  # fmt: skip


def _trade_in(frame: Frame) -> Iterator[Definition]:
    period = frame.period
    bought: Where = {"details_first": _TRADE_DETAIL, "step": BOUGHT}
    year: Where = {**bought, "month": period.year_to_date}
    month: Where = {**bought, "month": period.month}
    last: Where = {**bought, "month": period.last_year.year_to_date}
    returned: Where = {"details_first": _TRADE_DETAIL, "step": RETURNED, "month": period.year_to_date}
    for code in (*frame.codes.categories, TOTAL):
        own, start = _of("category", code), f"tradein.{code}"
        for name, unit, column, when, span in (
            ("applied", "件", "count", year, period.span),
            ("subsidy", "元", "subsidy", year, period.span),
            ("sales", "元", "sale_amount", year, period.span),
            ("month_applied", "件", "count", month, period.month),
            ("month_subsidy", "元", "subsidy", month, period.month),
            ("month_sales", "元", "sale_amount", month, period.month),
            ("returned", "件", "returned_count", returned, period.span),
            ("subsidy_returned", "元", "subsidy_returned", returned, period.span),
            ("sales_last_year", "元", "sale_amount", last, period.last_year.span),
        ):
            yield Measured(
                f"{start}.{name}", unit, span, "trade_in", {**own, **when}, f"sum({column})", Scope("trade-in", category="" if code == TOTAL else code),
                NOT_FILLED, NONE if when is last else None, latest="month" if when is year else "", flow=True,
            )  # fmt: skip
        yield from fund_figures.applications(start, own or {"category!=": None}, frame)
        yield Derived(f"{start}.yoy", "%", period.span, "growth", (f"{start}.sales", f"{start}.sales_last_year"))


def _recovery(frame: Frame) -> Iterator[Definition]:
    period = frame.period
    units = sorted({unit for _, unit in frame.codes.materials})
    rows = [(material, unit, row_name(material, unit, frame.codes)) for material, unit in frame.codes.materials]
    for material, unit, label in (*rows, *((TOTAL, unit, f"{TOTAL}-{unit}") for unit in units)):
        own, start = {**_of("material", material), "unit": unit}, f"recovery.{label}"
        stated: Where = {**own, "details_first": _MATERIAL_DETAIL}
        now, before = {**stated, "month": period.year_to_date}, {**stated, "month": period.last_year.year_to_date}
        month = {**stated, "month": period.month}
        scope = Scope("materials")
        yield Measured(f"{start}.operators", "户", period.span, "operators", own, "distinct(operator_uscc)", scope)
        for name, what, column, select, span in (
            ("recovered", unit, "recovered", now, period.span),
            ("used", unit, "used", now, period.span),
            ("month_recovered", unit, "recovered", month, period.month),
            ("recovered_last_year", unit, "recovered", before, period.last_year.span),
            ("reverse_invoiced", "元", "reverse_invoiced", now, period.span),
        ):
            last: Absent | None = NONE if select is before else None
            latest = "month" if select is now else ""
            yield Measured(f"{start}.{name}", what, span, "materials", select, f"sum({column})", scope, NOT_FILLED, last, latest=latest, flow=True)
        # A stock of an operator, whatever it recovers there (FIGURES 18).
        outlets = "once(outlets by operator_uscc)"
        yield Measured(f"{start}.outlets", "个", period.month, "outlets", stated, outlets, scope, NOT_FILLED)
        yield Derived(
            f"{start}.yoy", "%", period.span, "growth", (f"{start}.recovered", f"{start}.recovered_last_year")
        )


#: Materials that are counted; all others are weighed.
_COUNTED_MATERIALS = {"报废机动车": "辆", "报废农机": "台", "废弃电器电子产品": "台"}


def row_name(material: str, unit: str, codes: Codes) -> str:
    """Name a row of recovered material: in its usual unit by its name alone, in any other by the unit too, whichever units occur (FIGURES 24)."""
    plain = codes.plain_units.get(material) or _COUNTED_MATERIALS.get(material, "吨")
    return material if unit == plain else f"{material}-{unit}"


def _support(frame: Frame) -> Iterator[Definition]:
    """Support sought this year by channel: applied for, granted, returned, each counted at its own date."""
    period = frame.period
    for code in (*frame.codes.channels, TOTAL):
        start, own = f"support.{code}", _of("channel", code)
        for name, unit, dated, measure in (
            ("sought", "项", "applied_on", COUNT),
            ("asked", "元", "applied_on", "sum(amount_asked)"),
            ("granted", "元", "granted_on", "sum(amount_granted)"),
            ("refused", "项", "returned_on", COUNT),
        ):
            when: Where = {f"{dated}:month": period.year_to_date}
            yield Measured(f"{start}.{name}", unit, period.span, "support", {**own, **when}, measure, Scope("support-sought"), None if measure == COUNT else NOT_FILLED)


_OF_TASKS = {
    "expected": "区级数据：工作方案的重点任务、保障措施和工作要求", "told": "当月有单位填报进展的任务", "done": "应报单位均填报已完成的任务",
    "behind": "有单位填报滞后的任务", "silent": "对所分任务当月既没有填报进展也没有零报告的应报单位",
}  # fmt: skip


def _tasks(frame: Frame) -> Iterator[Definition]:
    """How the tasks of the work plan stand in the month; worked out beside the plan, for silence is in no row."""
    for name, said_by in _OF_TASKS.items():
        yield Stated(f"tasks.{TOTAL}.{name}", "个" if name == "silent" else "项", frame.period.month, getattr(frame.tasks, name), said_by)


def _others(frame: Frame) -> Iterator[Definition]:
    """Documents and plans, submissions, problems, enterprises, policies, scrapped equipment."""
    period, as_of = frame.period, frame.as_of.isoformat()
    for name in ("total", "issued", "covered", "exempt", "due", "overdue"):
        yield Measured(f"documents.{TOTAL}.{name}", "项", as_of, f"documents_{name}", {}, scope=Scope("documents"))
    yield Stated(f"plans.{TOTAL}.expected", "个", as_of, frame.plans_expected, "区级数据：应出台方案")
    # However many documents fulfil an expected plan, it counts once; what nobody expects fulfils none (FIGURES 6).
    yield Measured(f"plans.{TOTAL}.issued", "个", as_of, "plans", {}, "distinct(expected)")
    yield from _tasks(frame)
    start = f"submissions.{TOTAL}"
    yield Stated(f"{start}.expected", "项", period.month, len(frame.owed), "区级数据：应报清单")
    for name, state in (("confirmed", CONFIRMED), ("nil", NIL)):
        yield Measured(f"{start}.{name}", "项", period.month, "submissions", {"bureau@list": frame.owed, "state": state})
    if frame.due_on is not None:
        yield Measured(f"{start}.late", "项", period.month, "submissions_late", {})
    yield Stated(f"{start}.unconfirmed", "项", period.month, frame.unconfirmed, "应报清单中有数据或填报而未经签发确认的项")
    yield Stated(f"{start}.silent", "项", period.month, frame.silent, "应报清单中没有数据也没有确认的项")
    for name in ("starting", "ending"):
        yield Measured(f"equipment.{TOTAL}.{name}", "个", period.after.month, name, {}, restates=False)
    yield Measured(f"problems.{TOTAL}.open", "项", as_of, "problems", {})
    yield Measured(f"problems.{TOTAL}.overdue", "项", as_of, "problems_overdue", {})
    for code in (*frame.codes.domains, TOTAL):
        scope = _by_domain("enterprises", code)
        yield Measured(f"enterprises.{code}.listed", "户", as_of, "enterprises", _of("domain", code), scope=scope, restates=False)
    when = {"counted_on:month": period.year_to_date, "details_first": _SCRAP_DETAIL}
    for code in (*frame.codes.scrapped, TOTAL):
        select = {**when, **_of("category", code)}
        scope = Scope("scrappage", category="" if code == TOTAL else code)
        yield Measured(f"scrappage.{code}.delivered", "台", period.span, "scrappage", select, "sum(count)", scope)
